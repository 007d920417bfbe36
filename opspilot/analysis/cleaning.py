"""Takes earlier episodes out of a baseline, and leaves single spikes in."""

import numpy as np
import pandas as pd

from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.spread import MAD_TO_SIGMA, standardized

_STRETCH_SIGMA = 3.0
_STRETCH_POINTS = 5
_FEWEST_POINTS = 8
_MOST_CLEANED = 0.4


def without_episodes(values: Floats, usable: Bools, least_scale: float) -> Bools:
    """The usable points less those in stretches that stand apart.

    A stretch is where the running median of five points is beyond three sigma: single spikes do not
    move it, and the edges of a step come out where they are.

    Args:
        values: Known at every usable point.
        usable: Points that may be learned from.
        least_scale: What the values vary by at least.
    """
    learned = values[usable]
    if len(learned) < _FEWEST_POINTS:
        return usable
    center = np.asarray(np.median(learned))
    scale = max(MAD_TO_SIGMA * float(np.median(np.abs(learned - center))), least_scale)
    z = standardized(learned, center, np.asarray(scale))
    running = pd.Series(z).rolling(_STRETCH_POINTS, center=True, min_periods=3).median()
    apart = np.abs(running.to_numpy()) > _STRETCH_SIGMA
    if apart.mean() > _MOST_CLEANED:
        return usable
    kept = usable.copy()
    kept[np.flatnonzero(usable)[apart]] = False
    return kept
