"""Confidence intervals of 95 %: Wilson's for shares, the bootstrap's for medians and calibration.

Source of the first: E. B. Wilson, "Probable inference, the law of succession, and statistical
inference", JASA 22 (1927). Of the second: B. Efron, "Bootstrap methods", Ann. Statist. 7 (1979).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

_Z = 1.959963984540054
_DRAWS = 1000

Interval = tuple[float, float]


def wilson(hits: int, total: int) -> Interval:
    """The interval of a share; (0, 1) of nothing."""
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    spread = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    middle = share + _Z**2 / (2 * total)
    scale = 1 + _Z**2 / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def bootstrap(
    values: Sequence[float], figure: Callable[[np.ndarray], float], seed: int = 7
) -> Interval:
    """The interval of any figure of a sample; rows of a matrix are drawn together."""
    rows = np.asarray(values, dtype=float)
    if len(rows) < 2:
        only = figure(rows) if len(rows) else math.nan
        return only, only
    rng = np.random.default_rng(seed)
    drawn = [figure(rows[rng.integers(0, len(rows), len(rows))]) for _ in range(_DRAWS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def calibration_error(rows: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of rows (confidence, right): the mean gap, weighted by bin.

    Source: M. P. Naeini and others, "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015.
    """
    if not len(rows):
        return math.nan
    confidence, right = rows[:, 0], rows[:, 1]
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[place == one].mean() - right[place == one].mean()) * (place == one).mean()
        for one in np.unique(place)
    ]
    return float(sum(gaps))
