"""Takes earlier episodes out of a baseline, and leaves the single spikes of a lively series in."""

import numpy as np
import pandas as pd

from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.spread import MAD_TO_SIGMA, standardized

_STRETCH_SIGMA = 3.0
_STRETCH_POINTS = 5
_FEWEST_POINTS = 8
_MOST_CLEANED = 0.4
_POINTS_A_DEPARTURE = 2_000


def without_episodes(values: Floats, usable: Bools, least_scale: float) -> Bools:
    """The usable points less those in stretches that stand apart.

    A stretch is where the running median of five points is beyond three sigma: single spikes do not
    move it, and the edges of a step come out where they are. Of a line that stands still but for
    one departure in 2,000 points, or one in all, the departures come out however short they are:
    they are no part of what it does, and alone would be taken for the step to which it is rounded.

    Args:
        values: Known at every usable point.
        usable: Points that may be learned from.
        least_scale: What the values vary by at least.
    """
    learned = values[usable]
    if len(learned) < _FEWEST_POINTS:
        return usable
    center = np.asarray(np.median(learned))
    spread = MAD_TO_SIGMA * float(np.median(np.abs(learned - center)))
    apart = _in_stretches(learned, center, max(spread, least_scale))
    if not spread:
        apart |= _departures(learned, center)
    if apart.mean() > _MOST_CLEANED:
        return usable
    kept = usable.copy()
    kept[np.flatnonzero(usable)[apart]] = False
    return kept


def _in_stretches(learned: Floats, center: Floats, scale: float) -> Bools:
    z = standardized(learned, center, np.asarray(scale))
    running = pd.Series(z).rolling(_STRETCH_POINTS, center=True, min_periods=3).median()
    return np.abs(running.to_numpy()) > _STRETCH_SIGMA


def _departures(learned: Floats, center: Floats) -> Bools:
    """Every point off the centre if they come in so few runs, else none."""
    off = standardized(learned, center, np.asarray(0.0)) != 0.0
    runs = int(np.count_nonzero(off[1:] > off[:-1])) + int(off[0])
    return off if runs <= max(1, len(off) // _POINTS_A_DEPARTURE) else np.zeros_like(off)
