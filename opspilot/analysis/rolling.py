"""Quantiles, mean, variance and autocorrelation of the points before every few points.

The window is kept in order of size: the next point is inserted and the oldest taken out by
bisection, so that all quantiles are read off at once. The moments are differences of sums that
begin anew every so many points, of values less the median of that time, so that little is lost to
rounding and nothing of it stays.
"""

from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from operator import itemgetter

import numpy as np

from opspilot.analysis.series import Bools, Floats

_TOGETHER = 256
_Reader = Callable[[list[float]], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Past:
    """Of the window before some points; NaN where fewer than asked for are known.

    Attributes:
        points: Whose past it is: a slice of the series, with its step.
        known: How many points of the window are known.
        quantiles: (probabilities, points), in the order asked for.
        mean: Mean, and `variance` (n - 1).
        rho: Correlation of known neighbours.
    """

    points: slice
    known: Floats
    quantiles: Floats
    mean: Floats
    variance: Floats
    rho: Floats


def pasts(
    points: int,
    read: Callable[[int, int], Floats],
    window: int,
    fewest: int,
    probabilities: tuple[float, ...],
    every: int = 1,
) -> Iterator[Past]:
    """The past of all points, or of one in so many, some of them at a time.

    Args:
        points: Of the series.
        read: A copy of its values from one position to another, NaN where missing or not to be
            learned from.
        window: Points that it covers at most.
        fewest: Known points needed to say anything, 2 or more.
        probabilities: Of the quantiles, between 0 and 1.
        every: Distance of the points whose past is asked for, a part of 256.
    """
    ordered: list[float] = []
    readers = _readers(window, fewest, probabilities)
    nothing = (np.nan,) * (2 * len(probabilities) + 2)
    for first in range(0, points, _TOGETHER):
        part = slice(first, min(first + _TOGETHER, points), every)
        near = _padded(read, first - window - 1, part.stop - 1)
        middle = ordered[len(ordered) // 2] if ordered else _first_known(near)
        counts: list[int] = []
        listed = array("d")
        moved = zip(near[window:].tolist(), near[:-window].tolist(), strict=True)
        for place, (coming, going) in enumerate(moved):
            # What is not equal to itself is NaN.
            if coming == coming:
                insort(ordered, coming)
            if going == going:
                del ordered[bisect_left(ordered, going)]
            if place % every == 0:
                counts.append(len(ordered))
                listed.extend(readers[counts[-1]](ordered) if counts[-1] >= fewest else nothing)
        table = np.frombuffer(listed).reshape(len(counts), -1).T
        known = np.array(counts, dtype=np.float64)
        still, quantiles = table[0] == table[1], _quantiles(table, known, probabilities)
        del listed, table
        near -= middle
        # A power of two takes no digits, and products of very large numbers stay finite.
        exponent = int(np.frexp(np.nanmax(np.abs(near), initial=0.0))[1])
        np.ldexp(near, -exponent, out=near)
        mean, variance = _moments(near, window, known, every)
        yield Past(
            points=part,
            known=known,
            quantiles=quantiles,
            mean=np.where(known >= fewest, np.ldexp(mean, exponent) + middle, np.nan),
            variance=np.where(
                known >= fewest, np.where(still, 0.0, np.ldexp(variance, 2 * exponent)), np.nan
            ),
            rho=np.where(still, np.nan, _correlation(near, window, fewest, every)),
        )


def _padded(read: Callable[[int, int], Floats], first: int, last: int) -> Floats:
    """These values; before the first of all, NaN."""
    if first >= 0:
        return read(first, last)
    return np.concatenate([np.full(min(-first, last - first), np.nan), read(0, max(0, last))])


def _first_known(values: Floats) -> float:
    known = np.flatnonzero(~np.isnan(values))
    return float(values[known[0]]) if len(known) else 0.0


@cache
def _readers(window: int, fewest: int, probabilities: tuple[float, ...]) -> list[_Reader]:
    """By number of known points: what reads the ends, and the values around each quantile."""
    found: list[_Reader] = []
    for count in range(window + 1):
        last = max(count, fewest) - 1
        below = [int(probability * last) for probability in probabilities]
        found.append(itemgetter(0, last, *below, *(place + 1 for place in below)))
    return found


def _quantiles(table: Floats, known: Floats, probabilities: tuple[float, ...]) -> Floats:
    """Between the two values around each."""
    below, above = np.split(table[2:], 2)
    place = np.multiply.outer(np.array(probabilities), known - 1.0)
    place -= np.floor(place)
    place *= above - below
    place += below
    return place


def _moments(near: Floats, window: int, known: Floats, every: int) -> tuple[Floats, Floats]:
    """Mean and variance of the window before the points asked for.

    Args:
        near: The values from one before the first window on.
        window: Its points.
        known: Points of each window that are not NaN.
        every: Distance of the points asked for.
    """
    values = np.nan_to_num(near)
    total = _sums(values, window, every)
    values *= values
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / known
        return mean, np.maximum(_sums(values, window, every) - total * mean, 0.0) / (known - 1.0)


def _correlation(near: Floats, window: int, fewest: int, every: int) -> Floats:
    """Of each value and the one before it, where both are known; NaN for fewer such pairs."""
    both = ~np.isnan(near)
    both[1:] &= both[:-1]
    both[0] = False
    now = np.where(both, near, 0.0)
    before = np.where(both, np.roll(near, 1), 0.0)
    pairs, sum_now, sum_before = (_sums(terms, window, every) for terms in (both, now, before))
    together = pairs * _sums(now * before, window, every) - sum_now * sum_before
    now *= now
    before *= before
    apart = pairs * _sums(now, window, every) - sum_now**2
    apart *= pairs * _sums(before, window, every) - sum_before**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((pairs >= fewest) & (apart > 0), together / np.sqrt(apart), np.nan)


def _sums(terms: Floats | Bools, window: int, every: int) -> Floats:
    """Over the window before the points asked for."""
    total = np.cumsum(terms, dtype=np.float64)
    return total[window::every] - total[:-window:every]
