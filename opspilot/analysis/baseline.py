"""What a series does when nothing is wrong: centre, scale, tails and memory of its baseline.

Median and MAD (Hampel, "The influence curve and its role in robust estimation", JASA 69, 1974) with
three cautions. The scale has a floor, because counts vary by Poisson at least and rounded values by
their step. An earlier episode inside the baseline is taken out of it, while single spikes stay:
they are what the series does. And the memory of the series counts: n autocorrelated points know as
much as n (1 - rho) / (1 + rho) independent ones, which widens the scale and fattens the tail, so
that a random walk leaving its baseline is no surprise.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from opspilot.analysis.cleaning import without_episodes
from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.spread import IQR_TO_SIGMA, denoised, inflation, memory, robust_scale
from opspilot.analysis.tails import FAR, OUTER, Tail, degrees_of_freedom

_MIN_POINTS = 8
_MIN_PAST_POINTS = 24
_ROLLING_POINTS = 720
PAST_POINTS = _ROLLING_POINTS + 2
"""Points before one that its causal baseline may look at."""

_VERY_FAR = 0.99
_NEAR = 1.0 - FAR
_QUANTILES = (1.0 - OUTER, _NEAR, 0.25, 0.5, 0.75, FAR, OUTER)
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


def fit_past(values: Floats, usable: Bools) -> Baseline:
    """For every point the baseline of the usable points before it (a rolling window)."""
    past = pd.Series(np.where(usable, values, np.nan))
    window = past.rolling(_ROLLING_POINTS, min_periods=_MIN_PAST_POINTS)

    def known(series: pd.Series) -> Floats:
        return series.shift(1).to_numpy(dtype=np.float64)

    read = {p: known(window.quantile(p)) for p in (0.25, 0.5, 0.75)}

    def quantile(p: float) -> Floats:
        return read[p] if p in read else known(window.quantile(p))

    count = np.nan_to_num(known(past.rolling(_ROLLING_POINTS, min_periods=1).count()))
    spread = IQR_TO_SIGMA * (quantile(0.75) - quantile(0.25))
    above = (quantile(_VERY_FAR) - quantile(FAR)) / _EXCESS_BETWEEN
    up = _tail(quantile, OUTER, FAR, above, count)
    below = (quantile(_NEAR) - quantile(1.0 - _VERY_FAR)) / _EXCESS_BETWEEN
    down = _tail(quantile, 1.0 - OUTER, _NEAR, below, count)
    center = read[0.5]
    read.clear()
    rho = np.nan_to_num(known(window.corr(past.shift(1))), nan=0.0, posinf=0.0, neginf=0.0)
    return _cautious(
        Baseline(
            known=count,
            center=center,
            scale=denoised(np.where(spread > 0, spread, known(window.std())), center),
            up=up,
            down=down,
            mean=known(window.mean()),
            variance=known(window.var()),
            memory=inflation(rho),
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
