"""How rare each value of a statistic is among its own earlier values, refitted as time goes on.

Peaks over threshold (Pickands, Annals of Statistics 3, 1975), streamed as by Siffer et al.,
"Anomaly detection in streams with extreme value theory", KDD 2017: what lies beyond the 80 %
quantile of the past follows a generalized Pareto law, fitted by its moments (Hosking and Wallis,
Technometrics 29, 1987). Three cautions keep a figure honest:

* The shape never falls below one over the number of clusters of exceedances: those that come in one
  run are one observation, and a random walk that leaves its past is no surprise, since it left it
  once or twice before.
* Between two fits, what has been seen since is not ignored: a point no further out than one of them
  is at least as likely as one in all points so far.
* A departure from a line that never moved has a probability of 1 / (n + 1)^2, not zero.

The fit is renewed at fixed positions, so that what a point is told does not depend on what comes
after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opspilot.analysis.series import Bools, Floats

FEWEST_POINTS = 30
HISTORY_POINTS = 6_000

_FOLDS = 10
_QUANTILE = 0.8
_GROWTH = 0.1
_SHORTEST_BLOCK, _LONGEST_BLOCK = 8, 100
_LEAST_SHAPE, _MOST_SHAPE = 0.01, 0.45
_TINY = 1e-300


def past_surprise(rows: Floats, learn: Bools, noise: Floats, fewest: int) -> tuple[Floats, Floats]:
    """-ln p of each value given the columns before, on the side where it is rarer.

    Args:
        rows: (statistics, points), all finite.
        learn: Which points may be learned from.
        noise: Per point: what is no larger is rounding of floating point.
        fewest: Earlier points needed to say anything; before, the surprise is 0.

    Returns:
        The two-sided surprise in the shape of `rows`; and per point the sum over the statistics of
        the surprise upwards less that downwards.
    """
    surprise, direction = np.zeros_like(rows), np.zeros(rows.shape[1])
    everything = bool(learn.all())
    for start, end in _blocks(rows.shape[1], fewest):
        first = max(0, start - HISTORY_POINTS)
        past = rows[:, first:start]
        past = past if everything else past[:, learn[first:start]]
        if past.shape[1] >= fewest:
            up, down = _sides(past, rows[:, start:end], float(noise[start - 1]), in_turn=True)
            direction[start:end] = (up - down).sum(axis=0)
            surprise[:, start:end] = _rarer(up, down)
    return surprise, direction


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
            sides = _sides(rows[:, away], rows[:, start:end], rounding, in_turn=False)
            surprise[:, start:end] = _rarer(*sides)
    return surprise


def _sides(past: Floats, now: Floats, rounding: float, *, in_turn: bool) -> tuple[Floats, Floats]:
    ordered = np.sort(past, axis=1)
    up = _upper(past, ordered, rounding).surprise(now, in_turn=in_turn)
    return up, _lower(past, ordered, rounding).surprise(-now, in_turn=in_turn)


def _rarer(up: Floats, down: Floats) -> Floats:
    """Two-sided: the rarer side at twice its probability."""
    return np.maximum(np.maximum(up, down) - np.log(2.0), 0.0)


def _blocks(points: int, fewest: int) -> Iterator[tuple[int, int]]:
    """Consecutive (start, end); each is judged by what stands before its start."""
    start = fewest
    while start < points:
        grown = int(np.clip(start * _GROWTH, _SHORTEST_BLOCK, _LONGEST_BLOCK))
        end = min(points, start + grown)
        yield start, end
        start = end


@dataclass(frozen=True, slots=True)
class _Tail:
    """The upper tail of each statistic; one value per statistic.

    Attributes:
        known: Points that it was learned from.
        threshold: The 80 % quantile; `body` is its distance from the median.
        shape: Of the Pareto law beyond it; `scale` likewise.
        beyond: The surprise of any departure where nothing ever exceeded the threshold, else NaN.
        rounding: Differences up to here are none.
    """

    known: int
    threshold: Floats
    body: Floats
    shape: Floats
    scale: Floats
    beyond: Floats
    rounding: float

    def surprise(self, now: Floats, *, in_turn: bool) -> Floats:
        """-ln P(at least this high); from the threshold down it falls to that of the median.

        Args:
            now: (statistics, points).
            in_turn: The points come one after another, and each counts for those after it.
        """
        excess = now - self.threshold[:, None]
        pareto = np.log1p(np.maximum(excess, 0.0) * (self.shape / self.scale)[:, None])
        far = pareto / self.shape[:, None] - np.log(1.0 - _QUANTILE)
        far = np.where(np.isnan(self.beyond)[:, None], far, self.beyond[:, None])
        if in_turn:
            reached = np.maximum.accumulate(excess, axis=1)[:, :-1] >= excess[:, 1:] - self.rounding
            seen = np.minimum(far[:, 1:], np.log(self.known + 1.0))
            far[:, 1:] = np.where(reached, seen, far[:, 1:])
        part = np.clip(1.0 + excess / np.maximum(self.body, _TINY)[:, None], 0.0, 1.0)
        inside = np.log(2.0) + part * np.log(0.5 / (1.0 - _QUANTILE))
        inside[self.body <= self.rounding] = 0.0
        return np.where(excess > self.rounding, far, inside)


def _upper(past: Floats, ordered: Floats, rounding: float) -> _Tail:
    known = past.shape[1]
    at = int(_QUANTILE * known)
    threshold = ordered[:, at]
    exceedances = ordered[:, at + 1 :] - threshold[:, None]
    clusters = _clusters(past > threshold[:, None] + rounding)
    body = threshold - ordered[:, known // 2]
    return _tail(exceedances, clusters, (threshold, body), known, _is_still(ordered, rounding))


def _lower(past: Floats, ordered: Floats, rounding: float) -> _Tail:
    """The same of the mirrored statistics."""
    known = past.shape[1]
    at = known - 1 - int(_QUANTILE * known)
    threshold = ordered[:, at]
    exceedances = threshold[:, None] - ordered[:, :at]
    clusters = _clusters(past < threshold[:, None] - rounding)
    body = ordered[:, known // 2] - threshold
    return _tail(exceedances, clusters, (-threshold, body), known, _is_still(ordered, rounding))


def _is_still(ordered: Floats, rounding: float) -> tuple[Bools, float]:
    return ordered[:, -1] - ordered[:, 0] <= rounding, rounding


def _tail(
    exceedances: Floats,
    clusters: Floats,
    place: tuple[Floats, Floats],
    known: int,
    still: tuple[Bools, float],
) -> _Tail:
    never, rounding = still
    mean, variance = exceedances.mean(axis=1), exceedances.var(axis=1)
    moments = 0.5 * (1.0 - mean**2 / np.maximum(variance, _TINY))
    least = 1.0 / clusters
    shape = np.clip(moments, np.maximum(least, _LEAST_SHAPE), np.maximum(least, _MOST_SHAPE))
    departure = np.where(never, 2.0, 1.0) * np.log(known + 1.0) + np.log(2.0)
    return _Tail(
        known=known,
        threshold=place[0],
        body=place[1],
        shape=shape,
        scale=np.maximum(mean * np.maximum(1.0 - shape, 0.1), _TINY),
        beyond=np.where(mean <= rounding, departure, np.nan),
        rounding=rounding,
    )


def _clusters(exceeding: Bools) -> Floats:
    """How many runs of exceedances each statistic had, at least 1."""
    begun = (exceeding[:, 1:] & ~exceeding[:, :-1]).sum(axis=1) + exceeding[:, 0]
    return np.maximum(begun, 1).astype(np.float64)
