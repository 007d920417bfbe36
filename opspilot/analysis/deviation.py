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
from scipy.special import stdtr, stdtrit

from opspilot.analysis.series import Floats
from opspilot.analysis.spread import IQR_TO_SIGMA

Ints = npt.NDArray[np.int64]

TAIL_DF = 4.0
"""Degrees of freedom of the Student tails that running means are held against."""

_OUTER = 0.99
_OUTER_T = float(stdtrit(TAIL_DF, 0.5 + _OUTER / 2))
_BLOCKS = 8
_REACHED = 0.75
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Deviations:
    """What the scan found; all but `z` one value per column.

    Attributes:
        z: Deviation of every incident row from the baseline's median in robust sigma.
        p: Probability of a departure as large anywhere in the window, if nothing changed.
        ratio: Departure of the worst stretch over the stray of such stretches in the baseline.
        sign: +1 above, -1 below.
        onset: First row of the worst stretch from which on the column is away.
        effect: Mean deviation over the worst stretch in robust sigma, signed.
        level: Deviation that a quarter of the incident's rows reach, signed, robust sigma.
    """

    z: Floats
    p: Floats
    ratio: Floats
    sign: Floats
    onset: Ints
    effect: Floats
    level: Floats


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
    with np.errstate(invalid="ignore"):
        deviation = np.sqrt(np.nanmean(apart**2, axis=0))
    scale = np.where(inner > 0, np.maximum(inner, outer), deviation)
    return np.where(scale > _ROUNDING * np.abs(center), scale, 0.0)


def deviations(baseline: Floats, incident: Floats) -> Deviations:
    """Scans every column of the incident against its baseline."""
    center = quantile(baseline, 0.5)
    scale = scale_of(baseline, center)
    noiseless = np.sqrt((~np.isnan(baseline)).sum(axis=0))
    base_z = _standard(baseline, center, scale, noiseless)
    z = _standard(incident, center, scale, noiseless)
    rows, many = z.shape
    widths = _widths(rows, len(baseline))
    best_p = np.full(many, 1.0)
    best = [np.zeros(many) for _ in range(4)]
    for width in widths:
        stray = scale_of(running(base_z, width), np.zeros(many, dtype=np.float64))
        means = running(z, width)
        ratio = means / np.maximum(stray, 1.0 / np.sqrt(width))
        at = np.argmax(np.nan_to_num(np.abs(ratio), nan=-1.0), axis=0)
        peak = ratio[at, np.arange(many)]
        tests = len(widths) * rows / width
        p = np.minimum(2.0 * np.asarray(stdtr(TAIL_DF, -np.abs(peak))) * tests, 1.0)
        better = (p < best_p) | (np.abs(peak) > np.abs(best[0])) & (p == best_p)
        for slot, value in zip(best, (peak, means[at, np.arange(many)], at, width), strict=True):
            slot[better] = np.broadcast_to(value, better.shape)[better]
        best_p = np.where(better, p, best_p)
    peak, effect, at, width = best
    sign = np.sign(peak)
    return Deviations(
        z, best_p, np.abs(peak), sign, _onsets(z, sign, effect, at), effect, _level(z)
    )


def _level(z: Floats) -> Floats:
    up, down = quantile(z, _REACHED), quantile(z, 1.0 - _REACHED)
    return np.where(up >= -down, np.maximum(up, 0.0), np.minimum(down, 0.0))


def running(values: Floats, width: int) -> Floats:
    """Running means over `width` rows of the known values; NaN where fewer than half are known."""
    known = ~np.isnan(values)
    padded = np.zeros((1, values.shape[1]))
    sums = np.concatenate([padded, np.cumsum(np.where(known, values, 0.0), axis=0)])
    counts = np.concatenate([padded, np.cumsum(known, axis=0)])
    total, count = sums[width:] - sums[:-width], counts[width:] - counts[:-width]
    return np.where(count * 2 >= width, total / np.maximum(count, 1.0), np.nan)


def _standard(values: Floats, center: Floats, scale: Floats, noiseless: Floats) -> Floats:
    """Deviations in sigma; of a column that never moved, any departure counts `NOISELESS`."""
    apart = values - center
    tiny = _ROUNDING * np.maximum(np.abs(center), np.abs(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.where(np.abs(apart) > tiny, np.sign(apart) * noiseless, 0.0)
        z = np.where(scale > 0, apart / scale, moved)
    return np.where(np.isnan(values), np.nan, z)


def _widths(rows: int, baseline_rows: int) -> list[int]:
    longest = max(1, min(rows, baseline_rows // _BLOCKS))
    return [2**power for power in range(longest.bit_length()) if 2**power <= longest]


def _onsets(z: Floats, sign: Floats, effect: Floats, at: Floats) -> Ints:
    """First row at half the worst stretch's height, at or before that stretch, without a break."""
    away = np.nan_to_num(z * sign) >= 0.5 * np.abs(effect)
    onsets = np.empty(z.shape[1], dtype=np.int64)
    for column in range(z.shape[1]):
        start = int(at[column])
        while start < len(z) - 1 and not away[start, column]:
            start += 1
        while start > 0 and away[start - 1, column]:
            start -= 1
        onsets[column] = start
    return onsets
