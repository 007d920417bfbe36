"""Logs Insights: the value of an expression for a row."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from opspilot.embedded.telemetry.insights_nodes import (
    Apply,
    Constant,
    Field,
    Node,
    Pattern,
    Several,
    malformed,
)
from opspilot.embedded.telemetry.insights_rows import Instant, Row, Scalar, number_of, show

_BINS = ("bin", "datefloor")
_BIN_UNITS: Mapping[str, tuple[float, int]] = {
    "ms": (0.001, 1000),
    "s": (1.0, 60),
    "m": (60.0, 60),
    "h": (3600.0, 24),
    "d": (86400.0, 366),
    "w": (604800.0, 53),
}


def evaluate(node: Node, row: Row) -> Scalar:
    """The value of an expression for a row."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Field):
        return row.get(node.name)
    if isinstance(node, (Pattern, Several)):
        raise malformed("a regular expression or a list cannot stand here")
    if node.name in ("and", "or"):
        first = truth(evaluate(node.arguments[0], row))
        if first == (node.name == "or"):
            return first
        return truth(evaluate(node.arguments[1], row))
    if node.name == "like":
        return _like(node, row)
    if node.name == "in":
        return _contains(node, row)
    if node.name in _BINS:
        return _bin(node, row)
    function = _FUNCTIONS.get(node.name)
    if function is None:
        raise malformed(f"unknown function {node.name} in {node.text}")
    return function([evaluate(argument, row) for argument in node.arguments], node)


def check(node: Node, *, aggregates: bool) -> None:
    """Refuse an expression that no row could evaluate, before any row is read."""
    if isinstance(node, Several):
        for item in node.items:
            check(item, aggregates=False)
    if not isinstance(node, Apply):
        return
    known = node.name in _FUNCTIONS or node.name in ("and", "or", "like", "in", *_BINS)
    if node.aggregates and node.name not in ("min", "max") and not aggregates:
        raise malformed(f"{node.name} can only stand in stats: {node.text}")
    if not known and not node.aggregates:
        raise malformed(f"unknown function {node.name} in {node.text}")
    if node.name in _BINS:
        bin_seconds(node)
        return
    for argument in node.arguments:
        if isinstance(argument, Pattern) and node.name != "like":
            raise malformed(f"a regular expression cannot stand in {node.text}")
        check(argument, aggregates=aggregates and not node.aggregates)


def truth(value: Scalar) -> bool:
    """Whether a value counts as true."""
    if isinstance(value, str):
        return value not in ("", "0", "false")
    return bool(value)


def _like(node: Apply, row: Row) -> bool:
    value = evaluate(node.arguments[0], row)
    if value is None:
        return False
    wanted = node.arguments[1]
    text = show(value)
    if isinstance(wanted, Pattern):
        return wanted.regex.search(text) is not None
    return show(evaluate(wanted, row)) in text


def _contains(node: Apply, row: Row) -> bool:
    value = evaluate(node.arguments[0], row)
    items = node.arguments[1]
    if not isinstance(items, Several):
        raise malformed(f"in needs a list: {node.text}")
    return any(_equal(value, evaluate(item, row)) for item in items.items)


def _equal(left: Scalar, right: Scalar) -> bool:
    if left is None or right is None:
        return False
    first, second = number_of(left), number_of(right)
    if first is not None and second is not None:
        return first == second
    return show(left) == show(right)


_Function = Callable[[list[Scalar], Apply], Scalar]


def _order(compare: Callable[[float, float], bool]) -> _Function:
    def call(values: list[Scalar], _: Apply) -> Scalar:
        left, right = values
        if left is None or right is None:
            return False
        first, second = number_of(left), number_of(right)
        if first is None or second is None:
            return compare(_text_order(show(left), show(right)), 0.0)
        return compare(first, second)

    return call


def _text_order(left: str, right: str) -> float:
    return float((left > right) - (left < right))


def _arithmetic(apply: Callable[[float, float], float]) -> _Function:
    def call(values: list[Scalar], _: Apply) -> Scalar:
        first, second = number_of(values[0]), number_of(values[1])
        if first is None or second is None:
            return None
        try:
            return float(apply(first, second))
        except (ZeroDivisionError, OverflowError, ValueError):
            return None

    return call


def _numeric(apply: Callable[[float], float]) -> _Function:
    def call(values: list[Scalar], node: Apply) -> Scalar:
        number = number_of(_first(values, node))
        if number is None:
            return None
        try:
            return float(apply(number))
        except ValueError:
            return None

    return call


def _textual(apply: Callable[[str], Scalar]) -> _Function:
    def call(values: list[Scalar], node: Apply) -> Scalar:
        value = _first(values, node)
        return None if value is None else apply(show(value))

    return call


def _first(values: list[Scalar], node: Apply) -> Scalar:
    if not values:
        raise malformed(f"an argument is missing in {node.text}")
    return values[0]


def _bin(node: Apply, row: Row) -> Scalar:
    source = node.arguments[0] if len(node.arguments) > 1 else Field("@timestamp")
    at = number_of(evaluate(source, row))
    step = bin_seconds(node) * 1000.0
    return None if at is None else Instant(at // step * step)


def _instant(value: Scalar) -> Scalar:
    number = number_of(value)
    return None if number is None else Instant(number)


def bin_seconds(node: Apply) -> float:
    """Length of the bins of bin(5m): the number is capped by unit, as on AWS."""
    argument = node.arguments[-1] if node.arguments else None
    return _period(str(argument.value) if isinstance(argument, Constant) else "", node.text)


@lru_cache(maxsize=256)
def _period(text: str, whole: str) -> float:
    found = re.fullmatch(r"(\d+)(ms|[smhdw])", text)
    if found is None:
        raise malformed(f"bin needs a period such as 5m: {whole}")
    unit, cap = _BIN_UNITS[found[2]]
    return max(min(int(found[1]), cap), 1) * unit


def _two_texts(apply: Callable[[str, str], bool]) -> _Function:
    def call(values: list[Scalar], node: Apply) -> Scalar:
        if len(values) != 2:
            raise malformed(f"two arguments are needed in {node.text}")
        return values[0] is not None and apply(show(values[0]), show(values[1]))

    return call


def _substr(values: list[Scalar], node: Apply) -> Scalar:
    text = show(_first(values, node))
    bounds = [int(number_of(v) or 0) for v in values[1:]]
    end = bounds[0] + bounds[1] if len(bounds) > 1 else None
    return text[bounds[0] if bounds else 0 : end]


def _extreme(pick: Callable[[list[float]], float]) -> _Function:
    def call(values: list[Scalar], _: Apply) -> Scalar:
        numbers = [n for n in map(number_of, values) if n is not None]
        return pick(numbers) if numbers else None

    return call


_FUNCTIONS: Mapping[str, _Function] = {
    "=": lambda v, _: _equal(v[0], v[1]),
    "!=": lambda v, _: not _equal(v[0], v[1]),
    "<": _order(operator.lt),
    "<=": _order(operator.le),
    ">": _order(operator.gt),
    ">=": _order(operator.ge),
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(lambda a, b: a / b),
    "%": _arithmetic(math.fmod),
    "^": _arithmetic(math.pow),
    "not": lambda v, _: not truth(v[0]),
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "sqrt": _numeric(math.sqrt),
    "log": _numeric(math.log),
    "greatest": _extreme(max),
    "least": _extreme(min),
    "strlen": _textual(lambda text: float(len(text))),
    "upper": _textual(str.upper),
    "toupper": _textual(str.upper),
    "lower": _textual(str.lower),
    "tolower": _textual(str.lower),
    "trim": _textual(str.strip),
    "ltrim": _textual(str.lstrip),
    "rtrim": _textual(str.rstrip),
    "concat": lambda v, _: "".join(show(x) for x in v),
    "substr": _substr,
    "replace": lambda v, _: None if v[0] is None else show(v[0]).replace(show(v[1]), show(v[2])),
    "strcontains": _two_texts(lambda text, part: part in text),
    "coalesce": lambda v, _: next((x for x in v if x is not None), None),
    "ispresent": lambda v, n: _first(v, n) is not None,
    "isempty": lambda v, n: _first(v, n) in (None, ""),
    "isblank": lambda v, n: show(_first(v, n)).strip() == "",
    "tomillis": lambda v, n: number_of(_first(v, n)),
    "frommillis": lambda v, n: _instant(_first(v, n)),
}
