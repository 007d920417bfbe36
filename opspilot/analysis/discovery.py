"""Of many tests, which findings to believe (Benjamini and Hochberg, JRSS B 57, 1995)."""

import numpy as np

from opspilot.analysis.series import Floats


def adjusted(p_values: Floats) -> Floats:
    """The smallest false-discovery rate at which each test is believed; NaN stays NaN.

    The tests of one incident lean the same way (a fault moves many metrics at once), which is the
    positive dependence under which the procedure holds (Benjamini and Yekutieli, Annals of
    Statistics 29, 2001, theorem 1.2).
    """
    result = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    if not len(known):
        return result
    order = known[np.argsort(p_values[known], kind="stable")]
    raw = p_values[order] * len(known) / np.arange(1, len(known) + 1)
    result[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return result
