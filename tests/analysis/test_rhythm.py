"""A daily rhythm is believed only if it predicts days that it has not seen."""

import numpy as np
import pandas as pd

from opspilot.analysis import synthetic
from opspilot.analysis.foretold import past_profile
from opspilot.analysis.rhythm import rhythm_of

DAY = 1_440


def profile(series: pd.Series, usable: np.ndarray | None = None) -> np.ndarray:
    everything = np.ones(len(series), dtype=np.bool_)
    values = series.to_numpy(dtype=np.float64)
    return rhythm_of(series.index, values, everything if usable is None else usable)


def test_a_wave_that_repeats_is_found_to_within_its_noise() -> None:
    found = profile(synthetic.daily(4 * DAY, seed=1, amplitude=6.0))
    wave = 6.0 * np.sin(2.0 * np.pi * np.arange(4 * DAY) / DAY)
    assert np.abs(found - wave).max() < 1.0


def test_noise_and_walks_have_no_rhythm() -> None:
    for seed in range(20):
        for make in (synthetic.white, synthetic.random_walk, synthetic.autocorrelated):
            found = profile(make(5 * DAY, seed=seed))
            assert (found == 0).all()


def test_fewer_than_three_whole_days_show_no_rhythm() -> None:
    assert (profile(synthetic.daily(2 * DAY + 600, seed=2, amplitude=20.0)) == 0).all()


def test_what_may_not_be_learned_from_does_not_shape_it() -> None:
    series = synthetic.daily(4 * DAY, seed=3, amplitude=6.0)
    usable = np.arange(4 * DAY) < 3 * DAY + 600
    wild = series.where(usable, 1e6)
    np.testing.assert_allclose(profile(series, usable), profile(wild, usable))


def test_gaps_do_not_hide_it() -> None:
    series = synthetic.daily(4 * DAY, seed=4, amplitude=6.0)
    series.iloc[::7] = np.nan
    assert np.ptp(profile(series)) > 10.0


def test_an_index_without_times_has_no_rhythm() -> None:
    series = synthetic.daily(4 * DAY, seed=5).reset_index(drop=True)
    assert (profile(series) == 0).all()


def test_a_weekly_rhythm_is_found_from_three_weeks_on() -> None:
    hours = np.arange(24 * 28)
    weekend = np.where((hours // 24) % 7 >= 5, -10.0, 0.0)
    noise = synthetic.white(len(hours), seed=6).to_numpy()
    index = pd.date_range("2026-11-02", periods=len(hours), freq="h", tz="UTC")
    series = pd.Series(4.0 * np.sin(2.0 * np.pi * hours / 24.0) + weekend + noise, index=index)
    found = profile(series)
    assert np.abs(found[weekend < 0].mean() - found[weekend == 0].mean()) > 8.0
    assert profile(series.iloc[: 24 * 13])[weekend[: 24 * 13] < 0].mean() > -2.0


def test_the_past_foretells_a_day_from_the_fourth_on_and_a_weekend_from_the_third_week_on() -> None:
    hours = np.arange(24 * 35)
    weekend = np.where((hours // 24) % 7 >= 5, -10.0, 0.0)
    values = 4.0 * np.sin(2.0 * np.pi * hours / 24.0) + weekend
    values = values + 0.3 * synthetic.white(len(hours), seed=7).to_numpy()
    index = pd.date_range("2026-11-02", periods=len(hours), freq="h", tz="UTC")
    foretold, deviation = past_profile(index, values, np.ones(len(hours), dtype=np.bool_))
    assert np.isnan(foretold[: 24 * 3]).all()
    assert (deviation[: 24 * 3] == 0).all()
    assert np.abs(values - foretold)[24 * 4 : 24 * 5].max() < 2.0
    assert np.abs(values - foretold)[24 * 28 :].max() < 2.0


def test_the_past_foretells_nothing_of_walks() -> None:
    silent = []
    for seed in range(10):
        walk = synthetic.random_walk(8 * DAY, seed=seed).iloc[::10]
        everything = np.ones(len(walk), dtype=np.bool_)
        foretold, _ = past_profile(walk.index, walk.to_numpy(dtype=np.float64), everything)
        silent.append(np.isnan(foretold).mean())
    assert np.mean(silent) > 0.85
