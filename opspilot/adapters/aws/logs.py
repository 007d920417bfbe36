"""CloudWatch Logs: FilterLogEvents for lines, Logs Insights for aggregates.

Source: botocore's Logs model. Mind the units: FilterLogEvents counts milliseconds, StartQuery
seconds, and both include their end.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.telemetry import InsightsQuery, InsightsResult, LogLine, LogLines, LogQuery
from opspilot.errors import AwsError, AwsRejected

if TYPE_CHECKING:
    from types_boto3_logs.client import CloudWatchLogsClient
    from types_boto3_logs.type_defs import FilterLogEventsRequestTypeDef, StartQueryRequestTypeDef

EVENTS_A_PAGE = 10_000
ROWS_A_PAGE = 10_000
_RUNNING = frozenset({"Scheduled", "Running", "Unknown"})
_FAILURES = {
    "Failed": "the query failed",
    "Cancelled": "the query was stopped",
    "Timeout": "the query ran longer than 60 minutes",
}


@dataclass
class _Found:
    """What a search has found so far.

    Attributes:
        by_time: Whether pages came oldest first; some endpoints go stream after stream.
    """

    lines: list[LogLine] = field(default_factory=list[LogLine])
    by_time: bool = True
    cut: str = ""
    broken: str = ""

    def take(self, page: list[LogLine]) -> None:
        if page and self.lines:
            latest = max(line.at for line in self.lines)
            self.by_time = self.by_time and min(line.at for line in page) >= latest
        self.lines += page


class AwsLogs:
    """The Logs port on CloudWatch Logs."""

    def __init__(self, client: "CloudWatchLogsClient", calls: Calls) -> None:
        self._client = client
        self._calls = calls

    def search(self, query: LogQuery) -> LogLines:
        """Matching lines, oldest first; see the port.

        Raises:
            AwsNotFound: No such log group.
            AwsError: Not even the first page could be read.
        """
        budget, found = self._calls.budget(), _Found()
        self._read_pages(query, found, budget)
        return _to_lines(query, found, tuple(budget.request_ids))

    def _read_pages(self, query: LogQuery, found: _Found, budget: Budget) -> None:
        token, seen = "", set[str]()
        while True:
            try:
                token = self._read_page(query, found, budget, token)
            except AwsError as error:
                if not seen:
                    raise
                found.broken = f"a later page could not be read: {error}"
                return
            if not token:
                return
            if len(found.lines) > query.limit:
                found.cut = f"more than {query.limit:,} lines match"
                return
            if token in seen or budget.spent:
                found.cut = "there was more to search than the time allowed"
                return
            seen.add(token)

    def _read_page(self, query: LogQuery, found: _Found, budget: Budget, token: str) -> str:
        # One more than asked for: it alone tells whether the answer was cut.
        request = _to_request(query, query.limit + 1 - len(found.lines), token=token)
        answer = self._calls.send(
            operations.FILTER_LOG_EVENTS,
            budget,
            lambda: self._client.filter_log_events(**request),
            resource=query.log_group,
        )
        found.take([line for line in _to_page(answer) if query.window.contains(line.at)])
        return str(answer.get("nextToken") or "")

    def start(self, query: InsightsQuery) -> str:
        """Start an Insights query; returns its id; see the port."""
        request = _to_start(query)
        answer = self._calls.send(
            operations.START_QUERY,
            self._calls.budget(),
            lambda: self._client.start_query(**request),
            resource=", ".join(query.log_groups),
        )
        return str(answer["queryId"])

    def poll(self, query_id: str) -> InsightsResult:
        """The rows so far; never waits for the query; see the port."""
        budget = self._calls.budget()
        answer = self._results(query_id, "", budget)
        rows, seen = _to_rows(answer), set[str]()
        token = str(answer.get("nextToken") or "")
        while token and token not in seen and not budget.spent:
            seen.add(token)
            page = self._results(query_id, token, budget)
            rows += _to_rows(page)
            token = str(page.get("nextToken") or "")
        failure = "" if not token else "not all rows could be read in time"
        return _to_result(query_id, answer, rows, failure, tuple(budget.request_ids))

    def _results(self, query_id: str, token: str, budget: Budget) -> Mapping[str, Any]:
        return self._calls.send(
            operations.GET_QUERY_RESULTS,
            budget,
            lambda: (
                self._client.get_query_results(queryId=query_id, nextToken=token)
                if token
                else self._client.get_query_results(queryId=query_id)
            ),
            resource=query_id,
        )

    def stop(self, query_id: str) -> None:
        """Stop a running query; see the port."""
        try:
            self._calls.send(
                operations.STOP_QUERY,
                self._calls.budget(),
                lambda: self._client.stop_query(queryId=query_id),
                resource=query_id,
            )
        except AwsRejected as error:
            # AWS answers so when the query has ended already, which is what was wanted.
            if error.aws_code != "InvalidParameterException":
                raise


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _to_request(query: LogQuery, most: int, *, token: str) -> "FilterLogEventsRequestTypeDef":
    start = _milliseconds(query.window.start)
    request: FilterLogEventsRequestTypeDef = {
        "logGroupName": query.log_group,
        "startTime": start,
        "endTime": max(start, _milliseconds(query.window.end) - 1),
        "limit": min(EVENTS_A_PAGE, max(1, most)),
    }
    if query.pattern:
        request["filterPattern"] = query.pattern
    if token:
        request["nextToken"] = token
    return request


def _to_page(answer: Mapping[str, Any]) -> list[LogLine]:
    return [
        LogLine(
            at=datetime.fromtimestamp(int(event["timestamp"]) / 1000, UTC),
            stream=str(event.get("logStreamName") or ""),
            message=str(event.get("message") or ""),
        )
        for event in answer.get("events") or ()
    ]


def _to_lines(query: LogQuery, found: _Found, request_ids: tuple[str, ...]) -> LogLines:
    # Sorting keeps the order in which lines of one millisecond came.
    lines = sorted(found.lines, key=lambda line: line.at)
    why = found.broken or found.cut
    if not why and len(lines) > query.limit:
        why = f"more than {query.limit:,} lines match"
    messages = [why] if why else []
    if why and not found.by_time:
        messages.append("lines came stream after stream, so no part of the window is whole")
    kept = lines[: query.limit]
    return LogLines(
        query=query,
        lines=tuple(kept),
        status="partial" if found.broken else "complete",
        truncated=bool(why),
        searched_until=_whole_until(query, found, kept) if why else None,
        messages=tuple(messages),
        request_ids=request_ids,
    )


def _whole_until(query: LogQuery, found: _Found, kept: list[LogLine]) -> datetime:
    """Lines before this time are all there; of the last line's own time some may be missing."""
    return kept[-1].at if kept and found.by_time else query.window.start


def _to_start(query: InsightsQuery) -> "StartQueryRequestTypeDef":
    """The request; its end is included, so rows of the end's own second may come as well."""
    return {
        "logGroupNames": list(query.log_groups),
        "startTime": math.floor(query.window.start.timestamp()),
        "endTime": math.ceil(query.window.end.timestamp()),
        "queryString": query.text,
        "limit": query.limit,
    }


def _to_rows(answer: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {
            str(cell.get("field")): str(cell.get("value", ""))
            for cell in row
            if cell.get("field") != "@ptr"
        }
        for row in answer.get("results") or ()
    ]


def _to_result(
    query_id: str,
    answer: Mapping[str, Any],
    rows: list[dict[str, str]],
    failure: str,
    request_ids: tuple[str, ...],
) -> InsightsResult:
    status = str(answer.get("status") or "Unknown")
    statistics: Mapping[str, Any] = answer.get("statistics") or {}
    return InsightsResult(
        query_id=query_id,
        done=status not in _RUNNING,
        rows=tuple(rows),
        failure=_FAILURES.get(status, failure),
        bytes_scanned=float(statistics.get("bytesScanned") or 0.0),
        records_scanned=float(statistics.get("recordsScanned") or 0.0),
        request_ids=request_ids,
    )
