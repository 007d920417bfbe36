"""A daily rhythm is believed only if it predicts days that it has not seen."""

import numpy as np
import pandas as pd

from opspilot.analysis import synthetic
from opspilot.analysis.rhythm import daily_profile

DAY = 1_440


def profile(series: pd.Series, usable: np.ndarray | None = None) -> np.ndarray:
    everything = np.ones(len(series), dtype=np.bool_)
    values = series.to_numpy(dtype=np.float64)
    return daily_profile(series.index, values, everything if usable is None else usable)


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
