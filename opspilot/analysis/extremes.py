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

import numpy as np

from opspilot.analysis.pareto import QUANTILE, Exceedances, fitted
from opspilot.analysis.series import Bools, Floats

FEWEST_POINTS = 30
HISTORY_POINTS = 6_000

_FOLDS = 10
_GROWTH = 0.1
_SHORTEST_BLOCK, _LONGEST_BLOCK = 8, 100
_JUDGED_TOGETHER = 200
_Block = tuple[int, int]


def past_surprise(
    values: Floats, learn: Bools, noise: Floats, fewest: int
) -> Iterator[tuple[slice, Floats, Floats]]:
    """-ln p of each value of a statistic given those before, on the side where it is rarer.

    Args:
        values: Of the statistic, all finite.
        learn: Which points may be learned from.
        noise: Per point: what is no larger is rounding of floating point.
        fewest: Earlier points needed to say anything; points before are left out.

    Yields:
        Some points at a time: which they are, their two-sided surprise, and the surprise upwards
        less that downwards.
    """
    past = _Past(values, learn)
    for blocks in _together(_blocks(len(values), fewest)):
        seen: list[float] = []
        judged: list[_Block] = []
        for start, end in blocks:
            if past.learned_before(start) >= fewest:
                seen += past.exceedances(float(noise[start - 1]))
                judged.append((start, end))
        if judged:
            up, down = _judged(values, judged, seen)
            yield slice(judged[0][0], judged[-1][1]), _rarer(up, down), up - down


def _judged(values: Floats, blocks: list[_Block], seen: list[float]) -> Floats:
    """Surprise upwards and downwards, (2, points), of consecutive blocks by what was before each.

    Both sides are judged as upper tails, the lower of the mirrored statistic.
    """
    first, last = blocks[0][0], blocks[-1][1]
    now = np.empty((2, last - first))
    now[0] = values[first:last]
    np.negative(now[0], out=now[1])
    highest = np.full_like(now, -np.inf)
    for start, end in blocks:
        peaks = highest[:, start - first + 1 : end - first]
        np.maximum.accumulate(now[:, start - first : end - first - 1], axis=1, out=peaks)
    block_of = np.repeat(np.arange(len(blocks)), [end - start for start, end in blocks])
    tails = fitted(Exceedances(*_fields(seen, len(blocks))))
    return tails.surprise(now, block_of, highest)


class _Past:
    """What a statistic has been: its last 6,000 values, in order of time and of size."""

    def __init__(self, values: Floats, learn: Bools) -> None:
        self._values = values
        self._learn = None if bool(learn.all()) else learn
        self._room = np.empty(min(len(values), HISTORY_POINTS) + _LONGEST_BLOCK)
        self._first = self._end = self._known = 0

    def learned_before(self, end: int) -> int:
        """Move on to the values before this position; how many of them were learned."""
        self._forget(max(0, end - HISTORY_POINTS))
        new = self._learned(self._end, end)
        known = self._known + len(new)
        self._room[self._known : known] = new
        # Timsort: what stands in order is merged, not sorted again.
        self._room[:known].sort(kind="stable")
        self._end, self._known = end, known
        return known

    def exceedances(self, rounding: float) -> list[float]:
        """As `_exceedances`."""
        past = self._learned(self._first, self._end)
        return _exceedances(past, self._room[: self._known], rounding)

    def _learned(self, first: int, end: int) -> Floats:
        values = self._values[first:end]
        return values if self._learn is None else values[self._learn[first:end]]

    def _forget(self, first: int) -> None:
        """Take the values before this position out of the ordered ones."""
        if first > self._first:
            old = np.sort(self._learned(self._first, first))
            self._first = first
            ordered = self._room[: self._known]
            # Of equal values, as many places as there are of them.
            repeats = np.arange(len(old)) - old.searchsorted(old)
            kept = np.ones(self._known, dtype=np.bool_)
            kept[ordered.searchsorted(old) + repeats] = False
            self._known -= len(old)
            self._room[: self._known] = ordered[kept]


def _exceedances(past: Floats, ordered: Floats, rounding: float) -> list[float]:
    """The fields of `Exceedances` of the upper side, then of the mirrored lower side.

    Args:
        past: In order of time.
        ordered: The same by size.
        rounding: Differences up to here are none.
    """
    known = len(ordered)
    at = int(QUANTILE * known)
    high, low = float(ordered[at]), float(ordered[known - 1 - at])
    middle = float(ordered[known // 2] + ordered[(known - 1) // 2]) / 2.0
    still = float(ordered[-1] - ordered[0] <= rounding)
    above = _moments(ordered[at + 1 :] - high)
    below = _moments(low - ordered[: known - 1 - at])
    up, down = _clusters(past > high + rounding), _clusters(past < low - rounding)
    return [
        *(float(known), high, high - middle, *above, up, still, rounding),
        *(float(known), -low, middle - low, *below, down, still, rounding),
    ]


def _fields(seen: list[float], times: int) -> Floats:
    """(fields, sides, times) of what `_exceedances` listed so many times."""
    return np.array(seen).reshape(times, 2, -1).transpose(2, 1, 0)


def _moments(exceedances: Floats) -> tuple[float, float]:
    """Mean and variance; the exceedances start near 0, so that nothing is lost by the short way."""
    mean = float(np.add.reduce(exceedances)) / len(exceedances)
    return mean, float(exceedances.dot(exceedances)) / len(exceedances) - mean * mean


def _clusters(exceeding: Bools) -> float:
    """How many runs of exceedances there were, at least 1."""
    begun = int(np.count_nonzero(exceeding[1:] > exceeding[:-1])) + int(exceeding[0])
    return float(max(begun, 1))


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
    listed: list[float] = []
    for row in others:
        listed += _exceedances(row, np.sort(row), rounding)
    fields = _fields(listed, len(others))
    tails = fitted(Exceedances(*fields.reshape(len(fields), -1, 1)))
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
