"""Reading where the source gives less than was asked: cut logs, no percentiles, no history."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from opspilot.domain.resource import lambda_function
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import (
    CallUsage,
    InsightsQuery,
    InsightsResult,
    LogLine,
    LogLines,
    LogQuery,
    MetricQuery,
    MetricSeries,
    SeriesStatus,
)
from opspilot.domain.window import Window
from opspilot.engine.answer import unread
from opspilot.engine.budget import Budget
from opspilot.engine.log_reading import read_evenly, scanned_bytes
from opspilot.engine.metric_reading import read_series
from opspilot.errors import AwsDenied, AwsThrottled

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = Window(start=NOON, end=NOON + timedelta(hours=1))
FUNCTION = lambda_function("000000000000", "us-east-1", "orders")


class ManyLines:
    """A log with a line a second; every search gives the oldest lines first, as AWS does."""

    def __init__(self, broken_from: int = 99) -> None:
        self.searches = 0
        self.broken_from = broken_from

    def search(self, query: LogQuery) -> LogLines:
        """See `Logs.search`."""
        self.searches += 1
        if self.searches >= self.broken_from:
            raise AwsThrottled("slow down")
        seconds = range(int(query.window.length.total_seconds()))
        lines = [
            LogLine(at=query.window.start + timedelta(seconds=at), stream="s", message="x")
            for at in seconds
        ]
        kept = tuple(lines[: query.limit])
        cut = len(kept) < len(lines)
        return LogLines(
            query=query,
            lines=kept,
            truncated=cut,
            searched_until=kept[-1].at if cut else None,
            request_ids=(f"r-{self.searches}",),
        )

    def start(self, query: InsightsQuery) -> str:
        """Not used."""
        raise NotImplementedError

    def poll(self, query_id: str) -> InsightsResult:
        """Not used."""
        raise NotImplementedError

    def stop(self, query_id: str) -> None:
        """Not used."""
        raise NotImplementedError


def test_a_cut_log_is_read_evenly_so_that_no_part_of_the_window_is_lost() -> None:
    logs = ManyLines()
    found = read_evenly(logs, LogQuery(log_group="g", window=HOUR, limit=800))
    eighths = {int((line.at - NOON).total_seconds() // 450) for line in found.lines}
    assert (len(found.lines), eighths) == (800, set(range(8)))
    assert (found.truncated, found.covered_seconds) == (True, 8 * 99.0)
    assert "8 equal parts of at most 100 lines" in found.messages[0]
    assert len(found.request_ids) == logs.searches == 9


def test_what_the_first_search_brought_is_counted_though_its_lines_are_dropped() -> None:
    found = read_evenly(ManyLines(), LogQuery(log_group="g", window=HOUR, limit=800))
    assert found.bytes_scanned == (800 + 800) * (len("x") + 26) == scanned_bytes(found)


def test_a_log_that_fits_is_searched_once() -> None:
    logs = ManyLines()
    found = read_evenly(logs, LogQuery(log_group="g", window=HOUR, limit=4_000))
    assert (logs.searches, found.truncated, found.covered_seconds) == (1, False, None)


def test_a_part_that_cannot_be_read_is_said_and_the_others_still_come() -> None:
    found = read_evenly(ManyLines(broken_from=5), LogQuery(log_group="g", window=HOUR, limit=800))
    assert (len(found.lines), found.status) == (300, "partial")
    assert "5 parts could not be read" in found.messages


def test_a_reading_that_has_to_end_has_parts_from_all_over_the_window_and_says_so() -> None:
    logs = ManyLines()
    query = LogQuery(log_group="g", window=HOUR, limit=800)
    found = read_evenly(logs, query, lambda: logs.searches >= 4)
    eighths = {int((line.at - NOON).total_seconds() // 450) for line in found.lines}
    assert (logs.searches, eighths, found.status) == (4, {0, 2, 4}, "partial")
    assert found.covered_seconds == 3 * 99.0
    assert "5 parts were not read, as reading had to end" in found.messages
    assert list(found.lines) == sorted(found.lines, key=lambda line: line.at)


def test_a_reading_that_has_to_end_at_once_has_what_the_first_search_brought() -> None:
    logs = ManyLines()
    query = LogQuery(log_group="g", window=HOUR, limit=800)
    found = read_evenly(logs, query, lambda: True)
    assert (logs.searches, len(found.lines), found.truncated) == (1, 800, True)


class NoPercentiles:
    """CloudWatch where percentiles are missing: failed, or simply empty."""

    def __init__(self, status: SeriesStatus = "failed", *, traffic: bool = True) -> None:
        self.status: SeriesStatus = status
        self.traffic = traffic
        self.fetched: list[list[str]] = []

    def fetch(self, queries: Sequence[MetricQuery], window: Window) -> list[MetricSeries]:
        """See `Metrics.fetch`."""
        self.fetched.append([query.statistic for query in queries])
        return [self._series(query, window) for query in queries]

    def _series(self, query: MetricQuery, window: Window) -> MetricSeries:
        lacking = query.statistic.startswith("p")
        has_data = self.traffic and not lacking
        return MetricSeries(
            query=query,
            window=window,
            period_seconds=60,
            times=(NOON,) if has_data else (),
            values=(7.0,) if has_data else (),
            status=self.status if lacking else "complete",
        )


DURATIONS = [
    query_of(signal_named(f"lambda.duration_{name}"), FUNCTION) for name in ("p50", "p99", "max")
]


@pytest.mark.parametrize("status", ["failed", "complete"])
def test_where_percentiles_are_missing_another_statistic_stands_in_and_says_so(
    status: SeriesStatus,
) -> None:
    metrics = NoPercentiles(status)
    p50, p99, most = read_series(metrics, DURATIONS, HOUR)
    assert [one.series.query.statistic for one in (p50, p99, most)] == [
        "Average", "Maximum", "Maximum",
    ]  # fmt: skip
    assert (p50.signal.name, p50.signal.statistic) == ("lambda.duration_p50", "Average")
    assert p99.note == "p99 is not to be had here, this is Maximum"
    assert (most.note, most.asked, p50.asked) == ("", 1, 2)
    assert p50.request.metric.statistic == "Average"


def test_a_function_without_traffic_lacks_no_percentile() -> None:
    metrics = NoPercentiles("complete", traffic=False)
    read = read_series(metrics, DURATIONS, HOUR)
    assert len(metrics.fetched) == 1
    assert [one.asked for one in read] == [1, 1, 1]


class NothingStandsIn(NoPercentiles):
    """The maximum of what was asked at first has data, what is asked instead has none."""

    def _series(self, query: MetricQuery, window: Window) -> MetricSeries:
        if len(self.fetched) > 1:
            return MetricSeries(query=query, window=window, period_seconds=60)
        return super()._series(query, window)


def test_what_stands_in_is_paid_for_though_it_brings_nothing() -> None:
    p50, p99, most = read_series(NothingStandsIn(), DURATIONS, HOUR)
    assert [one.asked for one in (p50, p99, most)] == [2, 2, 1]
    assert (p50.series.query.statistic, p50.series.status) == ("p50", "failed")


def test_what_is_denied_is_not_asked_for_in_another_way() -> None:
    metrics = NoPercentiles("denied")
    p50, *_ = read_series(metrics, DURATIONS, HOUR)
    assert (p50.series.status, len(metrics.fetched)) == ("denied", 1)


class FailsTheSecondTime(NoPercentiles):
    """The batch of what stands in is refused."""

    def fetch(self, queries: Sequence[MetricQuery], window: Window) -> list[MetricSeries]:
        """See `Metrics.fetch`."""
        if self.fetched:
            raise AwsDenied("no", iam_action="cloudwatch:GetMetricData")
        return super().fetch(queries, window)


def test_where_nothing_stands_in_the_first_answer_is_told() -> None:
    p50, _, most = read_series(FailsTheSecondTime(), DURATIONS, HOUR)
    assert (p50.series.status, most.series.values) == ("failed", (7.0,))


def test_a_budget_bounds_one_look_and_all_looks_at_an_incident() -> None:
    budget = Budget(api_calls=100, scanned_mb=1, passes=3)
    used = CallUsage(api_calls=60)
    assert budget.exhausted(used, CallUsage(api_calls=200)) == ""
    assert budget.exhausted(used, CallUsage(api_calls=240)) == (
        "the budget of 300 AWS calls for all looks at this incident is spent"
    )
    assert budget.exhausted(CallUsage(api_calls=100)) == "the budget of 100 AWS calls is spent"


@pytest.mark.parametrize(("refused", "reason"), [(True, "unsupported"), (False, "unavailable")])
def test_a_statistic_that_is_never_to_be_had_is_not_waited_for(refused: bool, reason: str) -> None:
    window = MetricSeries(query=DURATIONS[0], window=HOUR, period_seconds=60)
    told = unread(window.model_copy(update={"status": "failed", "refused": refused}))
    assert told is not None
    assert told.reason == reason
