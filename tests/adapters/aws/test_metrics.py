"""GetMetricData: requests, periods by age, pages, statuses, and queries that fail alone."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import ANY, Stubber

from opspilot.adapters.aws.metrics import AwsMetrics
from opspilot.adapters.aws.metrics_data import aligned_down, to_period, to_request
from opspilot.adapters.aws.throttle import Patience
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window
from opspilot.errors import (
    AwsCredentialsMissing,
    AwsDenied,
    AwsThrottled,
    AwsUnavailable,
    InvalidWindow,
)
from tests.adapters.aws.stubs import NOW, FixedClock, Hourglass, answer, calls, stubbed

HOUR = Window(start=datetime(2026, 11, 22, 13, 15, 20, tzinfo=UTC), end=NOW)
FIRST = datetime(2026, 11, 22, 13, 15, tzinfo=UTC)


def query(statistic: str = "Sum", *, function: str = "checkout", period: int = 60) -> MetricQuery:
    return MetricQuery(
        namespace="AWS/Lambda",
        metric="Errors",
        dimensions=(("FunctionName", function),),
        statistic=statistic,
        period_seconds=period,
    )


def minutes(*numbers: int) -> list[datetime]:
    return [FIRST + timedelta(minutes=number) for number in numbers]


def result(number: int, times: list[datetime], values: list[float], **more: object) -> dict:
    return {
        "Id": f"q{number}",
        "Label": "x",
        "Timestamps": times,
        "Values": values,
        "StatusCode": "Complete",
        **more,
    }


def page(stub: Stubber, *results: dict, request_id: str = "r-1", **more: object) -> None:
    stub.add_response(
        "get_metric_data",
        answer(request_id, MetricDataResults=list(results), Messages=[], **more),
    )


@pytest.mark.parametrize(
    ("wanted", "age", "period"),
    [
        (1, timedelta(hours=1), 1),
        (7, timedelta(hours=1), 10),
        (45, timedelta(hours=1), 60),
        (60, timedelta(hours=1), 60),
        (90, timedelta(hours=1), 120),
        (10, timedelta(hours=4), 60),
        (60, timedelta(days=14), 60),
        (60, timedelta(days=16), 300),
        (900, timedelta(days=20), 900),
        (400, timedelta(days=20), 600),
        (60, timedelta(days=64), 3600),
        (5400, timedelta(days=64), 7200),
        (60, timedelta(days=15) - timedelta(seconds=5), 300),
    ],
)
def test_the_period_is_the_shortest_that_data_of_this_age_has(wanted, age, period):
    assert to_period(wanted, age) == period


def test_the_request_asks_for_whole_periods_from_the_one_that_holds_the_start():
    request = to_request([(query(), 60), (query("p99"), 300)], HOUR)
    assert request == {
        "MetricDataQueries": [
            {
                "Id": f"q{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda",
                        "MetricName": "Errors",
                        "Dimensions": [{"Name": "FunctionName", "Value": "checkout"}],
                    },
                    "Period": period,
                    "Stat": statistic,
                },
                "ReturnData": True,
            }
            for number, (statistic, period) in enumerate([("Sum", 60), ("p99", 300)])
        ],
        "StartTime": FIRST,
        "EndTime": NOW,
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": 100_800,
    }


@pytest.mark.parametrize("period", [1, 60, 300, 3600, 86400])
def test_alignment_counts_periods_from_the_epoch(period):
    start = aligned_down(NOW, period)
    assert start <= NOW < start + timedelta(seconds=period)
    assert start.timestamp() % period == 0


def test_series_come_in_the_order_of_the_queries_with_their_points():
    with stubbed("cloudwatch") as (client, stub):
        page(stub, result(1, minutes(2, 1), [5.0, 4.0]), result(0, minutes(0), [1.0]))
        first, second = AwsMetrics(client, calls(), FixedClock()).fetch(
            [query(), query("Maximum")], HOUR
        )
    assert (first.query, first.times, first.values) == (query(), tuple(minutes(0)), (1.0,))
    assert (second.times, second.values) == (tuple(minutes(1, 2)), (4.0, 5.0))
    assert (first.status, first.messages, first.request_ids) == ("complete", (), ("r-1",))
    assert (first.window, first.period_seconds) == (HOUR, 60)


def test_no_datapoints_is_an_empty_series_and_no_error():
    with stubbed("cloudwatch") as (client, stub):
        page(stub, result(0, [], []))
        (series,) = AwsMetrics(client, calls(), FixedClock()).fetch([query()], HOUR)
    assert (series.status, series.times, series.values) == ("complete", (), ())


def test_no_queries_need_no_call():
    with stubbed("cloudwatch") as (client, _):
        assert AwsMetrics(client, calls(), FixedClock()).fetch([], HOUR) == []


def test_more_than_500_queries_are_asked_in_several_calls_and_stay_in_order():
    queries = [query(function=f"f{number}") for number in range(501)]
    with stubbed("cloudwatch") as (client, stub):
        page(stub, *(result(n, minutes(0), [float(n)]) for n in range(500)))
        page(stub, result(0, minutes(0), [500.0]), request_id="r-2")
        series = AwsMetrics(client, calls(), FixedClock()).fetch(queries, HOUR)
    assert [each.values for each in series] == [(float(n),) for n in range(501)]
    assert [each.query for each in series] == queries
    assert (series[0].request_ids, series[500].request_ids) == (("r-1",), ("r-2",))


def test_pages_of_one_series_are_joined():
    with stubbed("cloudwatch") as (client, stub):
        page(stub, result(0, minutes(0), [1.0], StatusCode="PartialData"), NextToken="t1")
        stub.add_response(
            "get_metric_data",
            answer("r-2", MetricDataResults=[result(0, minutes(1), [2.0])], Messages=[]),
            {
                "MetricDataQueries": ANY,
                "StartTime": ANY,
                "EndTime": ANY,
                "ScanBy": ANY,
                "MaxDatapoints": ANY,
                "NextToken": "t1",
            },
        )
        (series,) = AwsMetrics(client, calls(), FixedClock()).fetch([query()], HOUR)
    assert (series.status, series.values, series.request_ids) == (
        "complete",
        (1.0, 2.0),
        ("r-1", "r-2"),
    )


def test_a_page_that_fails_for_good_leaves_what_came_labelled_partial():
    with stubbed("cloudwatch") as (client, stub):
        page(
            stub,
            result(0, minutes(0), [1.0], StatusCode="PartialData"),
            result(1, minutes(0), [1.0]),
            NextToken="t1",
        )
        for _ in range(5):
            stub.add_client_error("get_metric_data", "ThrottlingException", "Rate exceeded")
        cut, whole = AwsMetrics(client, calls(), FixedClock()).fetch(
            [query(), query("Maximum")], HOUR
        )
    assert (cut.status, cut.values, whole.status) == ("partial", (1.0,), "complete")
    assert "later page could not be read" in cut.messages[0]


def test_pages_beyond_the_time_allowed_are_said_to_be_missing():
    with stubbed("cloudwatch") as (client, stub):
        page(stub, result(0, minutes(0), [1.0], StatusCode="PartialData"), NextToken="t1")
        sender = calls(patience=Patience(seconds=0.0))
        (series,) = AwsMetrics(client, sender, FixedClock()).fetch([query()], HOUR)
    assert (series.status, series.values) == ("partial", (1.0,))
    assert "more to read than the time allowed" in series.messages[0]


def test_a_token_that_repeats_ends_the_reading_labelled_partial():
    with stubbed("cloudwatch") as (client, stub):
        for _ in range(2):
            page(stub, result(0, minutes(0), [1.0], StatusCode="PartialData"), NextToken="t1")
        (series,) = AwsMetrics(client, calls(), FixedClock()).fetch([query()], HOUR)
    assert series.status == "partial"


@pytest.mark.parametrize(
    ("code", "values", "status"),
    [
        ("PartialData", [1.0], "partial"),
        ("InternalError", [1.0], "partial"),
        ("InternalError", [], "failed"),
        ("Forbidden", [], "denied"),
    ],
)
def test_the_status_of_each_series_is_kept_with_its_messages(code, values, status):
    with stubbed("cloudwatch") as (client, stub):
        page(
            stub,
            result(
                0,
                minutes(*range(len(values))),
                values,
                StatusCode=code,
                Messages=[{"Code": "Why", "Value": "because"}],
            ),
            result(1, minutes(0), [7.0]),
        )
        first, second = AwsMetrics(client, calls(), FixedClock()).fetch(
            [query(), query("Maximum")], HOUR
        )
    assert (first.status, second.status) == (status, "complete")
    assert first.messages[0] == "Why: because"
    assert len(first.messages) == 2


def test_a_query_that_no_page_speaks_of_has_failed():
    with stubbed("cloudwatch") as (client, stub):
        page(stub, result(0, minutes(0), [1.0]))
        _, missing = AwsMetrics(client, calls(), FixedClock()).fetch(
            [query(), query("Maximum")], HOUR
        )
    assert (missing.status, missing.messages) == (
        "failed",
        ("CloudWatch returned nothing for this query",),
    )


def test_values_that_are_no_numbers_are_left_out_and_counted():
    with stubbed("cloudwatch") as (client, stub):
        page(stub, result(0, minutes(0, 1, 2), [1.0, float("nan"), float("inf")]))
        (series,) = AwsMetrics(client, calls(), FixedClock()).fetch([query()], HOUR)
    assert (series.values, series.status) == ((1.0,), "complete")
    assert series.messages == ("2 values were not numbers and are left out",)


def test_points_outside_the_window_are_left_out():
    with stubbed("cloudwatch") as (client, stub):
        page(stub, result(0, [*minutes(-1, 0), NOW, NOW + timedelta(minutes=1)], [1, 2, 3, 4]))
        (series,) = AwsMetrics(client, calls(), FixedClock()).fetch([query()], HOUR)
    assert series.values == (2.0,)


def test_a_period_widened_by_age_is_asked_for_and_said():
    old = Window(start=NOW - timedelta(days=20), end=NOW - timedelta(days=19))
    with stubbed("cloudwatch") as (client, stub):
        page(stub, result(0, [], []))
        (series,) = AwsMetrics(client, calls(), FixedClock()).fetch([query()], old)
    assert series.period_seconds == 300
    assert series.messages == ("the period is 300 s: data of this age has no 60 s",)


def test_a_statistic_that_is_refused_fails_alone():
    """Some endpoints refuse percentiles with the whole call."""
    queries = [query("Sum"), query("p99"), query("Maximum"), query("p50")]
    with stubbed("cloudwatch") as (client, stub):
        stub.add_client_error("get_metric_data", "ValidationError", "percentiles?")
        page(stub, result(0, minutes(0), [1.0]), result(1, minutes(0), [2.0]))
        stub.add_client_error("get_metric_data", "ValidationError", "percentiles?")
        stub.add_client_error("get_metric_data", "ValidationError", "percentiles?")
        page(stub, result(0, minutes(0), [3.0]))
        series = AwsMetrics(client, calls(), FixedClock()).fetch(queries, HOUR)
    assert [each.status for each in series] == ["complete", "failed", "complete", "complete"]
    assert [each.values for each in series] == [(1.0,), (), (2.0,), (3.0,)]
    assert "percentiles?" in series[1].messages[0]
    assert [each.refused for each in series] == [False, True, False, False]


def test_percentiles_that_crash_the_endpoint_fail_alone():
    with stubbed("cloudwatch") as (client, stub):
        for _ in range(2):
            stub.add_client_error("get_metric_data", "500", "oops", http_status_code=500)
        page(stub, result(0, minutes(0), [1.0]))
        for _ in range(2):
            stub.add_client_error("get_metric_data", "500", "oops", http_status_code=500)
        plain, unusual = AwsMetrics(client, calls(), FixedClock()).fetch(
            [query("Sum"), query("p99")], HOUR
        )
    assert (plain.status, unusual.status) == ("complete", "failed")
    assert not unusual.refused


def test_a_single_query_that_is_refused_is_a_failed_series():
    with stubbed("cloudwatch") as (client, stub):
        stub.add_client_error("get_metric_data", "ValidationError", "no such statistic")
        (series,) = AwsMetrics(client, calls(), FixedClock()).fetch([query("p999")], HOUR)
    assert series.status == "failed"
    assert "no such statistic" in series.messages[0]


@pytest.mark.parametrize(
    ("code", "status", "times", "kind"),
    [
        ("AccessDenied", 403, 1, AwsDenied),
        ("ExpiredToken", 403, 1, AwsCredentialsMissing),
        ("ThrottlingException", 400, 5, AwsThrottled),
        ("InternalServiceFault", 500, 5, AwsUnavailable),
    ],
)
def test_a_call_that_fails_as_a_whole_is_an_error(code, status, times, kind):
    with stubbed("cloudwatch") as (client, stub):
        for _ in range(times):
            stub.add_client_error("get_metric_data", code, "no", http_status_code=status)
        with pytest.raises(kind):
            AwsMetrics(client, calls(), FixedClock()).fetch([query()], HOUR)


def test_throttling_that_passes_is_not_seen():
    with stubbed("cloudwatch") as (client, stub):
        stub.add_client_error("get_metric_data", "ThrottlingException", "Rate exceeded")
        page(stub, result(0, minutes(0), [1.0]))
        (series,) = AwsMetrics(client, calls(), FixedClock()).fetch([query()], HOUR)
    assert (series.status, series.values) == ("complete", (1.0,))


def test_when_one_of_several_calls_fails_the_other_series_still_come():
    queries = [query(function=f"f{number}") for number in range(501)]
    with stubbed("cloudwatch") as (client, stub):
        page(stub, *(result(n, minutes(0), [1.0]) for n in range(500)))
        stub.add_client_error("get_metric_data", "AccessDenied", "no", http_status_code=403)
        series = AwsMetrics(client, calls(), FixedClock()).fetch(queries, HOUR)
    assert {each.status for each in series[:500]} == {"complete"}
    assert series[500].status == "denied"
    assert "cloudwatch:GetMetricData" in series[500].messages[0]


def test_a_window_past_retention_is_refused_before_any_call():
    old = Window(start=NOW - timedelta(days=456), end=NOW - timedelta(days=450))
    with stubbed("cloudwatch") as (client, _), pytest.raises(InvalidWindow, match="455 days"):
        AwsMetrics(client, calls(), FixedClock()).fetch([query()], old)


def test_the_quota_of_datapoints_a_second_is_kept():
    hourglass = Hourglass()
    window = Window(start=NOW - timedelta(hours=2), end=NOW)
    queries = [query(function=f"f{number}", period=1) for number in range(50)]
    with stubbed("cloudwatch") as (client, stub):
        for _ in range(2):
            page(stub, *(result(n, [], []) for n in range(50)))
        metrics = AwsMetrics(client, calls(hourglass), FixedClock())
        metrics.fetch(queries, window)
        assert hourglass.slept == []
        metrics.fetch(queries, window)
    # 50 series of 7,200 points are 360,000, and 180,000 a second are allowed.
    assert sum(hourglass.slept) == pytest.approx(2.0, abs=0.01)
