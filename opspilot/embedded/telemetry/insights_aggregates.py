"""Logs Insights: aggregations over groups of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from opspilot.embedded.telemetry.insights_nodes import Apply, Field, Node, malformed
from opspilot.embedded.telemetry.insights_rows import Row, Scalar, number_of, show
from opspilot.embedded.telemetry.insights_values import evaluate


def sort_key(value: Scalar) -> tuple[int, float, str]:
    """Order of values: missing, numbers, texts."""
    number = number_of(value)
    if value is None:
        return (0, 0.0, "")
    return (1, number, "") if number is not None else (2, 0.0, show(value))


def has_aggregation(node: Node) -> bool:
    """Whether an expression contains an aggregation."""
    return isinstance(node, Apply) and (
        node.aggregates or any(has_aggregation(argument) for argument in node.arguments)
    )


def aggregate(node: Node, rows: list[Row]) -> Scalar:
    """Value of an expression over the rows of a group: aggregations first, then what is around."""
    if not isinstance(node, Apply):
        return evaluate(node, Row(None, "", {}))
    if node.aggregates:
        return _AGGREGATIONS[node.name](node, rows)
    inner = [aggregate(argument, rows) for argument in node.arguments]
    names = [f"#{i}" for i in range(len(inner))]
    outer = Apply(node.name, tuple(Field(n) for n in names), node.text)
    return evaluate(outer, Row(None, "", dict(zip(names, inner, strict=True))))


def _values(node: Apply, rows: list[Row]) -> list[Scalar]:
    if not node.arguments:
        raise malformed(f"an argument is missing in {node.text}")
    found = (evaluate(node.arguments[0], row) for row in rows)
    return [value for value in found if value is not None]


def _numbers(node: Apply, rows: list[Row]) -> list[float]:
    return [n for n in map(number_of, _values(node, rows)) if n is not None]


def _count(node: Apply, rows: list[Row]) -> Scalar:
    if not node.arguments or node.arguments[0] == Field("*"):
        return float(len(rows))
    return float(len(_values(node, rows)))


def _reduced(reduce: Callable[[list[float]], float]) -> Callable[[Apply, list[Row]], Scalar]:
    def call(node: Apply, rows: list[Row]) -> Scalar:
        numbers = _numbers(node, rows)
        return float(reduce(numbers)) if numbers else None

    return call


def _percentile(node: Apply, rows: list[Row]) -> Scalar:
    if len(node.arguments) != 2:
        raise malformed(f"pct needs a field and a percentile: {node.text}")
    percent = number_of(evaluate(node.arguments[1], Row(None, "", {})))
    if percent is None or not 0 <= percent <= 100:
        raise malformed(f"the percentile must lie between 0 and 100: {node.text}")
    ordered = sorted(_numbers(node, rows))
    if not ordered:
        return None
    rank = (len(ordered) - 1) * percent / 100
    low, high = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    return low + (high - low) * (rank - math.floor(rank))


def _deviation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))


def _by_time(last: bool) -> Callable[[Apply, list[Row]], Scalar]:
    def call(node: Apply, rows: list[Row]) -> Scalar:
        timed = [
            (number_of(r.get("@timestamp")) or 0.0, evaluate(node.arguments[0], r)) for r in rows
        ]
        present = [pair for pair in timed if pair[1] is not None]
        if not present:
            return None
        pick = max if last else min
        return pick(present, key=lambda pair: pair[0])[1]

    return call


def _ordered(last: bool) -> Callable[[Apply, list[Row]], Scalar]:
    def call(node: Apply, rows: list[Row]) -> Scalar:
        values = sorted(_values(node, rows), key=sort_key)
        return (values[-1] if last else values[0]) if values else None

    return call


_AGGREGATIONS: Mapping[str, Callable[[Apply, list[Row]], Scalar]] = {
    "count": _count,
    "count_distinct": lambda node, rows: float(len({show(v) for v in _values(node, rows)})),
    "sum": _reduced(sum),
    "avg": _reduced(lambda values: sum(values) / len(values)),
    "min": _reduced(min),
    "max": _reduced(max),
    "pct": _percentile,
    "stddev": _reduced(_deviation),
    "earliest": _by_time(last=False),
    "latest": _by_time(last=True),
    "sortsfirst": _ordered(last=False),
    "sortslast": _ordered(last=True),
}
