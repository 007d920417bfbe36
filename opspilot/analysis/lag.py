"""By how much one series follows another.

The cross-correlation of their deviations over a range of lags, each over the points that both have
(Box and Jenkins, "Time Series Analysis", 1970, chapter 11). Deviations are robust and clipped, so
that one spike in common is no lag. Autocorrelation makes chance correlations: the number of
independent points is reduced by Bartlett's formula (JRSS Supplement 8, 1946), and the best lag must
stand out of all lags tried. The interval holds the lags whose correlation is not significantly
below the best (Fisher's transformation).
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from scipy.special import ndtri

from opspilot.analysis.series import Floats, checked_values
from opspilot.analysis.spread import robust_scale, standardized

_CLIPPED_SIGMA = 6.0
_FEWEST_POINTS = 20
_ERROR_RATE = 0.01
_INTERVAL_SIGMA = 1.96
_DIRECTLY = 2_000


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the second series is behind the first.

    Attributes:
        by: Positive where the second follows the first; `earliest` and `latest` bound it.
        correlation: At that lag, in [-1, 1]; negative where one falls as the other rises.
    """

    by: timedelta
    earliest: timedelta
    latest: timedelta
    correlation: float


def lag_of(first: pd.Series, second: pd.Series, *, most: timedelta) -> Lag | None:
    """By how much `second` follows `first`; None where no lag stands out.

    Args:
        first: Values or deviations from an expectation; NaN is a missing point.
        second: Likewise, on times of its own; both are read on the grid of the coarser one.
        most: Largest lag to try, either way.

    Raises:
        SeriesError: Times unsorted or repeated, or an infinite value; names the series.
    """
    for series in (first, second):
        checked_values(series)
    step = max(_step(first), _step(second), key=lambda found: found.value)
    if min(len(first), len(second)) < _FEWEST_POINTS or not step.value:
        return None
    one, two = _on_grid(first, second, step)
    steps = min(int(most / step), len(one) - _FEWEST_POINTS)
    if steps < 1:
        return None
    found, overlaps = _correlations(one, two, steps)
    return _best(found, overlaps / _memory(one, two), step)


def _step(series: pd.Series) -> pd.Timedelta:
    """The usual distance of the points."""
    if len(series) < 2:
        return pd.Timedelta(0)
    return pd.Timedelta(pd.Series(series.index).diff().median())


def _on_grid(first: pd.Series, second: pd.Series, step: pd.Timedelta) -> tuple[Floats, Floats]:
    """Clipped robust deviations of both, 0 where missing, on one grid of times."""
    origin = min(first.index[0], second.index[0])
    places = [((series.index - origin) // step).to_numpy() for series in (first, second)]
    size = 1 + max(int(place[-1]) for place in places)
    grids: list[Floats] = []
    for series, place in zip((first, second), places, strict=True):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        known = ~np.isnan(values)
        grid = np.full(size, np.nan)
        grid[place[known]] = values[known]
        grids.append(_deviations(grid))
    return grids[0], grids[1]


def _deviations(grid: Floats) -> Floats:
    known = grid[~np.isnan(grid)]
    if not len(known):
        return np.nan_to_num(grid)
    center, scale = np.asarray(np.median(known)), np.asarray(robust_scale(known))
    return np.nan_to_num(
        np.clip(standardized(grid, center, scale), -_CLIPPED_SIGMA, _CLIPPED_SIGMA)
    )


def _correlations(one: Floats, two: Floats, steps: int) -> tuple[Floats, Floats]:
    """Correlation and number of overlapping points for lags from -steps to steps."""
    size = len(one)
    middle = slice(size - 1 - steps, size + steps)

    def summed(left: Floats, right: Floats) -> Floats:
        return _cross_correlated(right, left)[middle]

    ones = np.ones(size)
    count = np.maximum(np.round(summed(ones, ones)), 1.0)
    mean_one, mean_two = summed(one, ones) / count, summed(ones, two) / count
    covariance = summed(one, two) / count - mean_one * mean_two
    variance_one = summed(one**2, ones) / count - mean_one**2
    variance_two = summed(ones, two**2) / count - mean_two**2
    product = np.maximum(variance_one * variance_two, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(product > 1e-12, covariance / np.sqrt(product), 0.0)
    return np.clip(found, -1.0, 1.0), count


def _cross_correlated(one: Floats, two: Floats) -> Floats:
    """The sum of products for every shift of two series of one length, as `np.correlate` has it."""
    if len(one) <= _DIRECTLY:
        return np.asarray(np.correlate(one, two, mode="full"), dtype=np.float64)
    size = 2 * len(one) - 1
    points = 1 << (size - 1).bit_length()
    product = np.fft.rfft(one, points) * np.fft.rfft(two[::-1], points)
    return np.asarray(np.fft.irfft(product, points)[:size], dtype=np.float64)


def _memory(one: Floats, two: Floats) -> float:
    """Points that count as one independent pair."""
    together = max(_rho(one) * _rho(two), 0.0)
    return (1.0 + together) / (1.0 - min(together, 0.99))


def _rho(values: Floats) -> float:
    apart = values - values.mean()
    squares = float((apart**2).sum())
    return float((apart[1:] * apart[:-1]).sum()) / squares if squares > 0 else 0.0


def _best(found: Floats, independent: Floats, step: pd.Timedelta) -> Lag | None:
    steps = len(found) // 2
    at = int(np.argmax(np.abs(found)))
    error = 1.0 / float(np.sqrt(max(independent[at] - 3.0, 1.0)))
    transformed = np.arctanh(np.clip(np.abs(found), 0.0, 1.0 - 1e-9))
    if transformed[at] / error < float(ndtri(1.0 - _ERROR_RATE / (2.0 * len(found)))):
        return None
    same = (np.sign(found) == np.sign(found[at])) & (
        transformed[at] - transformed <= _INTERVAL_SIGMA * error
    )
    breaks = np.flatnonzero(~same)
    lower = int(breaks[breaks < at].max(initial=-1)) + 1
    upper = int(breaks[breaks > at].min(initial=len(found))) - 1
    by, earliest, latest = (
        (step * (place - steps)).to_pytimedelta() for place in (at, lower, upper)
    )
    return Lag(by, earliest, latest, float(found[at]))
