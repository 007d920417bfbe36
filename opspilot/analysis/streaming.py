"""The score of each point from its past alone: several statistics, one probability, no repeats.

An anomaly shows in the value, in its change, in the level of the last 12 or 72 points, in their
spread or in their roughness, and it is rarely known before which. Each statistic is held against
its own past (`extremes`), and, where the days before have been foretelling the days (`foretold`),
value and levels are held against that rhythm too. The tail probabilities are combined by their
geometric mean, which asks that several of them are rare together; it is read on the scale of
Fisher's method with as many degrees of freedom as dependent tests leave (Brown, "A method for
combining non-independent, one-sided tests of significance", Biometrics 31, 1975).

Extremes cluster: after one, the next is no news. So a point keeps its probability only while it is
rarer than the 150 points before it (Leadbetter, "Extremes and local dependence in stationary
sequences", 1983); after that half the digits are left, falling off with the number of points
that could have shown as much. The onset of an episode thus stands out, and the dense score still
marks where it lasts.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import maximum_filter1d
from scipy.special import gammaincc

from opspilot.analysis.episodes import ALERT_SCORE, FULL_SCORE_DIGITS, score_of
from opspilot.analysis.extremes import FEWEST_POINTS, Singles, others_surprise, past_surprise
from opspilot.analysis.rhythm import Integers
from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.spread import FLOAT_NOISE

MEMORY_POINTS = 150
"""An episode is news once in so many points."""

_SHORT, _LONG, _SPREAD = 12, 72, 48
_FEWEST_IN_RHYTHM = 200
_STATISTICS = 6
_INDEPENDENT = 2.5
_ECHO_WINDOWS = (40,)
_ECHO = 0.5
_SUMMED_NOISE = 1e-9
_SMALLEST_SINGLE, _LARGEST_SINGLE = 1e-37, 1e38


@dataclass(frozen=True, slots=True)
class Rare:
    """The points whose score alone would alert; one value for each.

    Attributes:
        at: Their positions, ascending.
        raw: Their scores, repeats included.
        direction: Above 0 where the upper sides say more.
    """

    at: Integers
    raw: Floats
    direction: Floats


@dataclass(frozen=True, slots=True)
class Surprise:
    """How surprising a series is.

    Attributes:
        scores: Per point in [0, 1], repeats within an episode taken back; 0 where nothing can be
            said.
        rare: What the alerts are made of.
    """

    scores: Floats
    rare: Rare


def surprise_of(values: Floats, usable: Bools, expected: Floats) -> Surprise:
    """How surprising each point is, given the points before it.

    Args:
        values: NaN where missing; such a point scores 0.
        usable: Points that may be learned from.
        expected: What the rhythm of the days before foretold, NaN where none is believed.
    """
    known = _known(values)
    if known is None:
        nothing = Rare(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
        return Surprise(np.zeros(len(values)), nothing)
    evidence, direction = _evidence(values[known], usable[known], expected[known])
    raw = _combined(evidence)
    del evidence
    at = np.flatnonzero(raw >= ALERT_SCORE)
    places = at if isinstance(known, slice) else np.flatnonzero(known)[at]
    rare = Rare(places, raw[at], direction[at].astype(np.float64))
    del direction
    scores = np.zeros(len(values))
    scores[known] = _first_of_its_kind(raw)
    return Surprise(scores, rare)


def _known(values: Floats) -> slice | Bools | None:
    """The points that have a value, without a copy where all have; None where too few have."""
    known = ~np.isnan(values)
    if int(known.sum()) <= FEWEST_POINTS:
        return None
    return slice(None) if bool(known.all()) else known


def surprise_among_others(values: Floats, usable: Bools) -> Floats:
    """The combined score of each point given all points that are not near it.

    Args:
        values: NaN where missing; such a point scores 0.
        usable: Points that may be learned from.
    """
    scores = np.zeros(len(values))
    known = _known(values)
    if known is not None:
        apart, noise, _ = _in_units(values[known])
        rounding = float(noise[-1])
        del noise
        total = np.zeros(len(apart))
        for statistics in (_levels, _motions):
            # One by one: each is held against a copy of itself.
            for row in statistics(apart):
                total += others_surprise(row[None], usable[known], rounding)[0]
        total /= _STATISTICS
        scores[known] = _combined(total)
    return scores


def _combined(evidence: Floats) -> Floats:
    p = gammaincc(_INDEPENDENT, _INDEPENDENT * evidence)
    return score_of(np.asarray(p, dtype=np.float64))


def _evidence(values: Floats, usable: Bools, expected: Floats) -> tuple[Floats, Singles]:
    """Mean of -ln p over the statistics, and the side that it comes from.

    First those of value and level, then those of motion, so that they need not all be held.
    """
    apart, noise, exponent = _in_units(values)
    # Of these two few digits are needed, and memory is.
    rounding = noise.astype(np.float32) if _held_by_singles(noise) else noise
    direction: Singles = np.zeros(len(values), dtype=np.float32)
    del noise
    total = np.zeros(len(values))
    levels = _levels(apart)
    believed = np.flatnonzero(~np.isnan(expected))
    if len(believed) <= _FEWEST_IN_RHYTHM:
        for at, rare, side in past_surprise(levels, usable, rounding, FEWEST_POINTS):
            total[at] = rare.sum(axis=0)
            direction[at] = side.sum(axis=0)
    else:
        found = np.zeros_like(levels)
        for at, rare, side in past_surprise(levels, usable, rounding, FEWEST_POINTS):
            found[:, at] = rare
            direction[at] = side.sum(axis=0)
        strange = _levels(np.ldexp((values - expected)[believed], -exponent))
        usual = usable[believed], rounding[believed], _FEWEST_IN_RHYTHM
        for at, rare, side in past_surprise(strange, *usual):
            found[:, believed[at]] = np.maximum(found[:, believed[at]], rare)
            direction[believed[at]] += side.sum(axis=0)
        found.sum(axis=0, out=total)
        del found, strange
    del levels
    for at, rare, _ in past_surprise(_motions(apart), usable, rounding, FEWEST_POINTS):
        total[at] += rare.sum(axis=0)
    total /= _STATISTICS
    return total, direction


def _held_by_singles(noise: Floats) -> bool:
    """Whether half the digits do; not where the largest value is 1e30 times the others."""
    smallest = noise[np.searchsorted(noise, 0.0, side="right") :][:1]
    return noise[-1] < _LARGEST_SINGLE and not bool((smallest < _SMALLEST_SINGLE).any())


def _in_units(values: Floats) -> tuple[Floats, Floats, int]:
    """Values less the first, what of them is rounding up to each point, and the unit's exponent.

    A power of two takes no digits, so neither very large nor very small numbers come out otherwise
    than plain ones, nor does it matter that the unit is told by the largest of all.
    """
    apart = values - values[0]
    exponent = int(np.frexp(float(np.abs(apart).max()))[1])
    np.ldexp(apart, -exponent, out=apart)
    noise = np.maximum.accumulate(np.abs(apart))
    noise *= _SUMMED_NOISE
    given = np.ldexp(np.maximum.accumulate(np.abs(values)), -exponent)
    given *= FLOAT_NOISE
    return apart, np.maximum(noise, given, out=noise), exponent


def _levels(values: Floats) -> Floats:
    """The value itself, and the means of the last 12 and 72."""
    rows = np.empty((3, len(values)))
    rows[0] = values
    rows[1] = _rolling(values, _SHORT, "mean")
    rows[2] = _rolling(values, _LONG, "mean")
    return rows


def _motions(values: Floats) -> Floats:
    """The change from the point before; standard deviation and mean change within the last 48."""
    rows = np.empty((3, len(values)))
    rows[0, 0] = 0.0
    np.subtract(values[1:], values[:-1], out=rows[0, 1:])
    rows[1] = _rolling(values, _SPREAD, "std")
    np.abs(rows[0], out=rows[2])
    rows[2] = _rolling(rows[2], _SPREAD, "mean")
    return rows


def _rolling(values: Floats, points: int, of: str) -> Floats:
    """Over the last so many points; the first few, which are not judged, take the first known."""
    fewest = points // 4
    window = pd.Series(values, copy=False).rolling(points, min_periods=fewest)
    found = (window.std() if of == "std" else window.mean()).to_numpy(dtype=np.float64, copy=True)
    found[: fewest - 1] = found[fewest - 1]
    return found


def _first_of_its_kind(raw: Floats) -> Floats:
    """The score where it exceeds all of the last 150 points, else what is left of those."""
    echo, before = raw.copy(), np.zeros(len(raw))
    for points in (*_ECHO_WINDOWS, MEMORY_POINTS):
        rarest = _highest(raw, points)
        before[1:] = rarest[:-1]
        rarest -= np.log10(points) / FULL_SCORE_DIGITS
        np.maximum(echo, rarest, out=echo)
    echo *= _ECHO
    return np.where(raw > before, raw, echo)


def _highest(values: Floats, points: int) -> Floats:
    """The highest of the last so many points, of none below 0."""
    ago = (points - 1) // 2
    return np.asarray(maximum_filter1d(values, points, mode="constant", cval=0.0, origin=ago))
