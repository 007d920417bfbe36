"""How rare each value of a statistic is among its own earlier values, refitted as time goes on.

Peaks over threshold, streamed as by Siffer et al., "Anomaly detection in streams with extreme value
theory", KDD 2017; the law of the tail is in `pareto`. Two cautions keep a figure honest:

* A random walk that leaves its past is no surprise, since it left it once or twice before: so few
  clusters of exceedances show a heavy tail.
* Between two fits, what has been seen since is not ignored: a point no further out than one of them
  is at least as likely as one in all points so far.

The fit is renewed at fixed positions, so that what a point is told does not depend on what comes
after it. The past is kept in order of size: what is new is merged into it, what is old taken out.
"""

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from opspilot.analysis.pareto import QUANTILE, Exceedances, fitted
from opspilot.analysis.series import Bools, Floats

FEWEST_POINTS = 30
HISTORY_POINTS = 6_000

_FOLDS = 10
_GROWTH = 0.1
_SHORTEST_BLOCK, _LONGEST_BLOCK = 8, 100
_JUDGED_TOGETHER = 100
_Block = tuple[int, int]
Singles = npt.NDArray[np.float32]
_FIELDS = fields(Exceedances)


def past_surprise(
    rows: Floats, learn: Bools, noise: Floats | Singles, fewest: int
) -> Iterator[tuple[slice, Floats, Floats]]:
    """-ln p of each value of some statistics given those before, on the side where it is rarer.

    Args:
        rows: (statistics, points), all finite.
        learn: Which points may be learned from.
        noise: Per point: what is no larger is rounding of floating point.
        fewest: Earlier points needed to say anything; points before are left out.

    Yields:
        Some points at a time: which they are, their two-sided surprise, and the surprise upwards
        less that downwards, (statistics, points) each.
    """
    past = _Past(rows, learn)
    for blocks in _together(_blocks(rows.shape[1], fewest)):
        seen: list[Floats] = []
        judged: list[_Block] = []
        for start, end in blocks:
            if past.learned_before(start) >= fewest:
                seen.append(past.exceedances(float(noise[start - 1])))
                judged.append((start, end))
        if judged:
            up, down = np.split(_judged(rows, judged, np.stack(seen, axis=-1)), 2)
            yield slice(judged[0][0], judged[-1][1]), _rarer(up, down), up - down


def _judged(rows: Floats, blocks: list[_Block], seen: Floats) -> Floats:
    """Surprise upwards, then downwards, of consecutive blocks by what was before each.

    Both sides are judged as upper tails, the lower of the mirrored statistic.
    """
    first, last = blocks[0][0], blocks[-1][1]
    now = np.concatenate([rows[:, first:last], -rows[:, first:last]])
    highest = np.full_like(now, -np.inf)
    for start, end in blocks:
        peaks = highest[:, start - first + 1 : end - first]
        np.maximum.accumulate(now[:, start - first : end - first - 1], axis=1, out=peaks)
    block_of = np.repeat(np.arange(len(blocks)), [end - start for start, end in blocks])
    return fitted(Exceedances(*seen)).surprise(now, block_of, highest)


class _Past:
    """What statistics have been: their last 6,000 values, in order of time and of size."""

    def __init__(self, rows: Floats, learn: Bools) -> None:
        self._rows = rows
        self._learn = None if bool(learn.all()) else learn
        statistics, points = rows.shape
        self._room = np.empty((statistics, min(points, HISTORY_POINTS) + _LONGEST_BLOCK))
        self._first = self._end = self._known = 0

    def learned_before(self, end: int) -> int:
        """Move on to the values before this position; how many of them were learned."""
        self._forget(max(0, end - HISTORY_POINTS))
        new = self._learned(self._end, end)
        known = self._known + new.shape[1]
        self._room[:, self._known : known] = new
        # Timsort: what stands in order is merged, not sorted again.
        self._room[:, :known].sort(axis=1, kind="stable")
        self._end, self._known = end, known
        return known

    def exceedances(self, rounding: float) -> Floats:
        """As `_exceedances`."""
        past = self._learned(self._first, self._end)
        return _exceedances(past, self._room[:, : self._known], rounding)

    def _learned(self, first: int, end: int) -> Floats:
        values = self._rows[:, first:end]
        return values if self._learn is None else values[:, self._learn[first:end]]

    def _forget(self, first: int) -> None:
        """Take the values before this position out of the ordered ones."""
        if first <= self._first:
            return
        gone = np.sort(self._learned(self._first, first), axis=1)
        left = self._known - gone.shape[1]
        for old, room in zip(gone, self._room, strict=True):
            ordered = room[: self._known]
            # Of equal values, as many places as there are of them.
            repeats = np.arange(len(old)) - old.searchsorted(old)
            kept = np.ones(self._known, dtype=np.bool_)
            kept[ordered.searchsorted(old) + repeats] = False
            room[:left] = ordered[kept]
        self._first, self._known = first, left


def _exceedances(past: Floats, ordered: Floats, rounding: float) -> Floats:
    """(fields of `Exceedances`, statistics twice): the upper sides, then the mirrored lower ones.

    Args:
        past: (statistics, points) in order of time.
        ordered: The same by size.
        rounding: Differences up to here are none.
    """
    statistics, known = ordered.shape
    at = int(QUANTILE * known)
    high, low = ordered[:, at], ordered[:, known - 1 - at]
    middle = (ordered[:, known // 2] + ordered[:, (known - 1) // 2]) / 2.0
    found = np.empty((len(_FIELDS), 2, statistics))
    found[0] = known
    found[1] = high, -low
    found[2] = high - middle, middle - low
    found[3:5, 0] = _moments(ordered[:, at + 1 :] - high[:, None])
    found[3:5, 1] = _moments(low[:, None] - ordered[:, : known - 1 - at])
    found[5, 0] = _clusters(past > (high + rounding)[:, None])
    found[5, 1] = _clusters(past < (low - rounding)[:, None])
    found[6] = ordered[:, -1] - ordered[:, 0] <= rounding
    found[7] = rounding
    return found.reshape(len(_FIELDS), 2 * statistics)


def _moments(exceedances: Floats) -> tuple[Floats, Floats]:
    """Mean and variance; the exceedances start near 0, so that nothing is lost by the short way."""
    count = exceedances.shape[1]
    mean = np.add.reduce(exceedances, axis=1) / count
    return mean, np.einsum("ij,ij->i", exceedances, exceedances) / count - mean * mean


def _clusters(exceeding: Bools) -> Floats:
    """How many runs of exceedances there were, at least 1."""
    begun = np.count_nonzero(exceeding[:, 1:] > exceeding[:, :-1], axis=1) + exceeding[:, 0]
    return np.maximum(begun, 1).astype(np.float64)


def others_surprise(rows: Floats, learn: Bools, rounding: float) -> Floats:
    """-ln p of each value given all others but its neighbours, on the side where it is rarer.

    A tenth of the points at a time is judged by what is further away than another tenth, so that an
    episode is no part of what it is compared with (cross-validation by blocks: Burman, Chow and
    Nolan, Biometrika 81, 1994).

    Args:
        rows: (statistics, points), all finite.
        learn: Which points may be learned from.
        rounding: What is no larger is rounding of floating point.
    """
    points = rows.shape[1]
    surprise = np.zeros_like(rows)
    margin = -(-points // _FOLDS)
    for start in range(0, points, margin):
        end = min(points, start + margin)
        away = learn.copy()
        away[max(0, start - margin) : end + margin] = False
        if int(away.sum()) >= FEWEST_POINTS:
            surprise[:, start:end] = _against(rows[:, away], rows[:, start:end], rounding)
    return surprise


def _against(others: Floats, now: Floats, rounding: float) -> Floats:
    """Two-sided surprise of statistics by what else is known of them."""
    seen = _exceedances(others, np.sort(others, axis=1), rounding)
    tails = fitted(Exceedances(*seen[:, :, None]))
    all_by_one = np.zeros(now.shape[1], dtype=np.int64)
    return _rarer(*np.split(tails.surprise(np.concatenate([now, -now]), all_by_one), 2))


def _rarer(up: Floats, down: Floats) -> Floats:
    """Two-sided: the rarer side at twice its probability."""
    return np.maximum(np.maximum(up, down) - np.log(2.0), 0.0)


def _blocks(points: int, fewest: int) -> Iterator[_Block]:
    """Consecutive (start, end); each is judged by what stands before its start."""
    start = fewest
    while start < points:
        grown = min(max(int(start * _GROWTH), _SHORTEST_BLOCK), _LONGEST_BLOCK)
        end = min(points, start + grown)
        yield start, end
        start = end


def _together(blocks: Iterator[_Block]) -> Iterator[list[_Block]]:
    """So many blocks that the overhead of a call is small, and so few that their memory is."""
    group: list[_Block] = []
    for block in blocks:
        group.append(block)
        if block[1] - group[0][0] >= _JUDGED_TOGETHER:
            yield group
            group = []
    if group:
        yield group
