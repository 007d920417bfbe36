"""How rare a departure is for columns of any tail: Student t, or the tail that the baseline shows.

The weight of a tail is read from the largest values of the baseline (Hill, "A simple general
approach to inference about the tail of a distribution", Annals of Statistics 3, 1975). The rarer
of the two answers is never believed: thin tails are not taken for granted, and a column whose every
hundredth value is a spike must show more than a spike.
"""

import numpy as np
from scipy.special import stdtr

from opspilot.analysis.series import Floats

TAIL_DF = 4.0
"""Index of the tail that is read from a baseline: none is believed to be thinner than this."""

STUDENT_DF = 6.0
"""Degrees of freedom of the Student t, which holds where the baseline shows no such tail."""

_TOP = 0.05
_FEWEST_TOP = 8


def two_sided(known: Floats, seen: Floats) -> Floats:
    """P(at least as far from 0 as `seen`), per column.

    Args:
        known: Baseline deviations in units of their scale, rows x columns.
        seen: One magnitude per column, likewise.
    """
    student = 2.0 * np.asarray(stdtr(STUDENT_DF, -np.abs(seen)), dtype=np.float64)
    return np.maximum(student, _shown(np.abs(known), np.abs(seen)))


def _shown(magnitudes: Floats, seen: Floats) -> Floats:
    """The Pareto tail through the largest known magnitudes; 0 where there are none."""
    rows = np.maximum((~np.isnan(magnitudes)).sum(axis=0), 1)
    top = min(max(int(_TOP * len(magnitudes)), _FEWEST_TOP), len(magnitudes))
    largest = -np.partition(-np.nan_to_num(magnitudes), top - 1, axis=0)[:top]
    positive = largest > 0
    count = positive.sum(axis=0)
    least = np.where(positive, largest, np.inf).min(axis=0)
    least = np.where(count > 0, least, 1.0)
    excess = np.where(positive, np.log(np.where(positive, largest, 1.0) / least), 0.0).sum(axis=0)
    index = np.minimum((count + 1.0) / (excess + 1.0 / TAIL_DF), TAIL_DF)
    beyond = np.maximum(seen / least, 1.0)
    return np.where(count > 0, count / rows * beyond**-index, 0.0)
