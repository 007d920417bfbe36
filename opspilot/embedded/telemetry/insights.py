"""Runs a Logs Insights query over events."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from opspilot.embedded.telemetry.insights_syntax import Apply, Command, Field, Node, malformed
from opspilot.embedded.telemetry.insights_values import (
    Row,
    Scalar,
    check,
    evaluate,
    number_of,
    show,
    truth,
)
from opspilot.embedded.telemetry.loglines import LogEvent

DEFAULT_LIMIT = 10_000


@dataclass(slots=True)
class QueryResult:
    """Rows as (field, text) pairs, and what was read for them."""

    rows: list[list[tuple[str, str]]] = field(default_factory=list[list[tuple[str, str]]])
    records_matched: float = 0.0
    records_scanned: float = 0.0
    bytes_scanned: float = 0.0


def check_commands(commands: list[Command]) -> None:
    """Refuse what cannot run, before the query starts."""
    for command in commands:
        for item in command.items:
            check(item.node, aggregates=command.verb == "stats")
            if command.verb == "stats" and not _aggregates(item.node):
                raise malformed(f"stats needs an aggregation, not {item.name}")
        for item in command.by:
            check(item.node, aggregates=False)


def run_query(commands: list[Command], events: Iterable[tuple[str, LogEvent]]) -> QueryResult:
    """Run checked commands over (log name, event) pairs in order of time."""
    result = QueryResult()
    rows = [Row(event, log, {}) for log, event in events]
    result.records_scanned = float(len(rows))
    result.bytes_scanned = float(sum(len(show(row.get("@message"))) + 1 for row in rows))
    plan = _Plan()
    rows.reverse()
    for command in commands:
        rows = plan.apply(command, rows)
        if command.verb == "filter" and not plan.grouped:
            result.records_matched = float(len(rows))
    if not any(command.verb == "filter" for command in commands):
        result.records_matched = result.records_scanned
    if not plan.limited:
        rows = rows[:DEFAULT_LIMIT]
    result.rows = [plan.shown(row) for row in rows]
    return result


class _Plan:
    """Applies commands one after the other and knows which fields the results show."""

    def __init__(self) -> None:
        self.grouped = False
        self.limited = False
        self._fields: list[str] = []
        self._display: list[str] = []

    def apply(self, command: Command, rows: list[Row]) -> list[Row]:
        """The rows after a command."""
        steps: Mapping[str, Callable[[Command, list[Row]], list[Row]]] = {
            "fields": self._add_fields,
            "display": self._show_fields,
            "filter": self._filter,
            "parse": self._parse,
            "stats": self._stats,
            "sort": self._sort,
            "limit": self._limit,
            "dedup": self._dedup,
        }
        return steps[command.verb](command, rows)

    def shown(self, row: Row) -> list[tuple[str, str]]:
        """A result row; fields without a value are left out."""
        names = (
            self._display or self._fields or ([] if self.grouped else ["@timestamp", "@message"])
        )
        pairs = [(name, row.get(name)) for name in names]
        cells = [(name, show(value)) for name, value in pairs if value is not None]
        if not self.grouped:
            cells.append(("@ptr", show(row.get("@ptr"))))
        return cells

    def _add_fields(self, command: Command, rows: list[Row]) -> list[Row]:
        self._compute(command, rows)
        self._fields += [item.name for item in command.items if item.name not in self._fields]
        return rows

    def _show_fields(self, command: Command, rows: list[Row]) -> list[Row]:
        self._compute(command, rows)
        self._display = [item.name for item in command.items]
        return rows

    def _compute(self, command: Command, rows: list[Row]) -> None:
        for item in command.items:
            if isinstance(item.node, Apply) or _name(item.node) != item.name:
                for row in rows:
                    row.added[item.name] = evaluate(item.node, row)

    def _filter(self, command: Command, rows: list[Row]) -> list[Row]:
        condition = command.items[0].node
        return [row for row in rows if truth(evaluate(condition, row))]

    def _parse(self, command: Command, rows: list[Row]) -> list[Row]:
        pattern = command.pattern
        assert pattern is not None  # noqa: S101 - every parse command has one
        for row in rows:
            found = pattern.search(show(evaluate(command.items[0].node, row)))
            groups = found.groups() if found else ()
            if pattern.groupindex:
                groups = tuple(found.groupdict().values()) if found else ()
            for name, text in zip(command.names, groups, strict=False):
                row.added[name] = text
        return rows

    def _stats(self, command: Command, rows: list[Row]) -> list[Row]:
        groups: dict[tuple[Scalar, ...], list[Row]] = {}
        for row in rows:
            key = tuple(evaluate(item.node, row) for item in command.by)
            groups.setdefault(key, []).append(row)
        if not command.by and not groups:
            groups[()] = []
        self._fields = [item.name for item in (*command.by, *command.items)]
        self._display, self.grouped = [], True
        merged: list[Row] = []
        for key, members in groups.items():
            added: dict[str, Scalar] = {
                item.name: value for item, value in zip(command.by, key, strict=True)
            }
            for item in command.items:
                added[item.name] = _aggregate(item.node, members)
            merged.append(Row(None, "", added))
        return merged

    def _sort(self, command: Command, rows: list[Row]) -> list[Row]:
        pairs = list(zip(command.items, command.descending, strict=True))
        for item, descending in reversed(pairs):
            rows = sorted(
                rows,
                key=lambda row: _sort_key(_known(row, item.name, item.node)),
                reverse=descending,
            )
        return rows

    def _limit(self, command: Command, rows: list[Row]) -> list[Row]:
        self.limited = True
        return rows[: command.count]

    def _dedup(self, command: Command, rows: list[Row]) -> list[Row]:
        seen: set[tuple[str, ...]] = set()
        kept: list[Row] = []
        for row in rows:
            key = tuple(show(evaluate(item.node, row)) for item in command.items)
            if key not in seen:
                seen.add(key)
                kept.append(row)
        return kept


def _known(row: Row, name: str, node: Node) -> Scalar:
    return row.added[name] if name in row.added else evaluate(node, row)


def _name(node: Node) -> str | None:
    return getattr(node, "name", None)


def _sort_key(value: Scalar) -> tuple[int, float, str]:
    number = number_of(value)
    if value is None:
        return (0, 0.0, "")
    return (1, number, "") if number is not None else (2, 0.0, show(value))


def _aggregates(node: Node) -> bool:
    return isinstance(node, Apply) and (
        node.aggregates or any(_aggregates(argument) for argument in node.arguments)
    )


def _aggregate(node: Node, rows: list[Row]) -> Scalar:
    """Value of an expression over the rows of a group: aggregations first, then what is around."""
    if not isinstance(node, Apply):
        return evaluate(node, Row(None, "", {}))
    if node.aggregates:
        return _AGGREGATIONS[node.name](node, rows)
    inner = [_aggregate(argument, rows) for argument in node.arguments]
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
    if not node.arguments or _name(node.arguments[0]) == "*":
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
        values = sorted(_values(node, rows), key=_sort_key)
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
