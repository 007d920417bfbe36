"""Metrics, logs and traces."""

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
from opspilot.domain.traces import ServiceGraph
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


class Traces(Protocol):
    """Reads what tracing saw."""

    def service_graph(self, window: Window) -> ServiceGraph:
        """Who called whom in a window, of the whole account; empty where nothing is traced.

        Of a longer window than the source gives at once, the newest part; `gaps` then says so.

        Raises:
            AwsUnsupported: There is no tracing at this endpoint.
            AwsError: The call failed.
        """
        ...
