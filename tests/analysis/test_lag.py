"""The lag of one series behind another: found where there is one, and not among strangers."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from opspilot.analysis import SeriesError, lag_of, synthetic
from opspilot.analysis.synthetic import changed

MINUTE = timedelta(minutes=1)


def follower(series: pd.Series, points: int, seed: int, sign: float = 1.0) -> pd.Series:
    noise = synthetic.white(len(series), seed=seed)
    return sign * series.shift(points).fillna(0.0) + 0.5 * noise


@pytest.mark.parametrize("points", [0, 3, 11, -7])
def test_the_lag_of_a_noisy_copy_is_found(points: int) -> None:
    series = synthetic.white(400, seed=1)
    found = lag_of(series, follower(series, points, 2), most=20 * MINUTE)
    assert found is not None
    assert found.by == points * MINUTE
    assert found.earliest <= found.by <= found.latest
    assert found.correlation > 0.7


def test_what_falls_as_the_other_rises_has_a_negative_correlation() -> None:
    series = synthetic.white(400, seed=3)
    found = lag_of(series, follower(series, 4, 4, sign=-1.0), most=20 * MINUTE)
    assert found is not None
    assert found.by == 4 * MINUTE
    assert found.correlation < -0.7


def test_smooth_series_leave_a_wider_interval() -> None:
    rough = synthetic.white(400, seed=5)
    smooth = rough.rolling(12, min_periods=1).mean()
    width = {}
    for name, series in (("rough", rough), ("smooth", smooth)):
        found = lag_of(series, follower(series, 5, 6), most=20 * MINUTE)
        assert found is not None
        assert found.earliest <= 5 * MINUTE <= found.latest
        width[name] = found.latest - found.earliest
    assert width["smooth"] > width["rough"]


def test_strangers_have_no_lag() -> None:
    for make in (synthetic.white, synthetic.autocorrelated):
        found = [
            lag_of(make(300, seed=seed), make(300, seed=seed + 500), most=20 * MINUTE)
            for seed in range(40)
        ]
        assert sum(lag is not None for lag in found) <= 2


def test_one_spike_in_common_is_no_lag() -> None:
    one, two = (
        changed(synthetic.white(300, seed=seed), 150, 150, lambda values: values + 500.0)
        for seed in (7, 8)
    )
    assert lag_of(one, two, most=20 * MINUTE) is None


def test_an_episode_in_both_shows_which_came_first() -> None:
    one = changed(synthetic.white(240, seed=9), 150, 180, lambda values: values + 8.0)
    two = changed(synthetic.white(240, seed=10), 154, 184, lambda values: values + 8.0)
    found = lag_of(one, two, most=30 * MINUTE)
    assert found is not None
    assert found.earliest <= 4 * MINUTE <= found.latest
    assert found.by > timedelta(0)


def test_too_short_or_constant_series_have_none() -> None:
    series = synthetic.white(200, seed=11)
    assert lag_of(series.iloc[:10], series, most=5 * MINUTE) is None
    assert lag_of(series * 0.0, series, most=5 * MINUTE) is None
    assert lag_of(series * np.nan, series, most=5 * MINUTE) is None


def test_an_unusable_series_is_refused_by_name() -> None:
    series = synthetic.white(50, seed=12)
    with pytest.raises(SeriesError, match="Errors of checkout"):
        lag_of(series, series.rename("Errors of checkout").iloc[::-1], most=5 * MINUTE)
