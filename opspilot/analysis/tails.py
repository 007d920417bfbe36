"""How rare a value is: heavy-tailed for continuous values, negative binomial for small counts.

Continuous residuals follow a Student t whose degrees of freedom come from the baseline's own
quantiles (a quantile measure of tail weight: Hogg, "Adaptive robust procedures", JASA 69, 1974), so
that a series which spikes by nature needs a larger spike to stand out. Small counts follow the
predictive distribution of a Poisson rate that is known only from the baseline (a gamma mixture, so
a negative binomial), widened by the overdispersion that the baseline shows.
"""

import numpy as np
from scipy.special import betainc, stdtr, stdtrit
from scipy.stats import nbinom

from opspilot.analysis.series import Floats

_NORMAL_DF = 200.0
_DF_GRID = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 50.0, _NORMAL_DF])
_OUTER = 0.975
_RATIO_GRID = np.asarray(stdtrit(_DF_GRID, _OUTER) / stdtrit(_DF_GRID, 0.75), dtype=np.float64)
SMALLEST_P = 1e-300


def degrees_of_freedom(outer: Floats, half_iqr: Floats, known: Floats) -> Floats:
    """Degrees of freedom of the t whose 97.5 % to 75 % quantile ratio is the one observed.

    The ratio of few points is uncertain by about 1.5 / sqrt(n) of itself; it is read one such step
    heavier. Where half of the points are equal it says nothing: the tail is then taken as heavy,
    less so the more points stood still.

    Args:
        outer: Distance of the 97.5 % (or 2.5 %) quantile from the median.
        half_iqr: Half the interquartile range, same shape.
        known: Number of points behind them.
    """
    caution = 1.0 + 1.5 / np.sqrt(np.maximum(known, 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = caution * outer / half_iqr
    still = 1.0 + np.log10(np.maximum(known, 1.0))
    # np.interp wants ascending abscissae; the ratio falls as the degrees of freedom rise.
    shown = np.interp(ratio, _RATIO_GRID[::-1], _DF_GRID[::-1])
    return np.where(half_iqr > 0, shown, still)


def student_upper(z: Floats, df: Floats) -> Floats:
    """P(T >= z) under a Student t."""
    return np.asarray(stdtr(df, -z), dtype=np.float64)


def student_quantile(p_tail: float, df: Floats) -> Floats:
    """The z with P(T >= z) = p_tail."""
    return np.asarray(-stdtrit(df, p_tail), dtype=np.float64)


def count_upper(x: Floats, mean: Floats, size: Floats) -> Floats:
    """P(X >= x) under a negative binomial of this mean and size (variance mean + mean^2 / size)."""
    rare = np.maximum(x, 1.0)
    tail = np.asarray(betainc(rare, size, mean / (mean + size)), dtype=np.float64)
    return np.where(x < 1.0, 1.0, tail)


def count_lower(x: Floats, mean: Floats, size: Floats) -> Floats:
    """P(X <= x) under the same negative binomial."""
    return np.asarray(
        betainc(size, np.maximum(x, 0.0) + 1.0, size / (mean + size)), dtype=np.float64
    )


def count_quantile(p: float, mean: Floats, size: Floats) -> Floats:
    """The p quantile of the same negative binomial."""
    return np.asarray(nbinom.ppf(p, size, size / (mean + size)), dtype=np.float64)
