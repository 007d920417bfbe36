"""The onset of an episode: the first clear point, with an honest half-width."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from opspilot.analysis import detect_anomalies, onset_of, synthetic
from opspilot.analysis.synthetic import changed

PERIOD = timedelta(minutes=1)


def found(series: pd.Series, first: int) -> tuple[pd.Timestamp, timedelta]:
    window = ((series.index[first - 20], series.index[-1] + PERIOD),)
    report = detect_anomalies(series, exclude=window)
    strongest = max(report.alerts, key=lambda alert: alert.score)
    onset = onset_of(strongest, report.sigma, PERIOD)
    return onset.at, onset.uncertainty


@pytest.mark.parametrize("size", [8.0, 12.0, 40.0])
def test_the_onset_of_a_step_is_its_first_point_to_within_one_period(size: float) -> None:
    for seed in range(30):
        series = changed(synthetic.white(240, seed=seed), 210, 239, lambda values: values + size)
        onset, uncertainty = found(series, 210)
        assert onset == series.index[210]
        assert uncertainty == PERIOD


def test_the_half_width_covers_the_true_onset_of_faint_steps() -> None:
    covered = 0
    for seed in range(60):
        series = changed(synthetic.white(240, seed=seed), 205, 239, lambda values: values + 3.5)
        onset, uncertainty = found(series, 205)
        covered += abs(onset - series.index[205]) <= uncertainty
    assert covered >= 54


def test_a_mildly_rare_point_just_before_does_not_move_the_onset() -> None:
    series = changed(synthetic.white(240, seed=3), 210, 239, lambda values: values + 40.0)
    series = changed(series, 208, 208, lambda values: values * 0.0 + 4.5)
    onset, _ = found(series, 210)
    assert onset == series.index[210]


def test_a_rare_point_a_few_periods_before_does_not_move_it_either() -> None:
    series = changed(synthetic.white(240, seed=3), 210, 239, lambda values: values + 12.0)
    series = changed(series, 206, 206, lambda values: values * 0.0 + 5.0)
    onset, _ = found(series, 210)
    assert onset == series.index[210]


def test_a_ramp_has_a_wider_half_width_than_a_step() -> None:
    quiet = synthetic.white(240, seed=4)
    ramp = changed(quiet, 200, 239, lambda values: values + np.linspace(0, 15, 40))
    step = changed(quiet, 200, 239, lambda values: values + 15.0)
    assert found(ramp, 200)[1] > found(step, 200)[1]


def test_an_episode_of_one_point_is_known_to_one_period() -> None:
    series = changed(synthetic.white(240, seed=5), 220, 220, lambda values: values + 50.0)
    assert found(series, 220) == (series.index[220], PERIOD)
