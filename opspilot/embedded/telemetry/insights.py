"""Runs a Logs Insights query over events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from opspilot.embedded.telemetry.insights_aggregates import aggregate, has_aggregation, sort_key
from opspilot.embedded.telemetry.insights_nodes import Apply, Command, Node, malformed
from opspilot.embedded.telemetry.insights_rows import Row, Scalar, show
from opspilot.embedded.telemetry.insights_values import check, evaluate, truth
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
            if command.verb == "stats" and not has_aggregation(item.node):
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
                added[item.name] = aggregate(item.node, members)
            merged.append(Row(None, "", added))
        return merged

    def _sort(self, command: Command, rows: list[Row]) -> list[Row]:
        pairs = list(zip(command.items, command.descending, strict=True))
        for item, descending in reversed(pairs):
            rows = sorted(
                rows,
                key=lambda row: sort_key(_known(row, item.name, item.node)),
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
