"""How rare a value is: heavy-tailed for continuous values, negative binomial for small counts.

Two models of a continuous tail are read off the baseline, and the lighter of them is believed. A
Student t takes its degrees of freedom from the ratio of an outer to an inner quantile (a quantile
measure of tail
weight: Hogg, "Adaptive robust procedures", JASA 69, 1974). Exceedances over the 95 % quantile are
taken as exponential (the peaks-over-threshold model: Pickands, Annals of Statistics 3, 1975) with a
mean that is known from few of them only, so that what they predict is a Pareto tail of as many
degrees of freedom. A series with two everyday levels looks heavy to the first and bounded to the
second; a small sample looks uncertain to both.

Small counts follow the predictive distribution of a Poisson rate that is known only from the
baseline (a gamma mixture, so a negative binomial), widened by the overdispersion that the baseline
shows.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import betainc, nbdtrik, stdtr, stdtrit

from opspilot.analysis.rhythm import Integers
from opspilot.analysis.series import Floats

FAR = 0.95
"""Quantile beyond which a point is an exceedance."""

OUTER = 0.975
"""Outer quantile of the tail weight."""

SMALLEST_P = 1e-300

_DF_GRID = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 50.0, 200.0])
_RATIO_GRID = np.asarray(stdtrit(_DF_GRID, OUTER) / stdtrit(_DF_GRID, 0.75), dtype=np.float64)
_INVERSE_DF = np.linspace(1.0 / 200.0, 1.0, 8_000)
_CAUTION_POINTS = 25.0
_MOST_EXCEEDANCES = 4.0
_LEAST_FAR, _LEAST_EXCESS = 1.5, 0.3


@dataclass(frozen=True, slots=True)
class Tail:
    """One side of a continuous baseline; one value per point each.

    Attributes:
        df: Degrees of freedom of the Student t.
        far: Distance of the 95 % quantile from the centre, in the unit of the values.
        excess: Mean distance of the exceedances from that quantile, likewise.
        exceedances: How many independent ones there were.
    """

    df: Floats
    far: Floats
    excess: Floats
    exceedances: Floats

    def at(self, places: Integers) -> "Tail":
        """Of these points of the series."""
        parts = (self.df, self.far, self.excess, self.exceedances)
        return Tail(*(part[places] for part in parts))

    def upper(self, z: Floats, scale: Floats) -> Floats:
        """P(at least z) for deviations outwards, in units of `scale`."""
        far, excess, shape = self._standardized(scale)
        beyond = np.maximum(z - far, 0.0)
        pareto = (1.0 - FAR) * (1.0 + beyond / (shape * excess)) ** -shape
        student = np.asarray(stdtr(self.df, -z), dtype=np.float64)
        return np.where(z > far, np.minimum(student, pareto), student)

    def quantile(self, p: float, scale: Floats) -> Floats:
        """The z with P(at least z) = p, for p below 5 %."""
        far, excess, shape = self._standardized(scale)
        with np.errstate(over="ignore"):
            pareto = far + shape * excess * (((1.0 - FAR) / p) ** (1.0 / shape) - 1.0)
        return np.minimum(_student_quantile(p, self.df), pareto)

    def _standardized(self, scale: Floats) -> tuple[Floats, Floats, Floats]:
        """Threshold, mean excess and shape; no smaller than white noise would have them."""
        unit = np.where(scale > 0, scale, np.inf)
        return (
            np.maximum(self.far / unit, _LEAST_FAR),
            np.maximum(self.excess / unit, _LEAST_EXCESS),
            np.clip(self.exceedances, 0.05, _MOST_EXCEEDANCES),
        )


def _student_quantile(p: float, df: Floats) -> Floats:
    """The t with P(at least t) = p, read between close grid points: right to 1e-6 of it."""
    return np.exp(np.interp(1.0 / df, _INVERSE_DF, _log_student(p)))


@lru_cache(maxsize=4)
def _log_student(p: float) -> Floats:
    return np.log(-np.asarray(stdtrit(1.0 / _INVERSE_DF, p), dtype=np.float64))


def degrees_of_freedom(outer: Floats, half_iqr: Floats, known: Floats) -> Floats:
    """Degrees of freedom of the t whose 97.5 % to 75 % quantile ratio is the one observed.

    The ratio of n points is read heavier by 25 / n of itself. Where half of the points are equal it
    says nothing: the tail is then taken as heavy, less so the more points stood still.

    Args:
        outer: Distance of the 97.5 % (or 2.5 %) quantile from the median.
        half_iqr: Half the interquartile range, same shape.
        known: Number of points behind them.
    """
    caution = 1.0 + _CAUTION_POINTS / np.maximum(known, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = caution * outer / half_iqr
    still = 1.0 + np.log10(np.maximum(known, 1.0))
    # np.interp wants ascending abscissae; the ratio falls as the degrees of freedom rise.
    shown = np.interp(ratio, _RATIO_GRID[::-1], _DF_GRID[::-1])
    return np.where(half_iqr > 0, shown, still)


def count_upper(x: Floats, mean: Floats, size: Floats) -> Floats:
    """P(X >= x) under a negative binomial of this mean and size (variance mean + mean^2 / size)."""
    rare = np.maximum(x, 1.0)
    tail = np.asarray(betainc(rare, size, mean / (mean + size)), dtype=np.float64)
    return np.where(x < 1.0, 1.0, tail)


def count_lower(x: Floats, mean: Floats, size: Floats) -> Floats:
    """P(X <= x) under the same negative binomial."""
    lower = betainc(size, np.maximum(x, 0.0) + 1.0, size / (mean + size))
    return np.asarray(lower, dtype=np.float64)


def count_quantile(p: float, mean: Floats, size: Floats) -> Floats:
    """The p quantile of the same negative binomial: the smallest count with P(X <= count) >= p."""
    found = np.maximum(np.ceil(nbdtrik(p, size, size / (mean + size))), 0.0)
    # The real number may lie a rounding error above a whole one, which is then the quantile.
    below = np.maximum(found - 1.0, 0.0)
    return np.where(count_lower(below, mean, size) >= p, below, found)
