"""A log of many lines behind the Logs port, cut and counted as CloudWatch does it."""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from opspilot.domain.telemetry import InsightsQuery, InsightsResult, LogLine, LogLines, LogQuery
from opspilot.domain.window import Window
from opspilot.embedded.telemetry.insights import QueryRun
from opspilot.embedded.telemetry.insights_syntax import parse_query
from opspilot.embedded.telemetry.loglines import LogEvent

T0 = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def said(at: datetime, message: str) -> LogLine:
    """A line."""
    return LogLine.model_construct(at=at, stream="s", message=message)


@dataclass
class LongLog:
    """Lines by time; a query runs until it was looked at so often.

    Attributes:
        looks: Answers of "still running" that each query gives first.
        refused: Errors of the next starts of a query.
        scanned: Bytes that every query says it scanned; 0 tells the truth.
        patience: Lines that one search passes before its time is up; None is never.
        searched: What was asked, oldest first.
        stopped: Queries that were stopped.
    """

    lines: Sequence[LogLine]
    looks: int = 1
    refused: deque[Exception] = field(default_factory=deque[Exception])
    failure: str = ""
    patience: int | None = None
    scanned: float = 0.0
    searched: list[LogQuery] = field(default_factory=list[LogQuery])
    stopped: list[str] = field(default_factory=list[str])
    _started: list[InsightsQuery] = field(default_factory=list[InsightsQuery])
    _seen: dict[str, int] = field(default_factory=dict[str, int])

    def of(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window."""
        first, last = (
            bisect_left(self.lines, at, key=lambda line: line.at)
            for at in (window.start, window.end)
        )
        return self.lines[first:last]

    def search(self, query: LogQuery) -> LogLines:
        """See `Logs.search`."""
        self.searched.append(query)
        passed = self.of(query.window)
        late = self.patience is not None and len(passed) > self.patience
        passed = passed[: self.patience] if late else passed
        wanted = query.pattern.strip('"')
        found = [line for line in passed if wanted in line.message]
        cut = len(found) > query.limit or late
        kept = found[: query.limit]
        until = kept[-1].at if kept else query.window.start
        return LogLines.model_construct(
            query=query, lines=tuple(kept), truncated=cut, searched_until=until if cut else None,
            messages=("cut",) if cut else (), status="complete", request_ids=(), bytes_scanned=0,
        )  # fmt: skip

    def start(self, query: InsightsQuery) -> str:
        """See `Logs.start`."""
        if self.refused:
            raise self.refused.popleft()
        self._started.append(query)
        return f"q{len(self._started)}"

    def poll(self, query_id: str) -> InsightsResult:
        """See `Logs.poll`; the rows so far are those of the first half."""
        query = self._started[int(query_id[1:]) - 1]
        seen = self._seen[query_id] = self._seen.get(query_id, 0) + 1
        done = seen > self.looks
        run = QueryRun(parse_query(query.text))
        lines = self.of(query.window)
        run.take(
            ("g", LogEvent(round(line.at.timestamp() * 1000), "s", line.message + "\n", ""))
            for line in (lines if done else lines[: len(lines) // 2])
        )
        result = run.result(final=done)
        return InsightsResult(
            query_id=query_id,
            done=done,
            rows=tuple(dict(row) for row in result.rows),
            failure=self.failure if done else "",
            bytes_scanned=self.scanned or result.bytes_scanned,
            records_scanned=result.records_scanned,
        )

    def stop(self, query_id: str) -> None:
        """See `Logs.stop`."""
        self.stopped.append(query_id)
