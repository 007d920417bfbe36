"""What the days before foretell for a day: the causal side of `rhythm`.

The profile of a day is the median by time of day over up to ten days before it. It is believed if
it has shrunk the robust spread on the days before, every one of them foretold by the days before it
(prequential validation: Dawid, JRSS A 147, 1984). From the third week on, the median of the same
weekday of up to four weeks before takes its place if it has been far better: weekends are few, so
here the mean error counts.
"""

import numpy as np
import pandas as pd

from opspilot.analysis.rhythm import (
    DAY_SECONDS,
    MIN_CYCLES,
    MUST_SHRINK_TO,
    Integers,
    at_times,
    medians,
    slots_per_day,
    spread_of,
)
from opspilot.analysis.series import Bools, Floats

_DAYS = 10
_WEEKS = (7, 14, 21, 28)
_JUDGED_DAYS = 10
_FEWEST_JUDGED = 2
_FAR_BETTER = 0.6


def past_profile(index: pd.Index, values: Floats, usable: Bools) -> tuple[Floats, Floats]:
    """For every point the value that the days before foretell, and how far that is from theirs.

    Args:
        index: Times of the points.
        values: Same length; NaN where missing.
        usable: Points that may be learned from.

    Returns:
        The value, NaN where nothing is foretold; and its deviation from the median of the day, 0
        there.
    """
    nothing = np.broadcast_to(np.nan, len(values)), np.broadcast_to(0.0, len(values))
    if not isinstance(index, pd.DatetimeIndex) or len(index) == 0:
        return nothing
    seconds = index.as_unit("s").asi8
    day = seconds // DAY_SECONDS - seconds[0] // DAY_SECONDS
    if day[-1] < MIN_CYCLES:
        return nothing
    starts = np.searchsorted(day, np.arange(int(day[-1]) + 2))
    del day
    table = _days(starts, seconds, values, usable)
    daily = pd.DataFrame(table).rolling(_DAYS, min_periods=2).median().shift(1).to_numpy()
    weekly = _of_the_weekday(table)
    profiles = {
        today: _believed(table, daily, weekly, today) for today in range(MIN_CYCLES, len(table))
    }
    if all(profile is None for profile in profiles.values()):
        return nothing
    foretold, deviation = np.full(len(values), np.nan), np.zeros(len(values))
    for today, profile in profiles.items():
        if profile is not None and starts[today] < starts[today + 1]:
            points = slice(starts[today], starts[today + 1])
            foretold[points] = at_times(profile, seconds[points], DAY_SECONDS)
            deviation[points] = foretold[points] - float(np.median(profile))
    return foretold, deviation


def _days(starts: Integers, seconds: Integers, values: Floats, usable: Bools) -> Floats:
    """Medians as (days, slots), NaN where nothing is known."""
    slots = slots_per_day(seconds)
    table = np.full((len(starts) - 1, slots), np.nan)
    for row, first, last in zip(table, starts[:-1], starts[1:], strict=True):
        if first < last:
            slot = (seconds[first:last] % DAY_SECONDS) * slots // DAY_SECONDS
            row[:] = medians(slot, np.where(usable[first:last], values[first:last], np.nan), slots)
    return table


def _of_the_weekday(table: Floats) -> Floats:
    """Median of the same weekday's earlier days, where at least two are complete."""
    found = np.full_like(table, np.nan)
    for today in range(_WEEKS[1], len(table)):
        before = table[[today - back for back in _WEEKS if back <= today]]
        whole = before[~np.isnan(before).any(axis=1)]
        if len(whole) > 1:
            found[today] = np.median(whole, axis=0)
    return found


def _believed(table: Floats, daily: Floats, weekly: Floats, today: int) -> Floats | None:
    """The profile of the weekday if it is far better, else that of all days if it is good."""
    past = slice(max(0, today - _JUDGED_DAYS), today)
    if not np.isnan(weekly[today]).any():
        apart = np.abs(table - weekly)[past], np.abs(table - daily)[past]
        both = ~np.isnan(apart[0]) & ~np.isnan(apart[1])
        enough = int(both.sum()) >= _FEWEST_JUDGED * table.shape[1]
        if enough and float(apart[0][both].mean()) <= _FAR_BETTER * float(apart[1][both].mean()):
            return weekly[today]
    good = _left_over(table[past], daily[past]) <= MUST_SHRINK_TO
    return daily[today] if good and not np.isnan(daily[today]).any() else None


def _left_over(table: Floats, profiles: Floats) -> float:
    """Robust spread around what was foretold, as part of that around the days' own median."""
    apart = table - profiles
    judged = ~np.isnan(apart)
    if int(judged.sum()) < _FEWEST_JUDGED * table.shape[1]:
        return np.inf
    before = spread_of(table[judged])
    return spread_of(apart) / before if before > 0 else np.inf
