"""What a series does when nothing is wrong: centre, scale, tails and memory of its baseline.

Median and MAD (Hampel, "The influence curve and its role in robust estimation", JASA 69, 1974) with
three cautions. The scale has a floor, because counts vary by Poisson at least and rounded values by
their step. An earlier episode inside the baseline is taken out of it, while single spikes stay:
they are what the series does. And the memory of the series counts: n autocorrelated points know as
much as n (1 - rho) / (1 + rho) independent ones, which widens the scale and fattens the tail, so
that a random walk leaving its baseline is no surprise.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from opspilot.analysis.cleaning import without_episodes
from opspilot.analysis.rhythm import Integers
from opspilot.analysis.rolling import Past, pasts
from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.spread import IQR_TO_SIGMA, denoised, inflation, memory, robust_scale
from opspilot.analysis.tails import FAR, OUTER, Tail, degrees_of_freedom

_MIN_POINTS = 8
_MIN_PAST_POINTS = 24
_ROLLING_POINTS = 720
_REFITTED_POINTS = 4
_VERY_FAR = 0.99
_NEAR = 1.0 - FAR
_QUANTILES = (1.0 - OUTER, _NEAR, 0.25, 0.5, 0.75, FAR, OUTER)
_PAST_QUANTILES = (*_QUANTILES, _VERY_FAR, 1.0 - _VERY_FAR)
_EXCESS_BETWEEN = float(np.log((1.0 - FAR) / (1.0 - _VERY_FAR)))


@dataclass(frozen=True, slots=True)
class Baseline:
    """One value per point of the series, or one for all; NaN where too little is known.

    Attributes:
        known: Points it was learned from.
        center: Median.
        scale: Robust standard deviation; 0 for a series that never moved.
        up: The upper tail; `down` the lower.
        mean: Mean, and `variance`: for count models.
        memory: Points that count as one independent point, 1 or more.
    """

    known: Floats
    center: Floats
    scale: Floats
    up: Tail
    down: Tail
    mean: Floats
    variance: Floats
    memory: Floats

    def at(self, places: Integers) -> "Baseline":
        """Of these fits, one for each place."""
        return Baseline(
            known=self.known[places],
            center=self.center[places],
            scale=self.scale[places],
            up=self.up.at(places),
            down=self.down.at(places),
            mean=self.mean[places],
            variance=self.variance[places],
            memory=self.memory[places],
        )


def fit_whole(values: Floats, usable: Bools, *, poisson: bool = False) -> tuple[Baseline, Bools]:
    """The baseline of all usable points, and which of them it kept after cleaning.

    Args:
        values: NaN where missing.
        usable: Points that may be learned from.
        poisson: The values are counts: they vary by the root of their mean at least.
    """
    known = usable & ~np.isnan(values)
    least = float(np.sqrt(max(values[known].mean(), 0.0))) if poisson and known.any() else 0.0
    kept = without_episodes(values, known, least)
    learned = values[kept]
    if len(learned) < _MIN_POINTS:
        return _unknown(np.full(1, np.nan), len(learned)), kept
    read = dict(zip(_QUANTILES, np.quantile(learned, _QUANTILES), strict=True))

    def quantile(p: float) -> Floats:
        return np.asarray([read[p]])

    center, scale = float(np.median(learned)), robust_scale(learned)
    count = np.asarray([float(len(learned))])
    above = learned[learned > read[FAR]] - read[FAR]
    below = read[_NEAR] - learned[learned < read[_NEAR]]
    fit = Baseline(
        known=count,
        center=np.asarray([center]),
        scale=np.asarray([scale]),
        up=_tail(quantile, OUTER, FAR, _mean(above), count),
        down=_tail(quantile, 1.0 - OUTER, _NEAR, _mean(below), count),
        mean=np.asarray([learned.mean()]),
        variance=np.asarray([learned.var(ddof=1)]),
        memory=np.asarray([memory(values, kept, center, scale)]),
    )
    return _cautious(fit), kept


def _mean(excess: Floats) -> Floats:
    return np.asarray([excess.mean() if len(excess) else 0.0])


def fits_past(values: Floats, rhythm: Floats, usable: Bools) -> Iterator[tuple[slice, Baseline]]:
    """For every point the baseline of the usable points before it (a rolling window).

    It is fitted at every fourth point of the series, and serves the three after it as well. Some
    points come at a time, with the slice of the series that they are.

    Args:
        values: NaN where missing.
        rhythm: Taken off the values.
        usable: Points that may be learned from.
    """

    def learned(first: int, last: int) -> Floats:
        part = slice(first, last)
        return np.where(usable[part], values[part] - rhythm[part], np.nan)

    asked = _ROLLING_POINTS, _MIN_PAST_POINTS, _PAST_QUANTILES, _REFITTED_POINTS
    for past in pasts(len(values), learned, *asked):
        points = slice(past.points.start, past.points.stop)
        fits = np.arange(points.stop - points.start, dtype=np.int64) // _REFITTED_POINTS
        yield points, _fit_past(past).at(fits)


def _fit_past(past: Past) -> Baseline:
    read = dict(zip(_PAST_QUANTILES, past.quantiles, strict=True))
    spread = IQR_TO_SIGMA * (read[0.75] - read[0.25])
    above = (read[_VERY_FAR] - read[FAR]) / _EXCESS_BETWEEN
    below = (read[_NEAR] - read[1.0 - _VERY_FAR]) / _EXCESS_BETWEEN
    return _cautious(
        Baseline(
            known=past.known,
            center=read[0.5],
            scale=denoised(np.where(spread > 0, spread, np.sqrt(past.variance)), read[0.5]),
            up=_tail(read.__getitem__, OUTER, FAR, above, past.known),
            down=_tail(read.__getitem__, 1.0 - OUTER, _NEAR, below, past.known),
            mean=past.mean,
            variance=past.variance,
            memory=inflation(np.nan_to_num(past.rho)),
        )
    )


def _tail(
    quantile: Callable[[float], Floats], outer: float, far: float, excess: Floats, count: Floats
) -> Tail:
    """The tail on the side of these two quantiles."""
    center, half_iqr = quantile(0.5), (quantile(0.75) - quantile(0.25)) / 2.0
    return Tail(
        df=degrees_of_freedom(np.abs(quantile(outer) - center), half_iqr, count),
        far=np.abs(quantile(far) - center),
        excess=excess,
        exceedances=(1.0 - FAR) * count,
    )


def _cautious(fit: Baseline) -> Baseline:
    """Widen for what is not known: the centre is an estimate, and points remember each other."""
    independent = np.maximum(fit.known / fit.memory, 1.0)

    def fewer(tail: Tail) -> Tail:
        return replace(
            tail,
            df=np.minimum(tail.df, np.maximum(independent - 1.0, 1.0)),
            exceedances=tail.exceedances / fit.memory,
        )

    return replace(
        fit,
        scale=fit.scale * np.sqrt(1.0 + 1.0 / independent),
        up=fewer(fit.up),
        down=fewer(fit.down),
    )


def _unknown(nothing: Floats, points: int) -> Baseline:
    """The baseline of too few points."""
    ones = np.ones(len(nothing))
    tail = Tail(df=ones, far=nothing, excess=nothing, exceedances=ones)
    count = ones * points
    return Baseline(count, nothing, nothing, tail, tail, nothing, nothing, ones)
