"""When an episode began, and how surely that is known."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from opspilot.analysis.anomaly import Alert
from opspilot.analysis.series import Floats

_LOOK_BACK_POINTS = 10
_MOST_POINTS = 60
_FEWEST_POINTS = 3
_FAIR_PART = 0.2
_LIKELIHOOD_DROP = 1.92


@dataclass(frozen=True, slots=True)
class Onset:
    """First point of an episode, with the half-width of what the data leaves open."""

    at: pd.Timestamp
    uncertainty: timedelta


def onset_of(alert: Alert, sigma: pd.Series, period: timedelta) -> Onset:
    """The onset of an alert.

    One change in mean between two levels is fitted around the first rare point; positions whose
    profile log-likelihood is within 1.92 of the best form the 95 % interval (Hinkley, "Inference
    about the change-point in a sequence of random variables", Biometrika 57, 1970). The onset is
    the alert's first clear point; the half-width is one period, or more where the interval is
    wider.

    Args:
        alert: The episode.
        sigma: Deviations from the expected value in robust standard deviations, same index.
        period: Distance of the points.
    """
    start = int(sigma.index.searchsorted(alert.start))
    end = int(sigma.index.searchsorted(alert.end))
    low = max(0, start - _LOOK_BACK_POINTS)
    near = sigma.to_numpy(dtype=np.float64)[low : min(end, start + _MOST_POINTS) + 1]
    begun = start + _clear_from(np.abs(near[start - low :]))
    known = np.flatnonzero(~np.isnan(near))
    interval = _change_interval(near[known])
    if interval is None:
        return Onset(sigma.index[begun], period)
    widest = max(abs(int(known[bound]) - (begun - low)) for bound in interval)
    return Onset(sigma.index[begun], period * max(1, widest))


def _clear_from(away: Floats) -> int:
    """Position of the first point from which on the episode is at a fair part of its level.

    Chance may set a rare point just before a real episode, and the two then make one run; so the
    point must be followed by its like (the median of three points is taken).
    """
    level = _FAIR_PART * float(np.nanmedian(away[away >= np.nanmedian(away)]))
    clear = np.flatnonzero(away >= level)
    lasting = [at for at in clear if float(np.nanmedian(away[at : at + 3])) >= level]
    return int((lasting or clear)[0])


def _change_interval(values: Floats) -> tuple[int, int] | None:
    """First and last position at which one change in mean is plausible; None for too few points."""
    size = len(values)
    if size < _FEWEST_POINTS:
        return None
    costs = np.array([_squares(values[:cut]) + _squares(values[cut:]) for cut in range(1, size)])
    noise = max(float(costs.min()) / size, 1.0)
    plausible = np.flatnonzero(costs - costs.min() <= 2.0 * _LIKELIHOOD_DROP * noise) + 1
    return int(plausible[0]), int(plausible[-1])


def _squares(values: Floats) -> float:
    return float(((values - values.mean()) ** 2).sum())
