"""Questions to metrics and logs, and their answers."""

from typing import Literal

from opspilot.domain.model import Instant, Model
from opspilot.domain.window import Window

SeriesStatus = Literal["complete", "partial", "denied", "failed"]
MetricKind = Literal["count", "rate", "gauge", "percent", "duration"]


class MetricQuery(Model):
    """One metric under one statistic.

    Attributes:
        dimensions: The exact published dimension set, as sorted (name, value) pairs.
        statistic: CloudWatch's word: Sum, Average, Minimum, Maximum, SampleCount, p99 ...
        period_seconds: The period wanted; an adapter may have to widen it by age.
    """

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str
    period_seconds: int = 60


class MetricSeries(Model):
    """The answer to one query; a missing point is absent, never zero.

    Attributes:
        window: The window that was asked for.
        period_seconds: The period the data really has.
        times: Start of each period, ascending.
        values: Same length as `times`.
        status: "partial" and "failed" say so; `messages` says why.
        request_ids: AWS request ids of the calls that answered.
        refused: With "failed": this query is not answered here, however often it is asked.
    """

    query: MetricQuery
    window: Window
    period_seconds: int
    times: tuple[Instant, ...] = ()
    values: tuple[float, ...] = ()
    status: SeriesStatus = "complete"
    messages: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()
    refused: bool = False


class LogQuery(Model):
    """A search for raw lines.

    Attributes:
        log_group: Full name, "/aws/lambda/checkout".
        pattern: A CloudWatch Logs filter pattern; empty means every line.
        limit: At most this many lines; the answer says when it was cut.
    """

    log_group: str
    window: Window
    pattern: str = ""
    limit: int = 10_000


class LogLine(Model):
    """One line as it was written."""

    at: Instant
    stream: str
    message: str


class LogLines(Model):
    """The answer to a `LogQuery`, oldest line first.

    Attributes:
        truncated: More lines matched than `limit` or the time allowed.
        searched_until: With `truncated`, the time up to which the answer is whole.
        covered_seconds: How much of the window the lines stand for, where that is not all before
            `searched_until`: a window that was searched part by part.
        bytes_scanned: 0 when the API does not say.
    """

    query: LogQuery
    lines: tuple[LogLine, ...] = ()
    status: SeriesStatus = "complete"
    truncated: bool = False
    searched_until: Instant | None = None
    covered_seconds: float | None = None
    messages: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()
    bytes_scanned: int = 0


class InsightsQuery(Model):
    """A CloudWatch Logs Insights query."""

    log_groups: tuple[str, ...]
    window: Window
    text: str
    limit: int = 1_000


class InsightsResult(Model):
    """Rows of an Insights query.

    Attributes:
        done: False while it still runs; rows are then partial.
        rows: One mapping of field to text value per row.
        failure: Empty, or why the query ended without a result.
    """

    query_id: str
    done: bool
    rows: tuple[dict[str, str], ...] = ()
    failure: str = ""
    bytes_scanned: float = 0.0
    records_scanned: float = 0.0
    request_ids: tuple[str, ...] = ()


class CallUsage(Model):
    """What reading cost so far: AWS calls, log bytes scanned, dollars estimated."""

    api_calls: int = 0
    bytes_scanned: float = 0.0
    usd: float = 0.0
    wall_seconds: float = 0.0

    def plus(self, other: "CallUsage") -> "CallUsage":
        """The sum of two usages."""
        return CallUsage(
            api_calls=self.api_calls + other.api_calls,
            bytes_scanned=self.bytes_scanned + other.bytes_scanned,
            usd=self.usd + other.usd,
            wall_seconds=self.wall_seconds + other.wall_seconds,
        )


__all__ = [
    "CallUsage",
    "InsightsQuery",
    "InsightsResult",
    "LogLine",
    "LogLines",
    "LogQuery",
    "MetricKind",
    "MetricQuery",
    "MetricSeries",
    "SeriesStatus",
]
