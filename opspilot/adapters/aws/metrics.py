"""CloudWatch metrics through GetMetricData.

Limits kept (botocore's model and the CloudWatch user guide): 500 queries a call, 100,800 datapoints
a page, the period that each age allows, and the datapoints-per-second quota, which counts what is
asked for rather than what comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.errors import answered
from opspilot.adapters.aws.metrics_data import (
    Gathered,
    aligned_down,
    is_percentile_like,
    to_period,
    to_request,
    to_series,
)
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.telemetry import MetricQuery, MetricSeries
from opspilot.domain.window import Window
from opspilot.errors import AwsError, AwsRejected, AwsThrottled, AwsUnavailable, InvalidWindow
from opspilot.ports.clock import Clock

if TYPE_CHECKING:
    from types_boto3_cloudwatch.client import CloudWatchClient

QUERIES_A_CALL = 500
RETENTION = timedelta(days=455)
_RECENT = timedelta(hours=3)
_POINTS_A_SECOND_RECENT, _POINTS_A_SECOND_OLDER = 180_000, 396_000


@dataclass
class _Pending:
    """One query on its way: what was asked, with which period, and what came so far."""

    query: MetricQuery
    period: int
    got: Gathered


class AwsMetrics:
    """The Metrics port on CloudWatch."""

    def __init__(self, client: "CloudWatchClient", calls: Calls, clock: Clock) -> None:
        self._client = client
        self._calls = calls
        self._clock = clock

    def fetch(self, queries: Sequence[MetricQuery], window: Window) -> list[MetricSeries]:
        """One series per query, in their order; see the port.

        The period is widened where the age of the window's start demands it, and the first period
        is the one that contains the start. A query that the API refuses fails alone.

        Raises:
            InvalidWindow: The window begins before CloudWatch's retention of 455 days.
            AwsError: Nothing at all could be read.
        """
        now = self._clock.account_now()
        _within_retention(window, now)
        pending = [
            _Pending(query, to_period(query.period_seconds, now - window.start), Gathered())
            for query in queries
        ]
        budget = self._calls.budget()
        errors: list[AwsError] = []
        for first in range(0, len(pending), QUERIES_A_CALL):
            errors += self._read(pending[first : first + QUERIES_A_CALL], window, now, budget)
        if errors and not any(item.got.answered for item in pending):
            worst = next((error for error in errors if not isinstance(error, AwsRejected)), None)
            if worst is not None:
                raise worst
        return [to_series(item.query, window, item.period, item.got) for item in pending]

    def _read(
        self, chunk: list[_Pending], window: Window, now: datetime, budget: Budget
    ) -> list[AwsError]:
        """Fill a chunk; on refusal split it until the queries that are refused stand alone."""
        try:
            self._read_pages(chunk, window, now, budget)
        except AwsError as error:
            parts = _split(chunk) if _may_be_one_query(error, chunk) else []
            if not parts:
                for item in chunk:
                    item.got.failed(error)
                return [error]
            return [each for part in parts for each in self._read(part, window, now, budget)]
        return []

    def _read_pages(
        self, chunk: list[_Pending], window: Window, now: datetime, budget: Budget
    ) -> None:
        """Read every page; a failure after the first leaves what came, labelled."""
        token, seen = "", set[str]()
        while True:
            try:
                token = self._read_page(chunk, window, now, budget, token)
            except AwsError as error:
                if not seen:
                    raise
                _cut_short(chunk, f"a later page could not be read: {error}")
                return
            if not token:
                return
            if token in seen or budget.spent:
                _cut_short(chunk, "there was more to read than the time allowed")
                return
            seen.add(token)

    def _read_page(
        self, chunk: list[_Pending], window: Window, now: datetime, budget: Budget, token: str
    ) -> str:
        request = to_request([(item.query, item.period) for item in chunk], window, token=token)
        self._wait_for_points(chunk, window, now, budget)
        before = len(budget.request_ids)
        answer = self._calls.send(
            operations.GET_METRIC_DATA, budget, lambda: self._client.get_metric_data(**request)
        )
        request_ids = budget.request_ids[before:]
        by_id = {f"q{index}": item.got for index, item in enumerate(chunk)}
        return Gathered.take_page(by_id, answer, request_ids)

    def _wait_for_points(
        self, chunk: list[_Pending], window: Window, now: datetime, budget: Budget
    ) -> None:
        recent = now - window.start < _RECENT
        rate = _POINTS_A_SECOND_RECENT if recent else _POINTS_A_SECOND_OLDER
        points = sum(
            (window.end - aligned_down(window.start, item.period)).total_seconds() / item.period
            for item in chunk
        )
        name = f"cloudwatch datapoints {'recent' if recent else 'older'}"
        if not self._calls.take(name, rate, points, budget):
            raise AwsThrottled(
                f"{operations.GET_METRIC_DATA.name} was not sent: {points:,.0f} datapoints are "
                f"more than the quota of {rate:,} a second allows in time",
                operation=operations.GET_METRIC_DATA.name,
                hint="ask for fewer metrics, a shorter window or a longer period",
            )


def _within_retention(window: Window, now: datetime) -> None:
    oldest = now - RETENTION
    if window.start < oldest:
        raise InvalidWindow(
            f"the window begins at {window.start.isoformat()}, but CloudWatch keeps metrics for "
            f"{RETENTION.days} days",
            hint=f"begin after {oldest.isoformat(timespec='minutes')}",
        )


def _may_be_one_query(error: AwsError, chunk: list[_Pending]) -> bool:
    """Whether a single query may be to blame for a call's failure.

    A refusal always; a server error only where percentiles are among the queries, since endpoints
    that cannot compute them fail that way.
    """
    if len(chunk) <= 1:
        return False
    if isinstance(error, AwsRejected):
        return True
    unusual = any(is_percentile_like(item.query.statistic) for item in chunk)
    return isinstance(error, AwsUnavailable) and answered(error) and unusual


def _split(chunk: list[_Pending]) -> list[list[_Pending]]:
    """Percentiles apart from plain statistics first; then halves."""
    plain = [item for item in chunk if not is_percentile_like(item.query.statistic)]
    unusual = [item for item in chunk if is_percentile_like(item.query.statistic)]
    if plain and unusual:
        return [plain, unusual]
    middle = len(chunk) // 2
    return [chunk[:middle], chunk[middle:]]


def _cut_short(chunk: list[_Pending], why: str) -> None:
    for item in chunk:
        item.got.cut_short(why)
