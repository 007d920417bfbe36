"""How far each of many metrics departs in a short window, against how it wanders by itself.

Every column is put in units of its own robust scale, then the incident is scanned for the stretch
that departs most: running means over 1, 2, 4, ... rows, each divided by how far running means of
that length stray in the baseline. So autocorrelation and heavy tails are paid for where they are
seen, a short spike and a long small shift are both found, and neither the unit nor the level of a
column matters (a scan statistic: Glaz, Naus and Wallenstein, "Scan Statistics", 2001).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from opspilot.analysis.heaviness import TAIL_DF, two_sided
from opspilot.analysis.series import Floats
from opspilot.analysis.spread import IQR_TO_SIGMA

Ints = npt.NDArray[np.int64]

_OUTER = 0.99
_OUTER_T = float(stdtrit(TAIL_DF, 0.5 + _OUTER / 2))
_BLOCKS = 8
_BRIEF = 16
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Deviations:
    """What the scan found, one value per column.

    Attributes:
        p: Probability of a departure as large anywhere in the window, if nothing changed.
        sign: +1 above, -1 below.
        level: Deviation that half of the worst stretch's rows reach, signed, in robust sigma.
        onset: First row from which on the column is away, up to and through that stretch.
        at: First row of that stretch, and `width` its rows.
        tests: How many stretches were looked at.
    """

    p: Floats
    sign: Floats
    level: Floats
    onset: Ints
    at: Ints
    width: Ints
    tests: Floats


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The worst stretch of one length in each column."""

    p: Floats
    peak: Floats
    at: Ints
    width: Ints


def quantile(values: Floats, q: float) -> Floats:
    """Quantile of each column over its known values; NaN where there are none."""
    ordered = np.sort(values, axis=0)
    known = (~np.isnan(values)).sum(axis=0)
    at = q * np.maximum(known - 1, 0)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(known - 1, 0))
    column: Ints = np.arange(values.shape[1], dtype=np.int64)
    below, above = ordered[low, column], ordered[high, column]
    return below + (above - below) * (at - low)


def scale_of(values: Floats, center: Floats) -> Floats:
    """Robust sigma of each column; 0 where it never moved.

    The inter-quartile range, or the quantile that 1 in 100 values exceed where tails are heavier
    than those of the Student t. Where half of the values are equal, the standard deviation: there
    the rare moves are all that is known of its spread.
    """
    apart = np.abs(values - center)
    inner = IQR_TO_SIGMA * (quantile(values, 0.75) - quantile(values, 0.25))
    outer = quantile(apart, _OUTER) / _OUTER_T
    known = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    deviation = np.sqrt(np.nansum(apart**2, axis=0) / known)
    scale = np.where(inner > 0, np.maximum(inner, outer), deviation)
    return np.where(scale > _ROUNDING * np.abs(center), scale, 0.0)


def standardized_windows(baseline: Floats, incident: Floats) -> tuple[Floats, Floats]:
    """Both windows as deviations from the baseline's median in robust sigma.

    A column that never moved counts as one that moved once: its largest departure is as many sigma
    as the root of the baseline's length, and the others in proportion.
    """
    center = quantile(baseline, 0.5)
    scale = scale_of(baseline, center)
    apart = incident - center
    apart = np.where(np.abs(apart) > _ROUNDING * np.abs(center), apart, 0.0 * apart)
    largest = np.nanmax(np.abs(apart), axis=0)
    once = largest / np.sqrt((~np.isnan(baseline)).sum(axis=0))
    unit = np.where(scale > 0, scale, once)
    unit = np.where(unit > 0, unit, 1.0)
    still = np.where(scale > 0, baseline - center, 0.0 * baseline)
    return still / unit, apart / unit


def scan(base_z: Floats, z: Floats) -> Deviations:
    """Scans every column of the incident against its baseline, both in robust sigma."""
    widths = _widths(len(z), len(base_z))
    tests = np.array([len(widths) * len(z) / width for width in widths])
    found = [_worst(base_z, z, *way) for way in zip(widths, tests, strict=True)]
    best = np.argmin(np.stack([stretch.p for stretch in found]), axis=0)
    column: Ints = np.arange(len(best), dtype=np.int64)
    at = np.stack([stretch.at for stretch in found])[best, column]
    width = np.stack([stretch.width for stretch in found])[best, column]
    sign = np.sign(np.stack([stretch.peak for stretch in found])[best, column])
    level = _levels(z, sign, at, width)
    p = np.stack([stretch.p for stretch in found])[best, column]
    return Deviations(p, sign, level, _onsets(z, sign, level, at), at, width, tests[best])


def _worst(base_z: Floats, z: Floats, width: int, tests: float) -> _Stretch:
    known, means = running(base_z, width), running(z, width)
    column: Ints = np.arange(z.shape[1], dtype=np.int64)
    stray = np.maximum(scale_of(known, np.zeros_like(known[0])), 1.0 / np.sqrt(width))
    at = np.argmax(np.nan_to_num(np.abs(means), nan=-1.0), axis=0)
    peak = np.nan_to_num(means[at, column] / stray)
    p = np.minimum(two_sided(known / stray, peak) * tests, 1.0)
    return _Stretch(p, peak, at.astype(np.int64), np.full_like(column, width))


def _levels(z: Floats, sign: Floats, at: Ints, width: Ints) -> Floats:
    """The deviation that half of the worst stretch's rows reach; 0 where it is the other way."""
    levels: Floats = np.zeros_like(sign)
    for column, (start, length) in enumerate(zip(at, width, strict=True)):
        stretch = sign[column] * z[start : start + length, column]
        known = stretch[~np.isnan(stretch)]
        if len(known):
            levels[column] = sign[column] * max(float(np.median(known)), 0.0)
    return levels


def running(values: Floats, width: int) -> Floats:
    """Running means over `width` rows of the known values; NaN where fewer than half are known."""
    known = ~np.isnan(values)
    padded = np.zeros((1, values.shape[1]))
    sums = np.concatenate([padded, np.cumsum(np.where(known, values, 0.0), axis=0)])
    counts = np.concatenate([padded, np.cumsum(known, axis=0)])
    total, count = sums[width:] - sums[:-width], counts[width:] - counts[:-width]
    return np.where(count * 2 >= width, total / np.maximum(count, 1.0), np.nan)


def _widths(rows: int, baseline_rows: int) -> list[int]:
    """Powers of two from a sixteenth of the incident to all of it, as the baseline allows.

    What lasted shorter than a sixteenth of the window is not what the window is about.
    """
    longest = max(1, min(rows, baseline_rows // _BLOCKS))
    shortest = min(max(1, rows // _BRIEF), longest)
    powers = [2**power for power in range(longest.bit_length())]
    return [width for width in powers if shortest <= width <= longest] or [powers[-1]]


def _onsets(z: Floats, sign: Floats, level: Floats, at: Ints) -> Ints:
    """First row at half of the level that leads up to the worst stretch without a break."""
    away = np.nan_to_num(z) * sign >= 0.5 * np.abs(level)
    onsets = at.copy()
    for column, start in enumerate(at):
        clear = np.flatnonzero(away[start:, column])
        first = int(start) + (int(clear[0]) if len(clear) else 0)
        breaks = np.flatnonzero(~away[: first + 1, column])
        onsets[column] = min(first, int(breaks[-1]) + 1) if len(breaks) else 0
    return onsets
