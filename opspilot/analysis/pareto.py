"""The tail of a statistic beyond its 80 % quantile: fitted by moments, asked for probabilities.

What lies beyond a high quantile follows a generalized Pareto law (Pickands, Annals of Statistics 3,
1975), fitted by its moments (Hosking and Wallis, Technometrics 29, 1987). The shape never falls
below one over the number of clusters of exceedances: those that come in one run are one
observation. A departure from a line that never moved has a probability of 1 / (n + 1)^2, not zero.
"""

from dataclasses import dataclass

import numpy as np

from opspilot.analysis.rhythm import Integers
from opspilot.analysis.series import Floats

QUANTILE = 0.8

_LEAST_SHAPE, _MOST_SHAPE = 0.01, 0.45
_FLAT = 1e-12


@dataclass(frozen=True, slots=True)
class Tail:
    """Upper tails, (statistics, fits).

    Attributes:
        known: Points that it was learned from.
        threshold: The 80 % quantile; `body` is its distance from the median.
        shape: Of the Pareto law beyond it; `scale` likewise.
        beyond: The surprise of any departure where nothing ever exceeded the threshold, else NaN.
        rounding: Differences up to here are none.
    """

    known: Floats
    threshold: Floats
    body: Floats
    shape: Floats
    scale: Floats
    beyond: Floats
    rounding: Floats

    def surprise(self, now: Floats, fit: Integers, seen: Floats | None = None) -> Floats:
        """-ln P(at least this high); from the threshold down it falls to that of the median.

        Args:
            now: Values to be judged, (statistics, points).
            fit: Which of the fits judges a point, (points,).
            seen: The highest value since the tail was fitted; what is no further out than that is
                at least as likely as one in all points so far. None where nothing counts as seen.
        """
        found = now - self.threshold[:, fit]
        statistic, point = np.nonzero(found > self.rounding[:, fit])
        which = statistic, fit[point]
        far = self._far(found[statistic, point], which)
        if seen is not None:
            reached = seen[statistic, point] >= now[statistic, point] - self.rounding[which]
            np.minimum(far, np.log(self.known[which] + 1.0), out=far, where=reached)
        lively = self.body > self.rounding
        found /= np.where(lively, self.body, 1.0)[:, fit]
        found += 1.0
        np.clip(found, 0.0, 1.0, out=found)
        found *= np.log(0.5 / (1.0 - QUANTILE))
        found += np.log(2.0)
        found *= lively[:, fit]
        found[statistic, point] = far
        return found

    def _far(self, excess: Floats, which: tuple[Integers, Integers]) -> Floats:
        """Of what lies so far beyond the threshold."""
        shape, beyond = self.shape[which], self.beyond[which]
        pareto = np.log1p(excess * (shape / self.scale[which])) / shape
        return np.where(np.isnan(beyond), pareto - np.log(1.0 - QUANTILE), beyond)


@dataclass(frozen=True, slots=True)
class Exceedances:
    """What was seen of a statistic beyond its 80 % quantile; all fields of one shape.

    Attributes:
        known: Points in all; `clusters` the runs of those beyond, at least 1.
        threshold: The quantile; `body` is its distance from the median.
        mean: Of the distances from the threshold, and `variance`.
        still: 1 where the statistic never moved, else 0.
        rounding: Differences up to here are none.
    """

    known: Floats
    threshold: Floats
    body: Floats
    mean: Floats
    variance: Floats
    clusters: Floats
    still: Floats
    rounding: Floats


def fitted(seen: Exceedances) -> Tail:
    """The tail that these exceedances show."""
    mean = seen.mean
    apart = mean > seen.rounding
    # Unequal as well, beyond what the difference of two rounded squares may show.
    unequal = apart & (seen.variance > _FLAT * mean**2)
    squares = np.divide(mean**2, seen.variance, out=np.full_like(mean, np.inf), where=unequal)
    moments = 0.5 * (1.0 - squares)
    least = 1.0 / seen.clusters
    shape = np.clip(moments, np.maximum(least, _LEAST_SHAPE), np.maximum(least, _MOST_SHAPE))
    departure = (1.0 + seen.still) * np.log(seen.known + 1.0) + np.log(2.0)
    return Tail(
        known=seen.known,
        threshold=seen.threshold,
        body=seen.body,
        shape=shape,
        scale=np.where(apart, mean * np.maximum(1.0 - shape, 0.1), 1.0),
        beyond=np.where(apart, np.nan, departure),
        rounding=seen.rounding,
    )
