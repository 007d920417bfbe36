"""Metrics and logs."""

from collections.abc import Sequence
from typing import Protocol

from opspilot.domain.telemetry import (
    InsightsQuery,
    InsightsResult,
    LogLines,
    LogQuery,
    MetricQuery,
    MetricSeries,
)
from opspilot.domain.window import Window


class Metrics(Protocol):
    """Reads metric series."""

    def fetch(self, queries: Sequence[MetricQuery], window: Window) -> list[MetricSeries]:
        """One series per query, in their order.

        A series that could not be read whole says so in its status; the others still come.

        Raises:
            AwsError: The call as a whole failed (denied, throttled beyond patience, unreachable).
        """
        ...


class Logs(Protocol):
    """Reads log lines."""

    def search(self, query: LogQuery) -> LogLines:
        """Matching lines, oldest first; cut answers are labelled `truncated`.

        Raises:
            AwsNotFound: No such log group.
            AwsError: The call failed.
        """
        ...

    def start(self, query: InsightsQuery) -> str:
        """Start an Insights query; returns its id.

        Raises:
            AwsRejected: The query text does not parse.
            AwsError: The call failed.
        """
        ...

    def poll(self, query_id: str) -> InsightsResult:
        """The rows so far; never waits."""
        ...

    def stop(self, query_id: str) -> None:
        """Stop a running query; stopping one that has ended is no error."""
        ...
