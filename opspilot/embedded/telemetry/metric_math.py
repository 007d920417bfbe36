"""Metric math: numbers, series, + - * / ^, comparisons and the functions in common use.

A point that is missing in one series of an operation is missing in the result, as on CloudWatch.
What is not supported raises, so that nobody takes an empty answer for an evaluated one.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

import numpy as np

from opspilot.embedded.errors import AwsError
from opspilot.embedded.simulator.traffic import Floats
from opspilot.embedded.telemetry.metric_functions import FUNCTIONS
from opspilot.embedded.telemetry.series import Series, Value, finite, invalid

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
        function = FUNCTIONS.get(name)
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
                return finite(times, values, max(left.period_s, right.period_s))
            if isinstance(left, Series):
                values = apply(left.values, np.full(left.values.size, right))
                return finite(left.times, values, left.period_s)
            assert isinstance(right, Series)  # noqa: S101 - two numbers never come here
            values = apply(np.full(right.values.size, left), right.values)
            return finite(right.times, values, right.period_s)

    def series(self, value: Value | str) -> Series:
        """An argument that must be one series."""
        if not isinstance(value, Series):
            raise self.error("a time series is needed here")
        return value
