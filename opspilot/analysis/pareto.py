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
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Tail:
    """Upper tails; all fields of one shape, which broadcasts against the points to be judged.

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

    def at(self, places: Integers) -> "Tail":
        """The tails at these places of the last axis."""
        return Tail(
            known=self.known[..., places],
            threshold=self.threshold[..., places],
            body=self.body[..., places],
            shape=self.shape[..., places],
            scale=self.scale[..., places],
            beyond=self.beyond[..., places],
            rounding=self.rounding[..., places],
        )

    def surprise(self, now: Floats, seen: Floats | None = None) -> Floats:
        """-ln P(at least this high); from the threshold down it falls to that of the median.

        Args:
            now: Values to be judged.
            seen: The highest value since the tail was fitted; what is no further out than that is
                at least as likely as one in all points so far. None where nothing counts as seen.
        """
        excess = now - self.threshold
        far = np.log1p(np.maximum(excess, 0.0) * (self.shape / self.scale))
        far /= self.shape
        far -= np.log(1.0 - QUANTILE)
        far = np.where(np.isnan(self.beyond), far, self.beyond)
        if seen is not None:
            reached = seen - self.threshold >= excess - self.rounding
            np.minimum(far, np.log(self.known + 1.0), out=far, where=reached)
        inside = excess / np.maximum(self.body, _TINY)
        inside += 1.0
        np.clip(inside, 0.0, 1.0, out=inside)
        inside *= np.log(0.5 / (1.0 - QUANTILE))
        inside += np.log(2.0)
        inside *= self.body > self.rounding
        return np.where(excess > self.rounding, far, inside)


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
    moments = 0.5 * (1.0 - mean**2 / np.maximum(seen.variance, _TINY))
    least = 1.0 / seen.clusters
    shape = np.clip(moments, np.maximum(least, _LEAST_SHAPE), np.maximum(least, _MOST_SHAPE))
    departure = (1.0 + seen.still) * np.log(seen.known + 1.0) + np.log(2.0)
    return Tail(
        known=seen.known,
        threshold=seen.threshold,
        body=seen.body,
        shape=shape,
        scale=np.maximum(mean * np.maximum(1.0 - shape, 0.1), _TINY),
        beyond=np.where(mean <= seen.rounding, departure, np.nan),
        rounding=seen.rounding,
    )
