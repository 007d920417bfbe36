"""How much of each metric moves with the symptom, row by row of the incident.

In a short window that begins and ends quietly, the symptom itself says which rows were bad. What
moves with it is a suspect; what differs from an old baseline all the time is not. This is the slope
of least squares of each column on the symptom's profile.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from opspilot.analysis.heaviness import TAIL_DF
from opspilot.analysis.series import Floats

_LEAST_RISE = 2.0
_LEAST_CALM = 0.2
_FEWEST_ROWS = 4
_MOST_LEFT = 0.5
_MOST_UNEXPLAINED = 0.5


@dataclass(frozen=True, slots=True)
class Comovement:
    """One value per column.

    Attributes:
        level: Rise with the symptom from its calmest to its worst row, signed, in robust sigma.
        p: Probability of a slope as steep, if the column did not depend on the symptom.
    """

    level: Floats
    p: Floats


def profile(z: Floats, bad: int) -> Floats | None:
    """The symptom's course through the incident, 0 at its calmest and 1 at its worst row.

    None where the window has no calm part to compare with: the symptom is then bad all along, and
    the baseline is the better comparison.

    Args:
        z: The symptom's deviations in the incident in robust sigma.
        bad: Direction in which the symptom is bad; 0 if unknown.
    """
    known = z[~np.isnan(z)]
    if len(known) < _FEWEST_ROWS:
        return None
    sign = bad or (1 if known.max() >= -known.min() else -1)
    course = sign * z
    low, high = float(np.nanmin(course)), float(np.nanmax(course))
    if high - low < _LEAST_RISE or low > _MOST_LEFT * high:
        return None
    shape = (course - low) / (high - low)
    return shape if float(np.nanmean(shape < 0.5)) >= _LEAST_CALM else None


def comovement(z: Floats, shape: Floats) -> Comovement:
    """Slopes of all columns on the symptom's profile over the rows where both are known."""
    usable = ~np.isnan(z) & ~np.isnan(shape)[:, None]
    count = usable.sum(axis=0)
    x = np.where(usable, np.nan_to_num(shape)[:, None], 0.0)
    y = np.where(usable, z, 0.0)
    rows = np.maximum(count, 1)
    x = np.where(usable, x - x.sum(axis=0) / rows, 0.0)
    y = np.where(usable, y - y.sum(axis=0) / rows, 0.0)
    squares = (x**2).sum(axis=0)
    slope = np.where(squares > 0, (x * y).sum(axis=0) / np.where(squares > 0, squares, 1.0), 0.0)
    rest = ((y - slope * x) ** 2).sum(axis=0)
    left = rest / np.maximum(count - 2, 1)
    known = (count >= _FEWEST_ROWS - 1) & (rest <= _MOST_UNEXPLAINED * (y**2).sum(axis=0))
    level = np.where(known, slope / np.sqrt(1.0 + left), 0.0)
    t: Floats = np.abs(slope) * np.sqrt(squares)
    p = np.where(known, 2.0 * np.asarray(stdtr(TAIL_DF, -t)), 1.0)
    return Comovement(level, p)
