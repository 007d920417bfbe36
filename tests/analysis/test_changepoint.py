"""Lasting changes of level: found with honest times, and not in noise, spikes or walks."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest

from opspilot.analysis import SeriesError, change_points, synthetic
from opspilot.analysis.synthetic import changed


@pytest.mark.parametrize("size", [3.0, -6.0, 40.0])
def test_a_step_is_one_change_at_its_time(size: float) -> None:
    series = changed(synthetic.white(400, seed=1), 250, 399, lambda values: values + size)
    (change,) = change_points(series)
    assert abs(series.index.get_loc(change.at) - 250) <= 2
    assert change.earliest <= series.index[250] <= change.latest
    assert change.effect_size == pytest.approx(size, rel=0.25)
    assert change.after - change.before == pytest.approx(size, abs=0.6)


@pytest.mark.parametrize("size", [1e8, 1e11])
def test_a_step_beyond_all_noise_is_one_change_and_hides_none_behind_it(size: float) -> None:
    series = changed(synthetic.white(600, seed=1), 300, 599, lambda values: values + size)
    series = changed(series, 450, 599, lambda values: values + 9.0)
    one, two = change_points(series)
    assert one.earliest == one.at == one.latest == series.index[300]
    assert abs(series.index.get_loc(two.at) - 450) <= 3
    assert two.earliest <= series.index[450] <= two.latest


def test_the_interval_covers_the_true_time_of_faint_steps() -> None:
    covered = found = 0
    for seed in range(60):
        series = changed(synthetic.white(300, seed=seed), 170, 299, lambda values: values + 1.5)
        changes = change_points(series)
        found += len(changes)
        covered += any(c.earliest <= series.index[170] <= c.latest for c in changes)
    assert found >= 55
    assert covered >= 0.9 * found


@pytest.mark.parametrize(
    "make",
    [
        synthetic.white,
        synthetic.autocorrelated,
        synthetic.random_walk,
        synthetic.heavy_tailed,
        partial(synthetic.counts, mean=0.1),
    ],
)
def test_noise_and_walks_rarely_show_a_change(make: Callable[..., pd.Series]) -> None:
    assert sum(len(change_points(make(600, seed=seed))) for seed in range(30)) <= 2


def test_single_spikes_are_no_change() -> None:
    series = synthetic.white(300, seed=2)
    for at in (60, 61, 140, 220):
        series = changed(series, at, at, lambda values: values + 50.0)
    assert change_points(series) == ()


def test_an_episode_is_a_change_there_and_back() -> None:
    series = changed(synthetic.white(400, seed=3), 200, 259, lambda values: values + 8.0)
    there, back = change_points(series)
    assert (there.at, back.at) == (series.index[200], series.index[260])
    assert there.effect_size > 0 > back.effect_size


def test_a_step_of_a_line_without_noise_is_known_exactly() -> None:
    series = changed(synthetic.white(200, seed=4) * 0.0, 90, 199, lambda values: values + 1.0)
    (change,) = change_points(series)
    assert change.at == change.earliest == change.latest == series.index[90]


def test_constant_short_and_missing_series_have_none() -> None:
    series = synthetic.white(200, seed=5)
    assert change_points(series * 0.0) == ()
    assert change_points(series.iloc[:10]) == ()
    assert change_points(series * np.nan) == ()


def test_gaps_do_not_hide_a_change() -> None:
    series = changed(synthetic.white(400, seed=6), 250, 399, lambda values: values + 6.0)
    series.iloc[::3] = np.nan
    assert len(change_points(series)) == 1


def test_an_unusable_series_is_refused_by_name() -> None:
    series = synthetic.white(50, seed=7).rename("Errors of checkout").iloc[::-1]
    with pytest.raises(SeriesError, match="Errors of checkout"):
        change_points(series)
