"""The functions of metric math."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from opspilot.embedded.errors import AwsError
from opspilot.embedded.simulator.traffic import Floats
from opspilot.embedded.telemetry.series import Series, Value, finite


class Context(Protocol):
    """What a function may ask of the expression that calls it."""

    metrics: Mapping[str, Series]
    span: tuple[float, float]

    def error(self, why: str) -> AwsError:
        """An error about the expression."""
        ...

    def series(self, value: Value | str) -> Series:
        """An argument that must be one series."""
        ...


Function = Callable[[Context, list[Value | str]], Value]


def _metrics(parser: Context, arguments: list[Value | str]) -> Value:
    part = arguments[0] if arguments else ""
    if not isinstance(part, str) or len(arguments) > 1:
        raise parser.error("METRICS takes at most one text")
    return [series for name, series in parser.metrics.items() if part in name]


def _reduce(reducer: Callable[[Floats], float]) -> Function:
    def call(parser: Context, arguments: list[Value | str]) -> Value:
        if len(arguments) != 1 or isinstance(arguments[0], str):
            raise parser.error("one series or one array is needed")
        value = arguments[0]
        if isinstance(value, list):
            return _across(value, reducer)
        if isinstance(value, Series):
            if not value.values.size:
                raise parser.error("there is no data to reduce to a number")
            return float(reducer(value.values))
        return value

    return call


def _across(series: list[Series], reducer: Callable[[Floats], float]) -> Series:
    """One value for each time at which any of the series has one."""
    if not series:
        return Series(np.empty(0), np.empty(0), 60)
    times = np.unique(np.concatenate([s.times for s in series]))
    grid = np.full((len(series), times.size), np.nan)
    for row, item in enumerate(series):
        grid[row, np.searchsorted(times, item.times)] = item.values
    values = np.array([reducer(column[np.isfinite(column)]) for column in grid.T])
    return Series(times, values, max(s.period_s for s in series))


def _fill(parser: Context, arguments: list[Value | str]) -> Value:
    if len(arguments) != 2:
        raise parser.error("FILL needs a series and a value")
    value, filler = arguments
    if isinstance(value, list):
        return [_filled(parser, item, filler) for item in value]
    return _filled(parser, parser.series(value), filler)


def _filled(parser: Context, series: Series, filler: Value | str) -> Series:
    period = series.period_s
    first = parser.span[0] // period * period
    grid = np.arange(first, parser.span[1], period)
    if filler in ("REPEAT", "LINEAR") and not series.times.size:
        return series
    if filler == "LINEAR":
        return Series(grid, np.interp(grid, series.times, series.values), period)
    if filler == "REPEAT":
        index = np.maximum(np.searchsorted(series.times, grid, side="right") - 1, 0)
        return Series(grid, series.values[index], period)
    if not isinstance(filler, float):
        raise parser.error("FILL takes a number, REPEAT or LINEAR")
    values = np.full(grid.size, filler)
    values[np.searchsorted(grid, series.times)] = series.values
    return Series(grid, values, period)


def _map(change: Callable[[Series], Series]) -> Function:
    def call(parser: Context, arguments: list[Value | str]) -> Value:
        if len(arguments) != 1:
            raise parser.error("one argument is needed")
        value = arguments[0]
        if isinstance(value, list):
            return [change(item) for item in value]
        return change(parser.series(value))

    return call


def _difference(series: Series) -> Series:
    return Series(series.times[1:], np.diff(series.values), series.period_s)


def _rate(series: Series) -> Series:
    values = np.diff(series.values) / np.diff(series.times)
    return Series(series.times[1:], values, series.period_s)


def _values(change: Callable[[Floats], Floats]) -> Callable[[Series], Series]:
    return lambda series: Series(series.times, change(series.values), series.period_s)


def _if(parser: Context, arguments: list[Value | str]) -> Value:
    if len(arguments) not in (2, 3):
        raise parser.error("IF needs a condition and one or two values")
    condition = parser.series(arguments[0])
    chosen = _aligned(parser, condition, arguments[1])
    other: Floats = np.full(condition.times.size, np.nan)
    if len(arguments) == 3:
        other = _aligned(parser, condition, arguments[2])
    values = np.where(condition.values != 0, chosen, other)
    return finite(condition.times, values, condition.period_s)


def _aligned(parser: Context, grid: Series, value: Value | str) -> Floats:
    if isinstance(value, float):
        return np.full(grid.times.size, value)
    series = parser.series(value)
    result = np.full(grid.times.size, np.nan)
    _, mine, theirs = np.intersect1d(grid.times, series.times, return_indices=True)
    result[mine] = series.values[theirs]
    return result


def _period(parser: Context, arguments: list[Value | str]) -> Value:
    if len(arguments) != 1:
        raise parser.error("PERIOD needs one series")
    return float(parser.series(arguments[0]).period_s)


FUNCTIONS: Mapping[str, Function] = {
    "METRICS": _metrics,
    "SUM": _reduce(np.sum),
    "AVG": _reduce(np.mean),
    "MIN": _reduce(np.min),
    "MAX": _reduce(np.max),
    "FILL": _fill,
    "IF": _if,
    "PERIOD": _period,
    "DIFF": _map(_difference),
    "RATE": _map(_rate),
    "ABS": _map(_values(np.abs)),
    "CEIL": _map(_values(np.ceil)),
    "FLOOR": _map(_values(np.floor)),
    "RUNNING_SUM": _map(_values(np.cumsum)),
}
