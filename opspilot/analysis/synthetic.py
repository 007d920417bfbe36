"""Seeded series of known truth for tests and benchmarks: noises, and what breaks into them.

A seed is always required, so that a figure which depends on one can be made again.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from opspilot.analysis.series import Floats

START = datetime(2026, 11, 1, tzinfo=UTC)
_MINUTES_PER_DAY = 1_440


def white(points: int, *, seed: int) -> pd.Series:
    """Independent standard normal values."""
    return _series(np.random.default_rng(seed).normal(size=points), "white")


def autocorrelated(points: int, *, seed: int, rho: float = 0.8) -> pd.Series:
    """A stationary first-order autoregression of unit variance."""
    noise = np.random.default_rng(seed).normal(size=points)
    values = np.empty(points)
    values[0] = noise[0]
    for at in range(1, points):
        values[at] = rho * values[at - 1] + np.sqrt(1.0 - rho**2) * noise[at]
    return _series(values, "autocorrelated")


def heavy_tailed(points: int, *, seed: int, df: float = 3.0) -> pd.Series:
    """Independent Student values."""
    return _series(np.random.default_rng(seed).standard_t(df, size=points), "heavy_tailed")


def random_walk(points: int, *, seed: int) -> pd.Series:
    """A walk of standard normal steps: it has no level to come back to."""
    return _series(np.cumsum(np.random.default_rng(seed).normal(size=points)), "random_walk")


def counts(points: int, *, seed: int, mean: float, dispersion: float = 0.0) -> pd.Series:
    """Poisson counts; with a dispersion, negative binomial of variance mean + dispersion mean^2."""
    rng = np.random.default_rng(seed)
    if dispersion <= 0:
        return _series(rng.poisson(mean, points).astype(np.float64), "counts")
    size = 1.0 / dispersion
    values = rng.negative_binomial(size, size / (size + mean), points)
    return _series(values.astype(np.float64), "counts")


def durations(points: int, *, seed: int, median: float = 300.0, sigma: float = 0.2) -> pd.Series:
    """Log-normal durations in milliseconds."""
    values = median * np.exp(sigma * np.random.default_rng(seed).normal(size=points))
    return _series(values, "durations")


def daily(points: int, *, seed: int, amplitude: float = 5.0) -> pd.Series:
    """A daily wave under unit noise, one point a minute."""
    wave = amplitude * np.sin(2.0 * np.pi * np.arange(points) / _MINUTES_PER_DAY)
    return _series(wave + np.random.default_rng(seed).normal(size=points), "daily")


def changed(
    series: pd.Series, first: int, last: int, change: Callable[[Floats], Floats]
) -> pd.Series:
    """The series with `change` applied to the points from position `first` to `last` inclusive."""
    values = series.to_numpy(dtype=np.float64, copy=True)
    values[first : last + 1] = change(values[first : last + 1])
    return pd.Series(values, index=series.index, name=series.name)


def _series(values: Floats, name: str) -> pd.Series:
    index = pd.date_range(START, periods=len(values), freq="min")
    return pd.Series(values, index=index, name=name)
