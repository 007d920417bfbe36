"""How rare each value of a statistic is among its own earlier values, refitted as time goes on.

Peaks over threshold (Pickands, Annals of Statistics 3, 1975), streamed as by Siffer et al.,
"Anomaly detection in streams with extreme value theory", KDD 2017: what lies beyond the 80 %
quantile of the past follows a generalized Pareto law, fitted by probability-weighted moments
(Hosking and Wallis, Technometrics 29, 1987). Three cautions keep a figure honest:

* The shape is drawn towards a heavy one by as much as 20 exceedances would weigh, and its evidence
  counts clusters, not points: exceedances that come in one run are one observation.
* It never falls below one over the number of clusters: a random walk that leaves its past is no
  surprise, since it left it once or twice before.
* A departure from a line that never moved has a probability of 1 / (n + 1)^2, not zero.

The fit is renewed at fixed positions, each 15 % further on, so that what a point is told does not
depend on what comes after it, and a long series costs a few dozen fits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opspilot.analysis.series import Bools, Floats

FEWEST_POINTS = 30
HISTORY_POINTS = 4_000

_QUANTILE = 0.8
_GROWTH = 0.15
_SHORTEST_BLOCK = 8
_PRIOR_SHAPE, _PRIOR_WEIGHT = 0.3, 20.0
_LEAST_SHAPE, _MOST_SHAPE = 0.01, 0.6
_TINY = 1e-300


def past_surprise(rows: Floats, learn: Bools, noise: Floats, fewest: int) -> tuple[Floats, Floats]:
    """-ln P(at least this high) and -ln P(at most this low), given the columns before.

    Args:
        rows: (statistics, points), all finite.
        learn: Which points may be learned from.
        noise: Per point: what is no larger is rounding of floating point.
        fewest: Earlier points needed to say anything; before, the surprise is 0.

    Returns:
        Two arrays of the shape of `rows`.
    """
    up, down = np.zeros_like(rows), np.zeros_like(rows)
    for start, end in _blocks(rows.shape[1], fewest):
        first = max(0, start - HISTORY_POINTS)
        past = rows[:, first:start][:, learn[first:start]]
        if past.shape[1] >= fewest:
            now, rounding = rows[:, start:end], float(noise[start - 1])
            ordered = np.sort(past, axis=1)
            up[:, start:end] = _tail(past, ordered, rounding).surprise(now)
            down[:, start:end] = _tail(-past, -ordered[:, ::-1], rounding).surprise(-now)
    return up, down


def _blocks(points: int, fewest: int) -> Iterator[tuple[int, int]]:
    """Consecutive (start, end); each is judged by what stands before its start."""
    start = fewest
    while start < points:
        grown = int(min(start, HISTORY_POINTS) * _GROWTH)
        end = min(points, start + max(_SHORTEST_BLOCK, grown))
        yield start, end
        start = end


@dataclass(frozen=True, slots=True)
class _Tail:
    """The upper tail of each statistic; one value per statistic.

    Attributes:
        threshold: The 80 % quantile; `body` is its distance from the median.
        shape: Of the Pareto law beyond it; `scale` likewise.
        beyond: The surprise of any departure where nothing ever exceeded the threshold, else NaN.
        rounding: Differences up to here are none.
    """

    threshold: Floats
    body: Floats
    shape: Floats
    scale: Floats
    beyond: Floats
    rounding: float

    def surprise(self, now: Floats) -> Floats:
        """-ln P(at least this high); from the threshold down it falls to that of the median."""
        excess = now - self.threshold[:, None]
        pareto = np.log1p(np.maximum(excess, 0.0) / (self.scale / self.shape)[:, None])
        far = pareto / self.shape[:, None] - np.log(1.0 - _QUANTILE)
        far = np.where(np.isnan(self.beyond)[:, None], far, self.beyond[:, None])
        part = np.clip(1.0 + excess / np.maximum(self.body, _TINY)[:, None], 0.0, 1.0)
        inside = np.log(2.0) + part * np.log(0.5 / (1.0 - _QUANTILE))
        inside[self.body <= self.rounding] = 0.0
        return np.where(excess > self.rounding, far, inside)


def _tail(past: Floats, ordered: Floats, rounding: float) -> _Tail:
    known = past.shape[1]
    at = int(_QUANTILE * known)
    threshold = ordered[:, at]
    exceedances = ordered[:, at + 1 :] - threshold[:, None]
    mean = exceedances.mean(axis=1)
    clusters = _clusters(past > threshold[:, None])
    shape = _shape(exceedances, mean, clusters)
    never = ordered[:, -1] - ordered[:, 0] <= rounding
    departure = np.where(never, 2.0, 1.0) * np.log(known + 1.0) + np.log(2.0)
    return _Tail(
        threshold=threshold,
        body=threshold - ordered[:, known // 2],
        shape=shape,
        scale=np.maximum(mean * np.maximum(1.0 - shape, 0.1), _TINY),
        beyond=np.where(mean <= rounding, departure, np.nan),
        rounding=rounding,
    )


def _shape(exceedances: Floats, mean: Floats, clusters: Floats) -> Floats:
    """By probability-weighted moments, drawn to the prior, no lighter than the clusters allow."""
    count = exceedances.shape[1]
    weights = 1.0 - (np.arange(1, count + 1, dtype=np.float64) - 0.35) / count
    spread = mean - 2.0 * (exceedances @ weights) / count
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(spread > 1e-9 * mean, 2.0 - mean / spread, _MOST_SHAPE)
    drawn = (clusters * found + _PRIOR_WEIGHT * _PRIOR_SHAPE) / (clusters + _PRIOR_WEIGHT)
    least = 1.0 / clusters
    return np.clip(drawn, np.maximum(least, _LEAST_SHAPE), np.maximum(least, _MOST_SHAPE))


def _clusters(exceeding: Bools) -> Floats:
    """How many runs of exceedances each statistic had, at least 1."""
    begun = (exceeding[:, 1:] & ~exceeding[:, :-1]).sum(axis=1) + exceeding[:, 0]
    return np.maximum(begun, 1).astype(np.float64)
