"""The words of GetMetricData: requests built, answers read; pure.

Source: GetMetricData in botocore's CloudWatch model, for periods by age and status codes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from opspilot.domain.telemetry import MetricQuery, MetricSeries, SeriesStatus
from opspilot.domain.window import Window
from opspilot.errors import AwsDenied, AwsError, AwsRejected, AwsUnsupported

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import GetMetricDataInputTypeDef, MetricDataQueryTypeDef

POINTS_A_PAGE = 100_800
_MINUTE = 60
_FINE = (1, 5, 10, 20, 30)
# By the age of the window's start: up to here, periods are multiples of this. A minute of margin,
# as the request is on its way for a while.
_AGES = (
    (timedelta(days=15, minutes=-1), 60),
    (timedelta(days=63, minutes=-1), 300),
)
_OLDEST_PERIOD = 3600
_FINE_AGE = timedelta(hours=3, minutes=-1)
_PLAIN = frozenset({"Sum", "Average", "Minimum", "Maximum", "SampleCount"})


def is_percentile_like(statistic: str) -> bool:
    """Whether a statistic is computed from the distribution (p99, tm90 ...), not kept as a sum."""
    return statistic not in _PLAIN


def to_period(wanted: int, age: timedelta) -> int:
    """The shortest period, at least the wanted one, that data of this age still has, in seconds."""
    if age < _FINE_AGE and wanted < _MINUTE:
        return next((period for period in _FINE if period >= wanted), _MINUTE)
    base = next((base for limit, base in _AGES if age < limit), _OLDEST_PERIOD)
    return max(1, math.ceil(wanted / base)) * base


def aligned_down(moment: datetime, period: int) -> datetime:
    """The start of the period that contains a moment; periods are counted from the epoch."""
    seconds = math.floor(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % period, UTC)


def to_request(
    asked: Sequence[tuple[MetricQuery, int]], window: Window, *, token: str = ""
) -> "GetMetricDataInputTypeDef":
    """The request for up to 500 queries, each with its period; ids are q0, q1 ..."""
    start = min(aligned_down(window.start, period) for _, period in asked)
    request: GetMetricDataInputTypeDef = {
        "MetricDataQueries": [
            _to_query(f"q{index}", query, period) for index, (query, period) in enumerate(asked)
        ],
        "StartTime": start,
        "EndTime": window.end,
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": POINTS_A_PAGE,
    }
    if token:
        request["NextToken"] = token
    return request


def _to_query(query_id: str, query: MetricQuery, period: int) -> "MetricDataQueryTypeDef":
    return {
        "Id": query_id,
        "MetricStat": {
            "Metric": {
                "Namespace": query.namespace,
                "MetricName": query.metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in query.dimensions],
            },
            "Period": period,
            "Stat": query.statistic,
        },
        "ReturnData": True,
    }


@dataclass
class Gathered:
    """What came for one query so far, over the pages.

    Attributes:
        status_code: CloudWatch's word on the last page that spoke of this query; empty before.
        short: Why the answer is known to be incomplete; empty if it is not.
        error: What made it fail; None if nothing did.
    """

    points: dict[datetime, float] = field(default_factory=dict[datetime, float])
    status_code: str = ""
    short: str = ""
    error: AwsError | None = None
    messages: list[str] = field(default_factory=list[str])
    request_ids: list[str] = field(default_factory=list[str])
    not_numbers: int = 0

    @property
    def answered(self) -> bool:
        """Whether any page spoke of this query."""
        return bool(self.status_code)

    def failed(self, error: AwsError) -> None:
        """Note that no page of this query came."""
        self.error = error

    def cut_short(self, why: str) -> None:
        """Note that further pages were not read; a series already complete is left alone."""
        if self.status_code != "Complete":
            self.short = why

    @staticmethod
    def take_page(
        by_id: Mapping[str, "Gathered"], answer: Mapping[str, Any], request_ids: Sequence[str]
    ) -> str:
        """Add a page to its series; returns the token of the next page, empty at the end."""
        for gathered in by_id.values():
            gathered.request_ids += request_ids
            gathered._note_messages(answer.get("Messages") or ())
        for result in answer.get("MetricDataResults") or ():
            gathered = by_id.get(str(result.get("Id")))
            if gathered is not None:
                gathered._take(result)
        return str(answer.get("NextToken") or "")

    def _take(self, result: Mapping[str, Any]) -> None:
        self.status_code = str(result.get("StatusCode") or "Complete")
        self._note_messages(result.get("Messages") or ())
        for at, value in zip(
            result.get("Timestamps") or (), result.get("Values") or (), strict=True
        ):
            if math.isfinite(float(value)):
                self.points[at.astimezone(UTC)] = float(value)
            else:
                self.not_numbers += 1

    def _note_messages(self, messages: Sequence[Mapping[str, Any]]) -> None:
        for message in messages:
            text = f"{message.get('Code', '')}: {message.get('Value', '')}".strip(": ")
            if text not in self.messages:
                self.messages.append(text)


def to_series(query: MetricQuery, window: Window, period: int, got: Gathered) -> MetricSeries:
    """The series of a query, within its window, ascending."""
    first = aligned_down(window.start, period)
    points = sorted((at, value) for at, value in got.points.items() if first <= at < window.end)
    status, why = _status_of(got)
    messages = [*got.messages, *why]
    if got.not_numbers:
        messages.append(f"{got.not_numbers} values were not numbers and are left out")
    if period != query.period_seconds:
        messages.append(
            f"the period is {period} s: data of this age has no {query.period_seconds} s"
        )
    return MetricSeries(
        query=query,
        window=window,
        period_seconds=period,
        times=tuple(at for at, _ in points),
        values=tuple(value for _, value in points),
        status=status,
        messages=tuple(messages),
        request_ids=tuple(got.request_ids),
        refused=isinstance(got.error, AwsRejected | AwsUnsupported),
    )


def _status_of(got: Gathered) -> tuple[SeriesStatus, list[str]]:
    if got.error is not None:
        denied = isinstance(got.error, AwsDenied)
        return ("denied" if denied else "failed"), [str(got.error)]
    if got.short:
        return "partial", [got.short]
    match got.status_code:
        case "Complete":
            return "complete", []
        case "PartialData":
            return "partial", ["CloudWatch returned only part of the data"]
        case "Forbidden":
            return "denied", ["the identity may not read this metric"]
        case "":
            return "failed", ["CloudWatch returned nothing for this query"]
        case code:
            status: SeriesStatus = "partial" if got.points else "failed"
            return status, [f"CloudWatch could not compute it all: {code}"]
