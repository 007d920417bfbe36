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
    foretold, deviation = np.full(len(values), np.nan), np.zeros(len(values))
    if not isinstance(index, pd.DatetimeIndex) or len(index) == 0:
        return foretold, deviation
    seconds = index.as_unit("s").asi8
    day = seconds // DAY_SECONDS - seconds[0] // DAY_SECONDS
    if day[-1] < MIN_CYCLES:
        return foretold, deviation
    table = _days(day, seconds, np.where(usable, values, np.nan))
    daily = pd.DataFrame(table).rolling(_DAYS, min_periods=2).median().shift(1).to_numpy()
    weekly = _of_the_weekday(table)
    starts = np.searchsorted(day, np.arange(len(table) + 1))
    for today in range(MIN_CYCLES, len(table)):
        profile = _believed(table, daily, weekly, today)
        if profile is not None and starts[today] < starts[today + 1]:
            points = slice(starts[today], starts[today + 1])
            foretold[points] = at_times(profile, seconds[points], DAY_SECONDS)
            deviation[points] = foretold[points] - float(np.median(profile))
    return foretold, deviation


def _days(day: Integers, seconds: Integers, values: Floats) -> Floats:
    """Medians as (days, slots), NaN where nothing is known."""
    slots = slots_per_day(seconds)
    slot = (seconds % DAY_SECONDS) * slots // DAY_SECONDS
    table = np.full((int(day[-1]) + 1, slots), np.nan)
    frame = pd.DataFrame({"day": day, "slot": slot, "value": values})
    medians = frame.groupby(["day", "slot"])["value"].median()
    places = medians.index
    table[places.get_level_values(0), places.get_level_values(1)] = medians.to_numpy()
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
