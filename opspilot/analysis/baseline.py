"""What a series does when nothing is wrong: centre, scale, tail weight and memory of its baseline.

Median and MAD (Hampel, "The influence curve and its role in robust estimation", JASA 69, 1974) with
three cautions. The scale has a floor, because counts vary by Poisson at least and rounded values by
their step. An earlier episode inside the baseline is taken out of it, while single spikes stay:
they are what the series does. And the memory of the series counts: n autocorrelated points know as
much as n (1 - rho) / (1 + rho) independent ones (Bartlett 1935), which widens the scale and fattens
the tail, so that a random walk leaving its baseline is no surprise.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.tails import degrees_of_freedom

NOISELESS_SIGMA = 50.0
"""A departure from a baseline that never moved counts as this many sigma, whatever its size."""

_MAD_TO_SIGMA = 1.4826
_IQR_TO_SIGMA = 0.7413
_MEAN_ABS_TO_SIGMA = 1.2533
_FLOAT_NOISE = 1e-9
_MIN_POINTS = 8
_MIN_PAST_POINTS = 24
_STRETCH_SIGMA = 3.0
_STRETCH_POINTS = 5
_MOST_CLEANED = 0.4
_FEW_DISTINCT = 3
_MAX_RHO = 0.995
_ROLLING_POINTS = 720


@dataclass(frozen=True, slots=True)
class Baseline:
    """One value per point of the series (all equal unless causal); NaN where too little is known.

    Attributes:
        known: Points it was learned from.
        center: Median.
        scale: Robust standard deviation; 0 for a series that never moved.
        df_up: Degrees of freedom of the upper tail; `df_down` of the lower.
        mean: Mean, and `variance`: for count models.
        memory: (1 + rho) / (1 - rho), the inflation by autocorrelation, 1 or more.
    """

    known: Floats
    center: Floats
    scale: Floats
    df_up: Floats
    df_down: Floats
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
    kept = _without_episodes(values, known, least)
    learned = values[kept]
    size = len(values)
    if len(learned) < _MIN_POINTS:
        nothing = np.full(size, np.nan)
        ones = np.ones(size)
        return Baseline(
            np.full(size, float(len(learned))), nothing, nothing, ones, ones, nothing, nothing, ones
        ), kept
    q = np.quantile(learned, [0.025, 0.25, 0.5, 0.75, 0.975])
    scale = max(_spread(learned), _rounding_floor(learned))
    memory = _memory(values, kept, float(q[2]), scale)
    fields = (
        len(learned),
        q[2],
        scale,
        *_dfs(q, np.asarray(len(learned))),
        learned.mean(),
        learned.var(ddof=1),
        memory,
    )
    return _cautious(Baseline(*(np.full(size, float(field)) for field in fields))), kept


def fit_past(values: Floats, usable: Bools) -> Baseline:
    """For every point the baseline of the usable points before it (a rolling window)."""
    past = pd.Series(np.where(usable, values, np.nan))
    window = past.rolling(_ROLLING_POINTS, min_periods=_MIN_PAST_POINTS)

    def known(series: pd.Series) -> Floats:
        return series.shift(1).to_numpy(dtype=np.float64)

    q = np.stack([known(window.quantile(p)) for p in (0.025, 0.25, 0.5, 0.75, 0.975)])
    spread = _IQR_TO_SIGMA * (q[3] - q[1])
    scale = np.where(spread > 0, spread, known(window.std()))
    rho = np.nan_to_num(known(window.corr(past.shift(1))), nan=0.0, posinf=0.0, neginf=0.0)
    count = np.nan_to_num(known(past.rolling(_ROLLING_POINTS, min_periods=1).count()))
    up, down = _dfs(q, count)
    return _cautious(
        Baseline(
            known=count,
            center=q[2],
            scale=_denoised(scale, q[2]),
            df_up=up,
            df_down=down,
            mean=known(window.mean()),
            variance=known(window.var()),
            memory=_inflation(rho),
        )
    )


def standardized(values: Floats, center: Floats, scale: Floats) -> Floats:
    """Deviation in sigma; any departure from a scale of 0 counts `NOISELESS_SIGMA`."""
    apart = values - center
    noise = _FLOAT_NOISE * np.maximum(np.abs(center), np.abs(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = apart / scale
    return np.where(
        scale > 0, z, np.where(np.abs(apart) > noise, np.sign(apart), 0.0) * NOISELESS_SIGMA
    )


def _cautious(fit: Baseline) -> Baseline:
    """Widen for what is not known: the centre is an estimate, and points remember each other."""
    independent = np.maximum(fit.known / fit.memory, 1.0)
    most = np.maximum(independent - 1.0, 1.0)
    return Baseline(
        known=fit.known,
        center=fit.center,
        scale=fit.scale * np.sqrt(1.0 + 1.0 / independent),
        df_up=np.minimum(fit.df_up, most),
        df_down=np.minimum(fit.df_down, most),
        mean=fit.mean,
        variance=fit.variance,
        memory=fit.memory,
    )


def _dfs(q: Floats, known: Floats) -> tuple[Floats, Floats]:
    """(upper, lower) degrees of freedom from the five quantiles."""
    half_iqr = np.asarray((q[3] - q[1]) / 2.0)
    return (
        degrees_of_freedom(np.asarray(q[4] - q[2]), half_iqr, known),
        degrees_of_freedom(np.asarray(q[2] - q[0]), half_iqr, known),
    )


def _spread(learned: Floats) -> float:
    """MAD, or the mean deviation where more than half of the values are equal."""
    apart = np.abs(learned - np.median(learned))
    mad = _MAD_TO_SIGMA * float(np.median(apart))
    spread = mad if mad > 0 else _MEAN_ABS_TO_SIGMA * float(apart.mean())
    return float(_denoised(np.asarray(spread), np.asarray(np.median(learned))))


def _denoised(scale: Floats, center: Floats) -> Floats:
    return np.where(scale > _FLOAT_NOISE * np.abs(center), scale, 0.0)


def _rounding_floor(learned: Floats) -> float:
    """Half the step of values that are rounded (few distinct ones), else 0."""
    distinct = np.unique(learned)
    if len(distinct) == 1 or len(distinct) * _FEW_DISTINCT > len(learned):
        return 0.0
    return float(np.diff(distinct).min()) / 2.0


def _memory(values: Floats, kept: Bools, center: float, scale: float) -> float:
    """Inflation by the lag-one autocorrelation of clipped residuals over adjacent kept points."""
    if scale <= 0:
        return 1.0
    z = np.clip((values - center) / scale, -3.0, 3.0)
    pairs = kept[1:] & kept[:-1]
    if int(pairs.sum()) < _MIN_POINTS:
        return 1.0
    squares = float(np.mean(z[kept] ** 2))
    rho = float(np.mean(z[1:][pairs] * z[:-1][pairs])) / squares if squares > 0 else 0.0
    return float(_inflation(np.asarray(rho)))


def _inflation(rho: Floats) -> Floats:
    bounded = np.clip(rho, 0.0, _MAX_RHO)
    return (1.0 + bounded) / (1.0 - bounded)


def _without_episodes(values: Floats, usable: Bools, least_scale: float) -> Bools:
    """The usable points less those in stretches that stand apart.

    A stretch is where the running median of five points is beyond three sigma: single spikes do not
    move it, and the edges of a step come out where they are.
    """
    learned = values[usable]
    if len(learned) < _MIN_POINTS:
        return usable
    center = np.asarray(np.median(learned))
    scale = max(_MAD_TO_SIGMA * float(np.median(np.abs(learned - center))), least_scale)
    z = standardized(learned, center, np.asarray(scale))
    running = pd.Series(z).rolling(_STRETCH_POINTS, center=True, min_periods=3).median()
    apart = np.abs(running.to_numpy()) > _STRETCH_SIGMA
    if apart.mean() > _MOST_CLEANED:
        return usable
    kept = usable.copy()
    kept[np.flatnonzero(usable)[apart]] = False
    return kept
