"""When a series changed its level for good, and how surely the time is known.

Optimal segmentation of the mean under a penalty per change, searched exactly with pruning (PELT:
Killick, Fearnhead and Eckley, "Optimal detection of changepoints with a linear computational cost",
JASA 107, 2012). The noise is measured robustly on first differences, so that the changes themselves
do not inflate it, and the penalty grows with its memory: an autocorrelated series drifts without
having changed (Lavielle and Moulines, Journal of Time Series Analysis 21, 2000). The uncertainty of
a time is the set of positions whose profile log-likelihood is within 1.92 of the best (Hinkley,
Biometrika 57, 1970).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opspilot.analysis.series import Bools, Floats, checked_values
from opspilot.analysis.spread import inflation, robust_scale

_SHORTEST = 5
_PENALTY = 4.0
_LIKELIHOOD_DROP = 1.92
_OUTLIER_SIGMA = 4.0
_CAUTION_SIGMA = 3.0
_FEWEST_POINTS = 4 * _SHORTEST


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A lasting change of level.

    Attributes:
        at: First time on the new level; `earliest` and `latest` bound it with 95 % confidence.
        before: Median of the segment before, in the unit of the series; `after` likewise.
        effect_size: The step in standard deviations of the noise, signed.
    """

    at: pd.Timestamp
    earliest: pd.Timestamp
    latest: pd.Timestamp
    before: float
    after: float
    effect_size: float


def change_points(series: pd.Series) -> tuple[ChangePoint, ...]:
    """The lasting changes of level of a series, in order of time.

    Single spikes are no change, nor is the drift of a random walk. Levels last five points at
    least. Missing points are left out.

    Raises:
        SeriesError: Times unsorted or repeated, or an infinite value; names the series.
    """
    values = checked_values(series)
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < _FEWEST_POINTS:
        return ()
    seen = values[known]
    sigma, memory = _noise(seen)
    if sigma <= 0 or np.isinf(memory):
        return ()
    tamed = _without_spikes(seen, sigma)
    apart = (tamed - np.median(tamed)) / sigma
    penalty = _PENALTY * memory * float(np.log(len(seen)))
    cuts = _worth_it(apart, _segments(apart, penalty), penalty)
    bounds = [0, *cuts, len(seen)]
    times = series.index[known]
    return tuple(
        _change(seen, apart, times, (first, cut, end), memory, sigma)
        for first, cut, end in zip(bounds, bounds[1:], bounds[2:], strict=False)
    )


def _noise(values: Floats) -> tuple[float, float]:
    """Standard deviation around the level, and how many points count as one; inf for a walk.

    For a first-order autoregression the variance of differences over two points is 1 + rho times
    that over one, whatever the level does in between. The upper end of what that leaves open is
    taken. Where most neighbours are equal there is nothing to remember.
    """
    one, two = np.diff(values), values[2:] - values[:-2]
    near = robust_scale(one)
    if near <= 0:
        return 0.0, 1.0
    if float(np.median(np.abs(one))) == 0.0:
        return near / float(np.sqrt(2.0)), 1.0
    squares = [
        float(np.mean(np.clip(apart / near, -_OUTLIER_SIGMA, _OUTLIER_SIGMA) ** 2))
        for apart in (one, two)
    ]
    rho = squares[1] / squares[0] - 1.0 + _CAUTION_SIGMA / float(np.sqrt(len(values)))
    if rho >= 1.0:
        return near, np.inf
    bounded = np.asarray(max(rho, 0.0))
    return near / float(np.sqrt(2.0 * (1.0 - bounded))), float(inflation(bounded))


def _without_spikes(values: Floats, sigma: float) -> Floats:
    """Values no further than four sigma from the median of the five around them."""
    around = pd.Series(values).rolling(_SHORTEST, center=True, min_periods=1).median().to_numpy()
    return np.clip(values, around - _OUTLIER_SIGMA * sigma, around + _OUTLIER_SIGMA * sigma)


def _segments(values: Floats, penalty: float) -> list[int]:
    """First positions of all segments but the first, by PELT with squared error."""
    size = len(values)
    total = np.concatenate([[0.0], np.cumsum(values)])
    best = np.full(size + 1, np.inf)
    best[0] = -penalty
    came_from = np.zeros(size + 1, dtype=np.int64)
    # Costs leave out the sum of squares, which all segmentations share.
    candidates = np.array([0], dtype=np.int64)
    for end in range(_SHORTEST, size + 1):
        gain = (total[end] - total[candidates]) ** 2 / (end - candidates)
        costs = best[candidates] - gain
        chosen = int(np.argmin(costs))
        best[end], came_from[end] = costs[chosen] + penalty, candidates[chosen]
        alive = costs <= best[end]
        candidates = np.append(candidates[alive], end - _SHORTEST + 1)
    cuts: list[int] = []
    at = int(came_from[size])
    while at > 0:
        cuts.append(at)
        at = int(came_from[at])
    return cuts[::-1]


def _worth_it(values: Floats, cuts: list[int], penalty: float) -> list[int]:
    """The cuts that pay for themselves, the least one dropped first.

    Those of an optimum do. Beside a step of ten million sigma, costs are rounded by more than a
    penalty, and the search cuts where nothing is; here each pair of levels is looked at by itself.
    """
    kept = list(cuts)
    while kept:
        gains = [
            _gain(values[first:cut], values[cut:end])
            for first, cut, end in zip([0, *kept], kept, [*kept[1:], len(values)], strict=False)
        ]
        least = int(np.argmin(gains))
        if gains[least] >= penalty:
            break
        del kept[least]
    return kept


def _gain(before: Floats, after: Floats) -> float:
    """What two levels explain that one does not, in squares."""
    step = float(after.mean() - before.mean())
    return step * step * len(before) * len(after) / (len(before) + len(after))


def _change(
    seen: Floats,
    apart: Floats,
    times: pd.Index,
    bounds: tuple[int, int, int],
    memory: float,
    sigma: float,
) -> ChangePoint:
    first, cut, end = bounds
    plausible = first + np.flatnonzero(_plausible(apart[first:end], memory))
    before, after = float(np.median(seen[first:cut])), float(np.median(seen[cut:end]))
    return ChangePoint(
        at=times[cut],
        earliest=times[min(int(plausible[0]), cut)],
        latest=times[max(int(plausible[-1]), cut)],
        before=before,
        after=after,
        effect_size=(after - before) / sigma,
    )


def _plausible(values: Floats, memory: float) -> Bools:
    """Where one change between two levels fits nearly as well as at its best place."""
    size = len(values)
    left = np.cumsum(values - values.mean())[:-1]
    count = np.arange(1, size, dtype=np.float64)
    gain = left**2 * (1.0 / count + 1.0 / (size - count))
    close = gain >= gain.max() - 2.0 * _LIKELIHOOD_DROP * memory
    return np.concatenate([[False], close])
