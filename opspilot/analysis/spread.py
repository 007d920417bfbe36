"""How far values lie apart: robust scale, its floors, memory, and deviations in units of it."""

import numpy as np

from opspilot.analysis.series import Bools, Floats

NOISELESS_SIGMA = 50.0
"""A departure from a baseline that never moved counts as this many sigma, whatever its size."""

MAD_TO_SIGMA = 1.4826
IQR_TO_SIGMA = 0.7413
_MEAN_ABS_TO_SIGMA = 1.2533

FLOAT_NOISE = 2.0**-46
"""Of two values so close in proportion, either may be the rounding of the other."""

_FEW_DISTINCT = 3
_MAX_RHO = 0.995
_FEWEST_PAIRS = 8


def standardized(values: Floats, center: Floats, scale: Floats) -> Floats:
    """Deviation in sigma; any departure from a scale of 0 counts `NOISELESS_SIGMA`."""
    apart = values - center
    noise = FLOAT_NOISE * np.maximum(np.abs(center), np.abs(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = apart / scale
    noiseless = np.where(np.abs(apart) > noise, np.sign(apart), 0.0) * NOISELESS_SIGMA
    return np.where(scale > 0, z, noiseless)


def robust_scale(values: Floats) -> float:
    """MAD, or the mean deviation where more than half of the values are equal, above rounding."""
    center = float(np.median(values))
    apart = np.abs(values - center)
    mad = MAD_TO_SIGMA * float(np.median(apart))
    scale = mad if mad > 0 else _MEAN_ABS_TO_SIGMA * float(apart.mean())
    scale = max(scale, _rounding_floor(values))
    return float(denoised(np.asarray(scale), np.asarray(center)))


def denoised(scale: Floats, center: Floats) -> Floats:
    """The scale, or 0 where it is only the rounding of floating point."""
    return np.where(scale > FLOAT_NOISE * np.abs(center), scale, 0.0)


def memory(values: Floats, kept: Bools, center: float, scale: float) -> float:
    """Inflation by the lag-one autocorrelation of clipped residuals over adjacent kept points."""
    pairs = kept[1:] & kept[:-1]
    if scale <= 0 or int(pairs.sum()) < _FEWEST_PAIRS:
        return 1.0
    z = np.clip((values - center) / scale, -3.0, 3.0)
    squares = float(np.mean(z[kept] ** 2))
    rho = float(np.mean(z[1:][pairs] * z[:-1][pairs])) / squares if squares > 0 else 0.0
    return float(inflation(np.asarray(rho)))


def inflation(rho: Floats) -> Floats:
    """(1 + rho) / (1 - rho): how many points count as one independent point (Bartlett 1935)."""
    bounded = np.clip(rho, 0.0, _MAX_RHO)
    return (1.0 + bounded) / (1.0 - bounded)


def _rounding_floor(values: Floats) -> float:
    """Half the step of values that are rounded (few distinct ones), else 0."""
    distinct = np.unique(values)
    if len(distinct) == 1 or len(distinct) * _FEW_DISTINCT > len(values):
        return 0.0
    return float(np.diff(distinct).min()) / 2.0
