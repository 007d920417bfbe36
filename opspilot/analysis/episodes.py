"""Groups rare points into episodes, and weighs each as a whole.

A run of moderately rare points can be overwhelming evidence where each alone is none. The points of
a run are combined by Fisher's method (Fisher, "Statistical Methods for Research Workers", 4th
edition, 1932) with as many degrees of freedom as the run holds *independent* points; a single
extreme point stands for itself.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import gammaincc

from opspilot.analysis.series import Floats
from opspilot.analysis.tails import SMALLEST_P

FULL_SCORE_DIGITS = 6.0
"""A score of 1 means a tail probability of 1e-6 or less."""

ALERT_SCORE = 0.75
"""The one default threshold: chance gives the like of it about once in 30,000 points."""

NOTEWORTHY_P = 0.02
"""A point rarer than this may belong to an episode.

Not less: against heavy tails the highest of 190 points is 0.0104 at the least, so that at 0.01 a
rise that lasts would go unseen, however long it lasts.
"""

_BRIDGED_POINTS = 3


@dataclass(frozen=True, slots=True)
class Episode:
    """A run of rare points on one side, by position.

    Attributes:
        first: Position of its first point; `last` inclusive; `peak` the rarest.
    """

    first: int
    last: int
    peak: int
    direction: Literal["up", "down"]
    score: float


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a way of looking makes of every point; arrays of one value per point.

    Attributes:
        sigma: Signed deviation from the expected value in robust standard deviations.
        band: Three rows: lower, expected and upper values.
        episodes: In order of time.
    """

    scores: Floats
    sigma: Floats
    band: Floats
    episodes: list[Episode]


def score_of(p: Floats) -> Floats:
    """min(1, -log10(p) / 6); 0 where p is unknown."""
    known = np.where(np.isnan(p), 1.0, np.clip(p, SMALLEST_P, 1.0))
    return np.minimum(1.0, np.abs(np.log10(known)) / FULL_SCORE_DIGITS)


def episodes(up: Floats, down: Floats, sigma: Floats, memory: Floats) -> list[Episode]:
    """The alerting episodes of both directions, in order of time.

    Args:
        up: P(at least this high) per point, NaN where unknown.
        down: P(at most this low), likewise.
        sigma: Deviation per point; breaks ties when several points are beyond measure.
        memory: Points of the series that count as one independent point, per point.
    """
    found = _one_side(2.0 * up, sigma, memory, "up") + _one_side(2.0 * down, -sigma, memory, "down")
    return sorted(found, key=lambda episode: episode.first)


def _one_side(
    p: Floats, away: Floats, memory: Floats, direction: Literal["up", "down"]
) -> list[Episode]:
    p = np.clip(np.where(np.isnan(p), 1.0, p), SMALLEST_P, 1.0)
    flagged = np.flatnonzero(p < NOTEWORTHY_P)
    if not len(flagged):
        return []
    breaks = np.flatnonzero(np.diff(flagged) > _BRIDGED_POINTS + 1) + 1
    found: list[Episode] = []
    for run in np.split(flagged, breaks):
        first, last = int(run[0]), int(run[-1])
        inside = slice(first, last + 1)
        score = _score(p[inside], float(np.nanmedian(memory[inside])))
        if score >= ALERT_SCORE:
            peak = int(max(run, key=lambda at: (-p[at], away[at])))
            found.append(Episode(first, last, peak, direction, score))
    return found


def _score(p: Floats, memory: float) -> float:
    """The score of the run as a whole, or of its rarest point if that says more."""
    evidence = float(-np.log(p).sum())
    independent = max(1.0, len(p) / memory)
    combined = float(gammaincc(independent, evidence * independent / len(p)))
    return float(score_of(np.asarray([min(float(p.min()), combined)]))[0])
