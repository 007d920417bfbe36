"""Runs a Logs Insights query over events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from opspilot.embedded.telemetry.insights_aggregates import has_aggregation, sort_key
from opspilot.embedded.telemetry.insights_groups import (
    Groups,
    grouped,
    merged,
    rows_of,
    split_at_stats,
)
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
    run = QueryRun(commands)
    run.take(events)
    return run.result(final=True)


class QueryRun:
    """A query that takes its events in portions, and can tell at any time what it has so far.

    Commands up to the first stats whose aggregations can be merged work portion by portion; any
    other query keeps its rows until the end.
    """

    def __init__(self, commands: list[Command]) -> None:
        self._head, self._grouping, self._tail = split_at_stats(commands)
        self._filtered = any(command.verb == "filter" for command in commands)
        self._plan = _Plan()
        self._groups: Groups = {}
        self._rows: list[Row] = []
        self._seen = QueryResult()

    def take(self, events: Iterable[tuple[str, LogEvent]]) -> int:
        """Take a portion, later than all before; returns how many events it held."""
        rows = [Row(event, log, {}) for log, event in events]
        taken = len(rows)
        self._seen.records_scanned += float(taken)
        self._seen.bytes_scanned += float(sum(row.size for row in rows))
        rows.reverse()
        if self._grouping is None:
            self._rows = rows + self._rows
            return taken
        for command in self._head:
            rows = self._plan.apply(command, rows)
        self._seen.records_matched += float(len(rows))
        self._groups = merged(self._grouping, self._groups, grouped(self._grouping, rows))
        return taken

    def result(self, *, final: bool) -> QueryResult:
        """What is known so far; rows of a query that cannot be merged come at the end only."""
        found = replace(self._seen)
        if self._grouping is None and not final:
            return found
        plan, rows, commands = self._plan, self._rows, self._tail
        if self._grouping is not None:
            # The rest of the query may be run again over more groups: never on the plan itself.
            plan = _Plan.of_groups(self._grouping)
            rows = rows_of(self._grouping, self._groups)
        for command in commands:
            rows = plan.apply(command, rows)
            if command.verb == "filter" and not plan.grouped:
                found.records_matched = float(len(rows))
        if not self._filtered:
            found.records_matched = found.records_scanned
        if not plan.limited:
            rows = rows[:DEFAULT_LIMIT]
        found.rows = [plan.shown(row) for row in rows]
        return found


class _Plan:
    """Applies commands one after the other and knows which fields the results show."""

    def __init__(self) -> None:
        self.grouped = False
        self.limited = False
        self._fields: list[str] = []
        self._display: list[str] = []

    @classmethod
    def of_groups(cls, command: Command) -> _Plan:
        """A plan that goes on after a stats command."""
        plan = cls()
        plan._begin_groups(command)
        return plan

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
        self._begin_groups(command)
        return rows_of(command, grouped(command, rows))

    def _begin_groups(self, command: Command) -> None:
        self._fields = [item.name for item in (*command.by, *command.items)]
        self._display, self.grouped = [], True

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
