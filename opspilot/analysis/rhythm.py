"""A daily and a weekly rhythm, only where the data covers it and a test shows it.

The profile is the median by place in the cycle, as deviation from the overall median. It is
believed only if it predicts cycles that it has not seen: leave-one-cycle-out cross-validation must
shrink the robust spread of the residuals (Stone, "Cross-validatory choice", JRSS B 36, 1974). A
random walk has a time-of-day shape on any one day too; it does not repeat, and so fails here. What
a day leaves unexplained may then follow the week.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from opspilot.analysis.series import Bools, Floats

Integers = npt.NDArray[np.int64]

DAY_SECONDS = 86_400
WEEK_SECONDS = 7 * DAY_SECONDS
MIN_CYCLES = 3
MUST_SHRINK_TO = 0.85

_MIN_COVERAGE = 0.7
_HALF_HOURS, _HOURS = 48, 24
_HALF_HOUR_SECONDS = 1_800
_TOLD_BY_POINTS = 24


def rhythm_of(index: pd.Index, values: Floats, usable: Bools) -> Floats:
    """Expected deviation by time of day and of week for every point; zeros where none is shown.

    Args:
        index: Times of the points.
        values: Same length; NaN where missing.
        usable: Points that may be learned from.
    """
    daily = _profile(index, values, usable, DAY_SECONDS)
    return daily + _profile(index, values - daily, usable, WEEK_SECONDS)


def slots_per_day(seconds: Integers) -> int:
    """Half hours, or hours where the points (the first of them tell) are further apart."""
    apart = np.diff(seconds[:_TOLD_BY_POINTS])
    coarse = len(apart) > 0 and float(np.median(apart)) > _HALF_HOUR_SECONDS
    return _HOURS if coarse else _HALF_HOURS


def at_times(profile: Floats, seconds: Integers, cycle: int) -> Floats:
    """The profile between the middles of its slots."""
    slots = len(profile)
    position = (seconds % cycle) * slots / cycle - 0.5
    around = np.concatenate([profile[-1:], profile, profile[:1]])
    return np.interp(position, np.arange(-1, slots + 1), around)


def spread_of(values: Floats) -> float:
    """Median distance from the median, of what is known."""
    finite = values[~np.isnan(values)]
    return float(np.median(np.abs(finite - np.median(finite))))


def medians(slot: Integers, values: Floats, slots: int) -> Floats:
    """Of the known values of each slot; `slot` ascends."""
    counts = np.bincount(slot, minlength=slots)
    place = np.arange(len(slot)) - (np.cumsum(counts) - counts)[slot]
    table = np.full((slots, int(counts.max())), np.nan)
    table[slot, place] = values
    table.sort(axis=1)
    known = (~np.isnan(table)).sum(axis=1)
    every = np.arange(slots)
    return (table[every, (known - 1) // 2] + table[every, known // 2]) / 2.0


def _profile(index: pd.Index, values: Floats, usable: Bools, cycle: int) -> Floats:
    none = np.zeros(len(values))
    if not isinstance(index, pd.DatetimeIndex) or len(index) == 0:
        return none
    seconds = index.as_unit("s").asi8
    if seconds[-1] - seconds[0] < (MIN_CYCLES - 1) * cycle:
        return none
    slots = slots_per_day(seconds) * cycle // DAY_SECONDS
    table = _table(seconds, values, usable, cycle, slots)
    if table is None or not _predicts_unseen_cycles(table):
        return none
    profile = np.nanmedian(table, axis=0)
    return at_times(profile, seconds, cycle) - float(np.median(profile))


def _table(
    seconds: Integers, values: Floats, usable: Bools, cycle: int, slots: int
) -> Floats | None:
    """Medians as (cycles, slots); None unless enough whole cycles are covered.

    One cycle after another, so that a long series takes no more room than a short one.
    """
    turns = np.arange(int(seconds[0]) // cycle, int(seconds[-1]) // cycle + 2, dtype=np.int64)
    starts = np.searchsorted(seconds, turns * cycle)
    table = np.full((len(turns) - 1, slots), np.nan)
    for row, first, last in zip(table, starts[:-1], starts[1:], strict=True):
        if first < last:
            slot = (seconds[first:last] % cycle) * slots // cycle
            row[:] = medians(slot, np.where(usable[first:last], values[first:last], np.nan), slots)
    covered = table[(~np.isnan(table)).mean(axis=1) >= _MIN_COVERAGE]
    if len(covered) < MIN_CYCLES or bool(np.isnan(covered).all(axis=0).any()):
        return None
    return covered


def _predicts_unseen_cycles(table: Floats) -> bool:
    unexplained: list[Floats] = []
    for left_out in range(len(table)):
        rest = np.delete(table, left_out, axis=0)
        if bool(np.isnan(rest).all(axis=0).any()):
            return False
        unexplained.append(table[left_out] - np.nanmedian(rest, axis=0))
    with_rhythm, without = spread_of(np.concatenate(unexplained)), spread_of(table.ravel())
    return without > 0 and with_rhythm <= MUST_SHRINK_TO * without
