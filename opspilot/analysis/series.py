"""The form in which algorithms take a series: ascending unique times, finite values or NaN."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from opspilot.domain.signals import Signal
from opspilot.domain.telemetry import MetricSeries
from opspilot.domain.window import Window
from opspilot.errors import InputError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LARGEST = 2.0**360
"""CloudWatch takes no value beyond it, and squares of what is below can still be added up."""

_PUBLISHING_DELAY_PERIODS = 3


class SeriesError(InputError, ValueError):
    """A series cannot be analysed as it is; the message names it."""


def checked_values(series: pd.Series) -> Floats:
    """The values of a series as floats, one per index entry.

    Raises:
        SeriesError: Times are unsorted or repeated, or a value is no number, infinite or beyond
            2^360.
    """
    name = repr(series.name) if series.name is not None else "the series"
    if not series.index.is_monotonic_increasing:
        raise SeriesError(f"{name}: times are not in ascending order", hint="Sort the index.")
    if not series.index.is_unique:
        first = series.index[series.index.duplicated()][0]
        raise SeriesError(f"{name}: time {first} appears twice", hint="Aggregate equal times.")
    values = _numbers(series, name)
    if bool(np.isinf(values).any()):
        raise SeriesError(f"{name}: a value is infinite", hint="Use NaN for a missing point.")
    if bool((np.abs(values) > LARGEST).any()):
        raise SeriesError(f"{name}: a value is beyond 2^360", hint="Use NaN for a missing point.")
    return values


def _numbers(series: pd.Series, name: str) -> Floats:
    if series.dtype.kind not in "cmM":
        try:
            return series.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as exc:
            raise SeriesError(f"{name}: a value is no number", hint="Convert the values.") from exc
    raise SeriesError(f"{name}: values of type {series.dtype} are no numbers")


def outside(index: pd.Index, windows: Sequence[Window | tuple[object, object]]) -> Bools:
    """Which index entries lie in none of the half-open windows."""
    kept = np.ones(len(index), dtype=np.bool_)
    for window in windows:
        start, end = (window.start, window.end) if isinstance(window, Window) else window
        first, last = (_as_utc(index, bound) for bound in (start, end))
        kept &= ~np.asarray((index >= first) & (index < last), dtype=np.bool_)
    return kept


def _as_utc(index: pd.Index, bound: object) -> object:
    """The bound in the zone of the index (a naive index is read as UTC); other indexes as it is."""
    if not isinstance(index, pd.DatetimeIndex):
        return bound
    stamp = pd.Timestamp(bound)  # type: ignore[arg-type]
    if index.tz is None:
        return stamp.tz_convert("UTC").tz_localize(None) if stamp.tz is not None else stamp
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp


def from_telemetry(series: MetricSeries, signal: Signal) -> pd.Series:
    """A CloudWatch answer as a pandas series on its own times.

    For signals where a missing point means that nothing happened, missing periods become zero, but
    only if the resource sent anything in the window at all, and not in the last periods, which may
    still be on their way. A count of the newest period is not taken: it may not be whole yet.
    """
    step = timedelta(seconds=series.period_seconds)
    observed = pd.Series(
        list(series.values),
        index=pd.DatetimeIndex(list(series.times), tz="UTC"),
        dtype="float64",
        name=f"{signal.name} of {'/'.join(value for _, value in series.query.dimensions)}",
    )
    if signal.kind != "count":
        return observed
    whole = observed[observed.index <= pd.Timestamp(series.window.end - 2 * step)]
    if not signal.missing_is_zero or whole.empty:
        return whole
    return _zero_filled(whole, series.window, step)


def _zero_filled(observed: pd.Series, window: Window, step: timedelta) -> pd.Series:
    first = observed.index[0]
    lead = (first - pd.Timestamp(window.start)) // step
    settled = pd.Timestamp(window.end) - step * (1 + _PUBLISHING_DELAY_PERIODS)
    last = max(observed.index[-1], first + ((settled - first) // step) * step)
    grid = pd.date_range(first - lead * step, last, freq=pd.Timedelta(step))
    times = grid.union(pd.DatetimeIndex(observed.index))
    filled = observed.reindex(times).fillna(0.0)
    filled.name = observed.name
    return filled
