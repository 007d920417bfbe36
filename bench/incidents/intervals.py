"""Confidence intervals of 95 %: Wilson's for shares, the bootstrap's for all else.

Draws of one scenario resemble each other, so scenarios are drawn whole, with all their draws (the
cluster bootstrap); where each was drawn once, that is the plain bootstrap.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA
22 (1927); B. Efron, "Bootstrap methods", Ann. Statist. 7 (1979); A. C. Davison and D. V. Hinkley,
"Bootstrap methods and their application" (1997), 3.8, on clusters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

_Z = 1.959963984540054
_DRAWS = 1000

Interval = tuple[float, float]
Rows = Sequence[float] | Sequence[Sequence[float]]


def wilson(hits: int, total: int) -> Interval:
    """The interval of a share; (0, 1) of nothing."""
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    spread = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    middle = share + _Z**2 / (2 * total)
    scale = 1 + _Z**2 / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def share(values: Sequence[bool], scenarios: Sequence[str]) -> Interval:
    """The interval of a share, whose values come from these scenarios.

    Of scenarios drawn once, or of a single one, Wilson's. Else the cluster bootstrap's, and never
    narrower than Wilson's, which it is near 0 and 1. Where all values are the same, nothing tells
    how alike the draws of a scenario are: then each scenario counts once, the cautious end.
    """
    hits, groups = sum(values), len(set(scenarios))
    plain = wilson(hits, len(values))
    if groups in (1, len(values)):
        return plain
    if hits in (0, len(values)):
        return wilson(groups if hits else 0, groups)
    drawn = bootstrap([float(one) for one in values], scenarios, _mean)
    return min(plain[0], drawn[0]), max(plain[1], drawn[1])


def bootstrap(
    values: Rows, scenarios: Sequence[str], figure: Callable[[np.ndarray], float], seed: int = 7
) -> Interval:
    """The interval of any figure of a sample; rows of a matrix are drawn together.

    Scenarios are drawn whole; of a single one, its draws are.
    """
    rows = np.asarray(values, dtype=float)
    if len(rows) < 2:
        only = figure(rows) if len(rows) else math.nan
        return only, only
    labels = np.unique(np.asarray(scenarios), return_inverse=True)[1]
    if not labels.any():
        labels = np.arange(len(rows))
    places = [np.flatnonzero(labels == one) for one in range(labels.max() + 1)]
    rng = np.random.default_rng(seed)
    drawn = [figure(rows[_together(places, rng)]) for _ in range(_DRAWS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _together(places: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Positions of the rows of as many groups as there are, drawn with replacement."""
    return np.concatenate([places[one] for one in rng.integers(0, len(places), len(places))])


def _mean(rows: np.ndarray) -> float:
    return float(rows.mean())


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
