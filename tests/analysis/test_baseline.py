"""The baseline: robust, cleaned of episodes, and aware of how little it knows."""

import numpy as np
import pytest

from opspilot.analysis import synthetic
from opspilot.analysis.baseline import fit_whole, fits_past
from opspilot.analysis.cleaning import without_episodes
from opspilot.analysis.series import Floats
from opspilot.analysis.spread import memory, robust_scale, standardized
from opspilot.analysis.synthetic import changed

ALL = np.ones(240, dtype=np.bool_)


def values(series: object) -> Floats:
    return np.array(series, dtype=np.float64)


def past_of(series: Floats) -> tuple[Floats, Floats]:
    fits = [fit for _, fit in fits_past(series, np.zeros(len(series)), ALL)]
    return np.concatenate([fit.center for fit in fits]), np.concatenate([f.scale for f in fits])


def test_centre_and_scale_of_white_noise_are_found() -> None:
    fit, kept = fit_whole(values(synthetic.white(5_000, seed=1)), np.ones(5_000, dtype=np.bool_))
    assert abs(fit.center[0]) < 0.05
    assert fit.scale[0] == pytest.approx(1.0, abs=0.05)
    assert fit.memory[0] == pytest.approx(1.0, abs=0.1)
    assert kept.mean() > 0.99


def test_a_third_of_wild_points_moves_neither_centre_nor_scale_far() -> None:
    wild = changed(synthetic.white(240, seed=2), 160, 239, lambda old: old + 500.0)
    fit, kept = fit_whole(values(wild), ALL)
    assert abs(fit.center[0]) < 0.3
    assert fit.scale[0] < 1.5
    assert not kept[160:].any()


def test_single_spikes_stay_in_the_baseline() -> None:
    series = values(synthetic.white(240, seed=3))
    series[[20, 90, 150]] = 60.0
    assert without_episodes(series, ALL, 0.0).all()


def test_a_baseline_that_is_mostly_episode_is_left_as_it_is() -> None:
    halves = changed(synthetic.white(240, seed=4), 130, 239, lambda old: old + 60.0)
    assert without_episodes(values(halves), ALL, 0.0).all()


def test_counts_vary_by_poisson_at_least_when_episodes_are_sought() -> None:
    rare = values(synthetic.counts(240, seed=5, mean=0.4))
    assert fit_whole(rare, ALL, poisson=True)[1].mean() > 0.97


def test_points_that_remember_each_other_count_for_fewer() -> None:
    series = values(synthetic.autocorrelated(4_000, seed=6, rho=0.8))
    everywhere = np.ones(4_000, dtype=np.bool_)
    assert memory(series, everywhere, 0.0, 1.0) == pytest.approx(9.0, rel=0.25)


def test_a_random_walk_is_known_to_be_unknown() -> None:
    fit, _ = fit_whole(values(synthetic.random_walk(240, seed=7)), ALL)
    assert fit.memory[0] > 15
    assert fit.up.df[0] < 15
    assert fit.up.exceedances[0] < 1


def test_too_few_points_are_no_baseline() -> None:
    fit, _ = fit_whole(values(synthetic.white(240, seed=8)), np.arange(240) < 7)
    assert np.isnan(fit.center).all()


def test_the_past_of_a_point_ends_before_it() -> None:
    series = values(synthetic.white(240, seed=9))
    spiked = series.copy()
    spiked[200] = 1e6
    (center, scale), (center_after, scale_after) = past_of(series), past_of(spiked)
    np.testing.assert_allclose(center[:201], center_after[:201])
    np.testing.assert_allclose(scale[:201], scale_after[:201])
    assert np.isnan(center[:24]).all()
    assert not np.isnan(center[24:]).any()


def test_the_scale_of_rounded_values_is_no_finer_than_half_their_step() -> None:
    assert robust_scale(np.array([3.0] * 60 + [4.0] * 5)) == 0.5
    assert robust_scale(np.full(60, 3.0)) == 0.0


def test_any_departure_from_a_line_without_noise_is_fifty_sigma() -> None:
    z = standardized(np.array([5.0, 5.0 + 1e-14, 6.0, -900.0]), np.array(5.0), np.array(0.0))
    assert z.tolist() == [0.0, 0.0, 50.0, -50.0]
