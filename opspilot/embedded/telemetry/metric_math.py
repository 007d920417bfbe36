"""Metric math: numbers, series, + - * / ^, comparisons and the functions in common use.

A point that is missing in one series of an operation is missing in the result, as on CloudWatch.
What is not supported raises, so that nobody takes an empty answer for an evaluated one.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from opspilot.embedded.errors import AwsError
from opspilot.embedded.simulator.traffic import Floats


@dataclass(frozen=True, slots=True)
class Series:
    """Points by time."""

    times: Floats
    values: Floats
    period_s: int


Value = float | Series | list[Series]
_Function = Callable[["_Parser", list["Value | str"]], "Value"]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|"
    r"(?P<text>\"[^\"]*\"|'[^']*')|(?P<op>&&|\|\||==|!=|<=|>=|[-+*/^()<>,\[\]]))"
)
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"||"}),
    frozenset({"&&"}),
    frozenset({"==", "!=", "<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
    frozenset({"^"}),
)
_OPERATORS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": np.divide,
    "^": np.power,
    "==": lambda a, b: np.equal(a, b).astype(np.float64),
    "!=": lambda a, b: np.not_equal(a, b).astype(np.float64),
    "<": lambda a, b: np.less(a, b).astype(np.float64),
    "<=": lambda a, b: np.less_equal(a, b).astype(np.float64),
    ">": lambda a, b: np.greater(a, b).astype(np.float64),
    ">=": lambda a, b: np.greater_equal(a, b).astype(np.float64),
    "&&": lambda a, b: np.logical_and(a, b).astype(np.float64),
    "||": lambda a, b: np.logical_or(a, b).astype(np.float64),
}


def invalid(expression: str, why: str) -> AwsError:
    """The error for an expression that cannot be evaluated."""
    return AwsError("ValidationError", f"Error in expression '{expression}': {why}")


def references(expression: str) -> set[str]:
    """Ids that an expression names (functions and keywords are upper case)."""
    names = re.findall(r"\b[a-z]\w*\b", re.sub(r"\"[^\"]*\"|'[^']*'", "", expression))
    return set(names)


def evaluate(
    expression: str,
    known: Mapping[str, Series],
    metrics: Mapping[str, Series],
    span: tuple[float, float],
) -> list[Series]:
    """The series of an expression.

    Args:
        expression: The text.
        known: Every series that may be named, by id.
        metrics: Those among them that METRICS() means.
        span: Start and end of the query, for FILL.

    Raises:
        AwsError: ValidationError, when it cannot be evaluated.
    """
    value = _Parser(expression, known, metrics, span).parse()
    if isinstance(value, Series):
        return [value]
    if isinstance(value, list):
        return value
    raise invalid(expression, "the result must be a time series, not a number")


class _Parser:
    """Precedence climbing that evaluates while it reads."""

    def __init__(
        self,
        expression: str,
        known: Mapping[str, Series],
        metrics: Mapping[str, Series],
        span: tuple[float, float],
    ) -> None:
        self.expression = expression
        self.metrics = metrics
        self.span = span
        self._known = known
        self._tokens = self._read()
        self._position = 0

    def parse(self) -> Value:
        """The value of the whole expression."""
        value = self._binary(0)
        if self._peek() is not None:
            raise self.error(f"unexpected '{self._peek()}'")
        return value

    def error(self, why: str) -> AwsError:
        """An error about this expression."""
        return invalid(self.expression, why)

    def _read(self) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        text = self.expression.rstrip()
        position = 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise self.error(f"cannot read it from '{text[position:]}'")
            tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        if not tokens:
            raise self.error("it is empty")
        return tokens

    def _peek(self) -> str | None:
        return self._tokens[self._position][1] if self._position < len(self._tokens) else None

    def _take(self) -> tuple[str, str]:
        if self._position >= len(self._tokens):
            raise self.error("it ends too early")
        self._position += 1
        return self._tokens[self._position - 1]

    def _expect(self, text: str) -> None:
        if self._take()[1] != text:
            raise self.error(f"'{text}' is missing")

    def _binary(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in _LEVELS[level]:
            sign = self._take()[1]
            left = self.combine(sign, left, self._binary(level + 1))
        return left

    def _unary(self) -> Value:
        if self._peek() == "-":
            self._take()
            return self.combine("*", -1.0, self._unary())
        return self._atom()

    def _atom(self) -> Value:
        kind, text = self._take()
        if kind == "number":
            return float(text)
        if text == "(":
            value = self._binary(0)
            self._expect(")")
            return value
        if text == "[":
            return self._list()
        if kind == "name" and self._peek() == "(":
            return self._call(text)
        if kind == "name" and text in self._known:
            return self._known[text]
        raise self.error(f"unknown '{text}'")

    def _list(self) -> list[Series]:
        items: list[Series] = []
        while self._peek() != "]":
            value = self._binary(0)
            if isinstance(value, list):
                items.extend(value)
            elif isinstance(value, Series):
                items.append(value)
            else:
                raise self.error("an array holds series, not numbers")
            if self._peek() == ",":
                self._take()
        self._take()
        return items

    def _call(self, name: str) -> Value:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise self.error(f"the embedded account does not support the function {name}")
        self._take()
        arguments: list[Value | str] = []
        while self._peek() != ")":
            arguments.append(self._argument())
            if self._peek() == ",":
                self._take()
        self._take()
        return function(self, arguments)

    def _argument(self) -> Value | str:
        if self._position < len(self._tokens):
            kind, text = self._tokens[self._position]
            if kind == "text":
                self._position += 1
                return text[1:-1]
            if text in ("REPEAT", "LINEAR"):
                self._position += 1
                return text
        return self._binary(0)

    def combine(self, sign: str, left: Value, right: Value) -> Value:
        """A binary operation between numbers, series and arrays of series."""
        if isinstance(left, list):
            return [self._pair(sign, item, self._single(right)) for item in left]
        if isinstance(right, list):
            return [self._pair(sign, left, item) for item in right]
        if isinstance(left, float) and isinstance(right, float):
            if sign == "/" and right == 0.0:
                raise self.error("division by zero")
            return float(_OPERATORS[sign](np.array([left]), np.array([right]))[0])
        return self._pair(sign, left, right)

    def _single(self, value: Value) -> float | Series:
        if isinstance(value, list):
            raise self.error("an operation between two arrays is not possible")
        return value

    def _pair(self, sign: str, left: float | Series, right: float | Series) -> Series:
        apply = _OPERATORS[sign]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if isinstance(left, Series) and isinstance(right, Series):
                times, mine, theirs = np.intersect1d(left.times, right.times, return_indices=True)
                values = apply(left.values[mine], right.values[theirs])
                return _finite(times, values, max(left.period_s, right.period_s))
            if isinstance(left, Series):
                values = apply(left.values, np.full(left.values.size, right))
                return _finite(left.times, values, left.period_s)
            assert isinstance(right, Series)  # noqa: S101 - two numbers never come here
            values = apply(np.full(right.values.size, left), right.values)
            return _finite(right.times, values, right.period_s)

    def series(self, value: Value | str) -> Series:
        """An argument that must be one series."""
        if not isinstance(value, Series):
            raise self.error("a time series is needed here")
        return value


def _finite(times: Floats, values: Floats, period_s: int) -> Series:
    """Points that divide by zero are missing."""
    kept = np.isfinite(values)
    return Series(times[kept], values[kept], period_s)


# -- functions ------------------------------------------------------------------------------------


def _metrics(parser: _Parser, arguments: list[Value | str]) -> Value:
    part = arguments[0] if arguments else ""
    if not isinstance(part, str) or len(arguments) > 1:
        raise parser.error("METRICS takes at most one text")
    return [series for name, series in parser.metrics.items() if part in name]


def _reduce(reducer: Callable[[Floats], float]) -> _Function:
    def call(parser: _Parser, arguments: list[Value | str]) -> Value:
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


def _fill(parser: _Parser, arguments: list[Value | str]) -> Value:
    if len(arguments) != 2:
        raise parser.error("FILL needs a series and a value")
    value, filler = arguments
    if isinstance(value, list):
        return [_filled(parser, item, filler) for item in value]
    return _filled(parser, parser.series(value), filler)


def _filled(parser: _Parser, series: Series, filler: Value | str) -> Series:
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


def _map(change: Callable[[Series], Series]) -> _Function:
    def call(parser: _Parser, arguments: list[Value | str]) -> Value:
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


def _if(parser: _Parser, arguments: list[Value | str]) -> Value:
    if len(arguments) not in (2, 3):
        raise parser.error("IF needs a condition and one or two values")
    condition = parser.series(arguments[0])
    chosen = _aligned(parser, condition, arguments[1])
    other: Floats = np.full(condition.times.size, np.nan)
    if len(arguments) == 3:
        other = _aligned(parser, condition, arguments[2])
    values = np.where(condition.values != 0, chosen, other)
    return _finite(condition.times, values, condition.period_s)


def _aligned(parser: _Parser, grid: Series, value: Value | str) -> Floats:
    if isinstance(value, float):
        return np.full(grid.times.size, value)
    series = parser.series(value)
    result = np.full(grid.times.size, np.nan)
    _, mine, theirs = np.intersect1d(grid.times, series.times, return_indices=True)
    result[mine] = series.values[theirs]
    return result


def _period(parser: _Parser, arguments: list[Value | str]) -> Value:
    if len(arguments) != 1:
        raise parser.error("PERIOD needs one series")
    return float(parser.series(arguments[0]).period_s)


_FUNCTIONS: Mapping[str, _Function] = {
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
