"""Builds telemetry for the tests of this folder."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from opspilot.domain.resource import Resource, lambda_function
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import LogLine, LogLines, LogQuery, MetricSeries, SeriesStatus
from opspilot.domain.window import Window

START = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FUNCTION = lambda_function("123456789012", "eu-west-1", "billing")


def at(minute: float) -> datetime:
    """So many minutes after the start."""
    return START + minute * MINUTE


def metric(
    signal: str,
    values: Sequence[float | None],
    *,
    first: datetime = START,
    end: datetime | None = None,
    resource: Resource = FUNCTION,
    status: SeriesStatus = "complete",
) -> MetricSeries:
    """A series of one value a minute; None is a missing datapoint."""
    known = [(first + n * MINUTE, value) for n, value in enumerate(values) if value is not None]
    return MetricSeries(
        query=query_of(signal_named(signal), resource),
        window=Window(start=first, end=end or first + max(len(values), 1) * MINUTE),
        period_seconds=60,
        times=tuple(moment for moment, _ in known),
        values=tuple(float(value) for _, value in known),
        status=status,
        messages=() if status == "complete" else ("PartialData",),
    )


def log(lines: Sequence[tuple[float, str]], start: float, end: float) -> LogLines:
    """Log lines as (minute, message) in a window of minutes."""
    window = Window(start=at(start), end=at(end))
    return LogLines(
        query=LogQuery(log_group="/aws/lambda/billing", window=window),
        lines=tuple(
            LogLine(at=at(minute), stream="2026/11/22/[1]ab", message=message)
            for minute, message in lines
        ),
    )
