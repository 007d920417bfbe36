"""A daily rhythm, only where the data covers it and a test shows it.

The profile is the median by time of day, as deviation from the overall median. It is believed only
if it predicts days that it has not seen: leave-one-day-out cross-validation must shrink the robust
spread of the residuals (Stone, "Cross-validatory choice", JRSS B 36, 1974). A random walk has a
time-of-day shape on any one day too; it does not repeat, and so fails here.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from opspilot.analysis.series import Bools, Floats

Integers = npt.NDArray[np.int64]

_SECONDS_PER_DAY = 86_400
_MIN_DAYS = 3
_MIN_COVERAGE = 0.7
_SLOTS = 48
_MUST_SHRINK_TO = 0.85
_PAST_DAYS = 10


def daily_profile(index: pd.Index, values: Floats, usable: Bools) -> Floats:
    """Expected deviation by time of day for every point; zeros where no rhythm is shown.

    Args:
        index: Times of the points.
        values: Same length; NaN where missing.
        usable: Points that may be learned from.
    """
    none = np.zeros(len(values))
    if not isinstance(index, pd.DatetimeIndex) or len(index) == 0:
        return none
    seconds = index.as_unit("s").asi8
    if seconds[-1] - seconds[0] < (_MIN_DAYS - 1) * _SECONDS_PER_DAY:
        return none
    day = seconds // _SECONDS_PER_DAY
    slot = (seconds % _SECONDS_PER_DAY) * _SLOTS // _SECONDS_PER_DAY
    table = _table(day[usable], slot[usable], values[usable])
    if table is None or not _predicts_unseen_days(table):
        return none
    profile = np.nanmedian(table, axis=0)
    return _at_times(profile, seconds) - float(np.median(profile))


def _at_times(profile: Floats, seconds: Integers) -> Floats:
    """The profile between the middles of its slots."""
    position = (seconds % _SECONDS_PER_DAY) * _SLOTS / _SECONDS_PER_DAY - 0.5
    around = np.concatenate([profile[-1:], profile, profile[:1]])
    return np.interp(position, np.arange(-1, _SLOTS + 1), around)


def _table(day: Integers, slot: Integers, values: Floats) -> Floats | None:
    """Medians as (days, slots); None unless enough whole days are covered."""
    frame = pd.DataFrame({"day": day, "slot": slot, "value": values}).dropna()
    if frame.empty:
        return None
    medians = frame.groupby(["day", "slot"])["value"].median().unstack()
    medians = medians.reindex(columns=range(_SLOTS))
    covered = medians[medians.notna().mean(axis=1) >= _MIN_COVERAGE]
    if len(covered) < _MIN_DAYS or bool(covered.isna().all().any()):
        return None
    return covered.to_numpy(dtype=np.float64)


def _days(day: Integers, slot: Integers, values: Floats) -> Floats:
    """Medians as (days, slots), NaN where nothing is known."""
    table = np.full((int(day[-1]) + 1, _SLOTS), np.nan)
    frame = pd.DataFrame({"day": day, "slot": slot, "value": values})
    medians = frame.groupby(["day", "slot"])["value"].median()
    places = medians.index
    table[places.get_level_values(0), places.get_level_values(1)] = medians.to_numpy()
    return table


def _foretells(table: Floats, profiles: Floats) -> bool:
    """Whether these days lie closer to what was foretold for them than to their own median."""
    apart = table - profiles
    judged = ~np.isnan(apart)
    if int(judged.sum()) < _SLOTS:
        return False
    return _spread(apart) <= _MUST_SHRINK_TO * _spread(table[judged]) > 0


def _predicts_unseen_days(table: Floats) -> bool:
    unexplained: list[Floats] = []
    for left_out in range(len(table)):
        rest = np.delete(table, left_out, axis=0)
        if bool(np.isnan(rest).all(axis=0).any()):
            return False
        unexplained.append(table[left_out] - np.nanmedian(rest, axis=0))
    with_rhythm, without = _spread(np.concatenate(unexplained)), _spread(table.ravel())
    return without > 0 and with_rhythm <= _MUST_SHRINK_TO * without


def _spread(values: Floats) -> float:
    finite = values[~np.isnan(values)]
    return float(np.median(np.abs(finite - np.median(finite))))


def past_profile(index: pd.Index, values: Floats, usable: Bools) -> tuple[Floats, Floats]:
    """For every point the value that the days before foretell, and how far that is from theirs.

    The profile of a day is the median by time of day over up to ten days before it. It is believed
    on a day only if it has shrunk the robust spread on the days before, each foretold by the days
    before it.

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
    day = seconds // _SECONDS_PER_DAY - seconds[0] // _SECONDS_PER_DAY
    if day[-1] < _MIN_DAYS:
        return foretold, deviation
    slot = (seconds % _SECONDS_PER_DAY) * _SLOTS // _SECONDS_PER_DAY
    table = _days(day, slot, np.where(usable, values, np.nan))
    window = pd.DataFrame(table).rolling(_PAST_DAYS, min_periods=2)
    profiles = window.median().shift(1).to_numpy(dtype=np.float64)
    for today in range(_MIN_DAYS, len(table)):
        first = max(0, today - _PAST_DAYS)
        profile = profiles[today]
        if not np.isnan(profile).any() and _foretells(table[first:today], profiles[first:today]):
            points = np.flatnonzero(day == today)
            foretold[points] = _at_times(profile, seconds[points])
            deviation[points] = foretold[points] - float(np.median(profile))
    return foretold, deviation
