"""BARO's RobustScorer, as its paper describes it.

Pham, Ha and Zhang, "BARO: Robust Root Cause Analysis for Microservices via Multivariate Bayesian
Online Change Point Detection", FSE 2024, section 3.3: every metric is scaled by the median and the
inter-quartile range of the normal period, its score is the largest scaled value of the anomalous
period, and metrics are ranked by score.
"""

import numpy as np
import pandas as pd


def rank(baseline: pd.DataFrame, incident: pd.DataFrame) -> list[str]:
    """Column names, best first; a metric whose range is zero is left unscaled."""
    shared = [name for name in baseline.columns if name in set(incident.columns)]
    known = baseline[shared].to_numpy(dtype=float, na_value=np.nan)
    seen = incident[shared].to_numpy(dtype=float, na_value=np.nan)
    median = np.nan_to_num(np.nanmedian(known, axis=0))
    low, high = np.nanpercentile(known, [25, 75], axis=0)
    spread = np.where((high - low) > 0, high - low, 1.0)
    scores = np.nan_to_num(np.nanmax((seen - median) / spread, axis=0), nan=-np.inf)
    return [shared[at] for at in np.argsort(-scores, kind="stable")]
