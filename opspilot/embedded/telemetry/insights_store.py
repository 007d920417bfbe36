"""Queries that were started: they run while their results are asked for.

The first look at a query says Running, as on AWS. Each later one reads on, so far and no further,
so that a query over days never holds the account up; while it runs its rows are partial.
"""

from __future__ import annotations

import heapq
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from opspilot.embedded.errors import AwsError
from opspilot.embedded.telemetry.insights import QueryResult, QueryRun, check_commands
from opspilot.embedded.telemetry.insights_nodes import Command
from opspilot.embedded.telemetry.insights_syntax import parse_query
from opspilot.embedded.telemetry.loglines import LogEvent
from opspilot.embedded.telemetry.logs import Logs

_KEPT = 500
_RUNNING_AT_ONCE = 100
_EVENTS_A_LOOK = 50_000
_NAMESPACE = uuid.UUID("6f1d2f0e-6c0b-4a52-9d6e-0b1f6ad6c003")


@dataclass(slots=True)
class StartedQuery:
    """A query.

    Attributes:
        status: Scheduled, Running, Complete or Cancelled.
        unread: What it has yet to read; None before it runs and after.
    """

    id: str
    text: str
    commands: list[Command]
    groups: list[str]
    span_ms: tuple[int, int]
    started_at: float
    limit: int | None
    status: str = "Scheduled"
    result: QueryResult | None = None
    run: QueryRun | None = None
    unread: Iterator[tuple[str, LogEvent]] | None = None


class InsightsQueries:
    """Starts, runs and remembers queries."""

    def __init__(self, logs: Logs, account_id: str) -> None:
        self._logs = logs
        self._account_id = account_id
        self._queries: OrderedDict[str, StartedQuery] = OrderedDict()
        self._count = 0

    def start(
        self, text: str, groups: list[str], span_ms: tuple[int, int], now: float, limit: int | None
    ) -> StartedQuery:
        """Start a query; AwsError MalformedQueryException when it cannot be read."""
        commands = parse_query(text)
        check_commands(commands)
        busy = sum(q.status in ("Scheduled", "Running") for q in self._queries.values())
        if busy >= _RUNNING_AT_ONCE:
            raise AwsError("LimitExceededException", "Too many queries run at once.")
        self._count += 1
        name = str(uuid.uuid5(_NAMESPACE, f"{now}/{self._count}/{text}"))
        query = StartedQuery(name, text, commands, groups, span_ms, now, limit)
        self._queries[name] = query
        while len(self._queries) > _KEPT:
            self._queries.popitem(last=False)
        return query

    def look(self, name: str) -> StartedQuery:
        """The query as it stands; looking moves it on."""
        query = self.get(name)
        if query.status == "Scheduled":
            query.status = "Running"
        elif query.status == "Running":
            self._read_on(query)
        return query

    def stop(self, name: str) -> bool:
        """Cancel a query; False when it had ended already."""
        query = self.get(name)
        if query.status not in ("Scheduled", "Running"):
            return False
        query.status = "Cancelled"
        query.run = query.unread = None
        return True

    def get(self, name: str) -> StartedQuery:
        """The query of that id; ResourceNotFoundException when there is none."""
        if name not in self._queries:
            raise AwsError("ResourceNotFoundException", f"There is no query {name}.")
        return self._queries[name]

    def all(self) -> list[StartedQuery]:
        """Every query remembered, newest first."""
        return list(reversed(self._queries.values()))

    def _read_on(self, query: StartedQuery) -> None:
        if query.run is None or query.unread is None:
            start, end = query.span_ms
            parts = [self._events(group, start, end, query.started_at) for group in query.groups]
            query.run = QueryRun(query.commands)
            query.unread = heapq.merge(*parts, key=lambda pair: pair[1].timestamp)
        ended = query.run.take(islice(query.unread, _EVENTS_A_LOOK)) < _EVENTS_A_LOOK
        result = query.run.result(final=ended)
        if query.limit is not None:
            result.rows = result.rows[: query.limit]
        query.result = result
        if ended:
            query.status = "Complete"
            query.run = query.unread = None

    def _events(
        self, group: str, start: int, end: int, now: float
    ) -> Iterator[tuple[str, LogEvent]]:
        log = f"{self._account_id}:{group}"
        for event in self._logs.events(group, start, end, now):
            yield log, event
