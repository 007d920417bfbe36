"""Tails of a statistic against its own past: calibrated on noise, honest where little is known."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from opspilot.analysis import synthetic
from opspilot.analysis.extremes import HISTORY_POINTS, others_surprise, past_surprise
from opspilot.analysis.series import Floats


def rows(*series: pd.Series) -> Floats:
    return np.array([one.to_numpy(dtype=np.float64) for one in series])


def past_of(
    values: Floats, learn: NDArray[np.bool_] | None = None, fewest: int = 30
) -> tuple[Floats, Floats]:
    points = len(values)
    learn = np.ones(points, dtype=np.bool_) if learn is None else learn
    surprise, direction = np.zeros((2, points))
    for at, rare, side in past_surprise(values[None], learn, np.zeros(points), fewest):
        surprise[at], direction[at] = rare[0], side[0]
    return surprise, direction


def surprise_in_past(values: Floats) -> tuple[Floats, Floats]:
    found = [past_of(row) for row in values]
    return np.array([surprise for surprise, _ in found]), np.array([side for _, side in found])


@pytest.mark.parametrize(
    "make",
    [
        synthetic.white,
        synthetic.autocorrelated,
        partial(synthetic.heavy_tailed, df=3.0),
        lambda points, seed: synthetic.durations(points, seed=seed, sigma=0.8),
    ],
)
def test_on_stationary_noise_what_is_called_rare_is_rare(make: Callable[..., pd.Series]) -> None:
    found, _ = surprise_in_past(rows(*(make(5_000, seed=seed) for seed in range(8))))
    judged = found[:, 500:]
    assert 1e-3 < (judged >= -np.log(1e-2)).mean() < 2.5e-2
    assert (judged >= -np.log(1e-3)).mean() < 2.5e-3
    assert (judged >= -np.log(1e-4)).mean() < 5e-4


def test_a_walk_that_leaves_its_past_is_no_great_surprise() -> None:
    found, _ = surprise_in_past(rows(*(synthetic.random_walk(3_000, seed=s) for s in range(10))))
    assert (found >= -np.log(1e-5)).mean() < 1e-3


def test_a_departure_from_a_line_that_never_moved_is_as_rare_as_the_line_is_long() -> None:
    values = np.zeros((1, 400))
    values[0, [100, 399]] = 0.0, 7.0
    found, direction = surprise_in_past(values)
    assert (found[0, :399] == 0).all()
    assert found[0, 399] > 2.0 * np.log(300)
    assert direction[0, 399] > 0


def test_the_second_of_two_equal_peaks_is_less_of_a_surprise() -> None:
    values = rows(synthetic.white(1_000, seed=1))
    values[0, [702, 705]] = 40.0
    found, _ = surprise_in_past(values)
    assert found[0, 705] < found[0, 702] - 2.0


def test_an_episode_is_no_part_of_what_it_is_compared_with() -> None:
    values = rows(synthetic.white(600, seed=2))
    values[0, 300:350] += 9.0
    everything = np.ones(600, dtype=np.bool_)
    found = others_surprise(values, everything, 0.0)
    assert (found[0, 300:350] > np.log(1e3)).all()
    assert np.delete(found[0], np.arange(300, 350)).max() < np.log(1e4)


def test_too_few_points_are_no_surprise() -> None:
    values = rows(synthetic.white(25, seed=3)) * 100.0
    assert (surprise_in_past(values)[0] == 0).all()
    assert (others_surprise(values, np.ones(25, dtype=np.bool_), 0.0) == 0).all()


def test_each_block_is_held_against_the_last_six_thousand_learned_values_and_no_others() -> None:
    points = HISTORY_POINTS + 900
    values = np.round(synthetic.heavy_tailed(points, seed=4).to_numpy(dtype=np.float64), 1)
    learn = np.arange(points) % 5 > 0
    found, _ = past_of(values, learn)
    late = slice(points - 300, points)
    other = values.copy()
    other[: late.start - HISTORY_POINTS - 100] += 50.0
    other[~learn & (np.arange(points) < late.start)] -= 70.0
    again, _ = past_of(other, learn)
    np.testing.assert_array_equal(found[late], again[late])
