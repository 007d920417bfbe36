"""GetMetricData and its relatives, through boto3."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from tests.embedded.aws import Aws


def stat(
    name: str = "Errors", function: str = "checkout", *, period: int = 60, stat: str = "Sum"
) -> dict[str, Any]:
    """A MetricStat of a Lambda metric."""
    return {
        "Metric": {
            "Namespace": "AWS/Lambda",
            "MetricName": name,
            "Dimensions": [{"Name": "FunctionName", "Value": function}],
        },
        "Period": period,
        "Stat": stat,
    }


def ask(aws: Aws, queries: list[dict[str, Any]], minutes: float = 30, **more: Any) -> Any:
    """One call over the last minutes, oldest first."""
    now = aws.account.account_now()
    arguments = {
        "MetricDataQueries": queries,
        "StartTime": now - timedelta(minutes=minutes),
        "EndTime": now,
        "ScanBy": "TimestampAscending",
    }
    return aws.cloudwatch.get_metric_data(**(arguments | more))


def refused(aws: Aws, queries: list[dict[str, Any]], **more: Any) -> str:
    """The message of the ValidationError that a call gets."""
    with pytest.raises(ClientError) as caught:
        ask(aws, queries, **more)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(caught.value.response["Error"]["Message"])


def test_buckets_are_aligned_to_the_period_and_the_end_is_exclusive(healthy: Aws) -> None:
    now = healthy.account.account_now()
    end = now.replace(minute=0, second=0, microsecond=0)
    start = end - timedelta(minutes=58, seconds=13)
    query = [{"Id": "a", "MetricStat": stat("Invocations", period=300)}]
    result = ask(healthy, query, StartTime=start, EndTime=end)["MetricDataResults"][0]
    assert {t.minute % 5 for t in result["Timestamps"]} == {0}
    assert result["Timestamps"][0] <= start
    assert result["Timestamps"][-1] == end - timedelta(minutes=5)
    assert result["StatusCode"] == "Complete"


def test_wider_periods_add_up_to_the_narrow_ones(healthy: Aws) -> None:
    end = healthy.account.account_now().replace(minute=0, second=0, microsecond=0)
    span = {"StartTime": end - timedelta(hours=3), "EndTime": end}
    queries = [
        {"Id": f"p{period}", "MetricStat": stat("Invocations", period=period)}
        for period in (60, 300, 3600)
    ]
    totals = {
        result["Id"]: (len(result["Values"]), sum(result["Values"]))
        for result in ask(healthy, queries, **span)["MetricDataResults"]
    }
    assert [totals[name][0] for name in ("p60", "p300", "p3600")] == [180, 36, 3]
    assert len({total for _, total in totals.values()}) == 1


def test_statistics_agree_with_one_another(healthy: Aws) -> None:
    names = ("Minimum", "p10", "p50", "p90", "p99.9", "Maximum", "Average", "Sum", "SampleCount")
    queries = [
        {"Id": f"s{i}", "MetricStat": stat("Duration", stat=name, period=300)}
        for i, name in enumerate(names)
    ]
    results = ask(healthy, queries, minutes=60)["MetricDataResults"]
    by_name = {name: np.array(r["Values"]) for name, r in zip(names, results, strict=True)}
    ladder = [by_name[name] for name in names[:6]]
    assert all((low <= high).all() for low, high in pairwise(ladder))
    assert np.allclose(by_name["Sum"], by_name["Average"] * by_name["SampleCount"])


def test_trimmed_statistics_lie_inside_their_bounds(healthy: Aws) -> None:
    names = ("tm90", "TM(10%:90%)", "IQM", "wm95", "p50", "ts99", "tc50")
    queries = [
        {"Id": f"s{i}", "MetricStat": stat("Duration", stat=name, period=300)}
        for i, name in enumerate(names)
    ]
    results = ask(healthy, queries, minutes=60)["MetricDataResults"]
    values = {name: np.array(r["Values"]) for name, r in zip(names, results, strict=True)}
    assert (np.abs(values["IQM"] / values["p50"] - 1) < 0.1).all()
    assert (values["tm90"] < values["ts99"]).all()
    counts = np.array(healthy.values("Duration", stat="SampleCount", minutes=60, period=300))
    assert np.abs(values["tc50"] - counts / 2).max() <= 1


def test_the_exact_dimension_set_and_namespace_count(healthy: Aws) -> None:
    known = stat("Invocations")
    unknown = [
        {**known, "Metric": {**known["Metric"], "Namespace": "AWS/Other"}},
        {**known, "Metric": {**known["Metric"], "Dimensions": [{"Name": "Stage", "Value": "x"}]}},
        stat("Invocations", "no-such-function"),
        stat("NoSuchMetric"),
    ]
    everything = {**known, "Metric": {**known["Metric"], "Dimensions": []}}
    queries = [
        {"Id": f"q{i}", "MetricStat": s} for i, s in enumerate([known, everything, *unknown])
    ]
    one, whole, *none = ask(healthy, queries)["MetricDataResults"]
    assert sum(whole["Values"]) > 3 * sum(one["Values"]) > 0
    assert [r["Values"] for r in none] == [[], [], [], []]


def test_alias_and_version_dimensions_divide_the_invocations(failing: Aws) -> None:
    def sized(**dimensions: str) -> float:
        metric = {
            "Namespace": "AWS/Lambda",
            "MetricName": "Invocations",
            "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
        }
        query = {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
        return float(sum(ask(failing, [query])["MetricDataResults"][0]["Values"]))

    name = {"FunctionName": "payments", "Resource": "payments:live"}
    whole = sized(FunctionName="payments")
    old, new = (sized(**name, ExecutedVersion=version) for version in ("17", "18"))
    assert whole == sized(**name) == old + new
    assert old > 0
    assert new > 0


def test_errors_are_zero_with_invocations_and_missing_without(healthy: Aws) -> None:
    assert 0.0 in healthy.values("Errors")
    healthy.functions.put_function_concurrency(
        FunctionName="notify", ReservedConcurrentExecutions=0
    )
    healthy.account.advance(600)
    assert healthy.values("Errors", "notify", minutes=5) == []


def test_the_newest_minutes_arrive_late_and_fill_up(healthy: Aws) -> None:
    end = healthy.account.account_now()
    query = [{"Id": "a", "MetricStat": stat("Invocations")}]
    span = {"StartTime": end - timedelta(minutes=5), "EndTime": end}
    first = ask(healthy, query, **span)["MetricDataResults"][0]
    assert first["Timestamps"][-1] < end - timedelta(seconds=60)
    healthy.account.advance(300)
    later = ask(healthy, query, **span)["MetricDataResults"][0]
    assert len(later["Values"]) > len(first["Values"])
    assert later["Values"][len(first["Values"]) - 1] > first["Values"][-1]
    assert later["Values"][: len(first["Values"]) - 1] == first["Values"][:-1]


def test_fine_periods_have_no_data_past_their_age_and_no_error(healthy: Aws) -> None:
    now = healthy.account.account_now()
    queries = [
        {"Id": "fine", "MetricStat": stat("Invocations", period=60)},
        {"Id": "coarse", "MetricStat": stat("Invocations", period=300)},
    ]
    fine, coarse = ask(
        healthy,
        queries,
        StartTime=now - timedelta(days=16),
        EndTime=now - timedelta(days=14),
    )["MetricDataResults"]
    assert min(fine["Timestamps"]) >= now - timedelta(days=15)
    assert min(coarse["Timestamps"]) < now - timedelta(days=15, hours=20)
    assert fine["StatusCode"] == "Complete"


def test_three_weeks_of_history_exist_and_not_more(healthy: Aws) -> None:
    now = healthy.account.account_now()
    query = [{"Id": "a", "MetricStat": stat("Invocations", "storefront", period=3600)}]
    result = ask(healthy, query, StartTime=now - timedelta(days=40), EndTime=now)
    times = result["MetricDataResults"][0]["Timestamps"]
    assert timedelta(days=20, hours=22) < now - times[0] <= timedelta(days=21, hours=1)
    assert len(times) >= 21 * 24


def test_pages_join_to_the_whole(healthy: Aws) -> None:
    queries = [
        {"Id": f"q{i}", "MetricStat": stat(name)}
        for i, name in enumerate(("Errors", "Invocations", "Throttles"))
    ]
    whole = {r["Id"]: r["Values"] for r in ask(healthy, queries)["MetricDataResults"]}
    joined: dict[str, list[float]] = {name: [] for name in whole}
    statuses: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = ask(healthy, queries, MaxDatapoints=20, **token)
        assert sum(len(r["Values"]) for r in page["MetricDataResults"]) <= 20
        for result in page["MetricDataResults"]:
            joined[result["Id"]] += result["Values"]
            statuses.append(result["StatusCode"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert joined == whole
    assert set(statuses) == {"Complete", "PartialData"}


def test_the_order_is_newest_first_unless_asked_otherwise(healthy: Aws) -> None:
    query = [{"Id": "a", "MetricStat": stat("Invocations")}]
    up = ask(healthy, query)["MetricDataResults"][0]
    down = ask(healthy, query, ScanBy="TimestampDescending")["MetricDataResults"][0]
    assert down["Timestamps"] == up["Timestamps"][::-1]
    assert down["Values"] == up["Values"][::-1]


def test_labels_and_return_data_are_respected(healthy: Aws) -> None:
    queries = [
        {"Id": "a", "MetricStat": stat("Errors"), "ReturnData": False},
        {"Id": "b", "MetricStat": stat("Invocations"), "Label": "calls"},
        {"Id": "c", "Expression": "a / b * 100"},
    ]
    results = ask(healthy, queries)["MetricDataResults"]
    assert [(r["Id"], r["Label"]) for r in results] == [("b", "calls"), ("c", "c")]


def test_math_computes_from_the_series(failing: Aws) -> None:
    queries = [
        {"Id": "e", "MetricStat": stat("Errors")},
        {"Id": "n", "MetricStat": stat("Invocations")},
        {"Id": "rate", "Expression": "100 * e / n"},
        {"Id": "twice", "Expression": "rate + rate"},
        {"Id": "total", "Expression": "SUM(METRICS())"},
    ]
    results = {r["Id"]: np.array(r["Values"]) for r in ask(failing, queries)["MetricDataResults"]}
    assert np.allclose(results["rate"], 100 * results["e"] / results["n"])
    assert np.allclose(results["twice"], 2 * results["rate"])
    assert np.allclose(results["total"], results["e"] + results["n"])


def test_fill_gives_missing_points_a_value(healthy: Aws) -> None:
    healthy.functions.put_function_concurrency(
        FunctionName="notify", ReservedConcurrentExecutions=0
    )
    healthy.account.advance(600)
    queries = [
        {"Id": "n", "MetricStat": stat("Invocations", "notify")},
        {"Id": "z", "Expression": "FILL(n, 0)"},
    ]
    n, z = ask(healthy, queries, minutes=20)["MetricDataResults"]
    assert len(z["Values"]) in (20, 21)
    assert sum(z["Values"]) == sum(n["Values"])
    assert z["Values"].count(0.0) >= 6


@pytest.mark.parametrize(
    "expression",
    ["a +", "nobody", "ANOMALY_DETECTION_BAND(a)", "SEARCH('x')", "1 + 1", "a ; b", "a / 0 0"],
)
def test_an_expression_that_cannot_be_evaluated_is_an_error_not_an_empty_answer(
    healthy: Aws, expression: str
) -> None:
    queries = [{"Id": "a", "MetricStat": stat()}, {"Id": "x", "Expression": expression}]
    assert "x" in refused(healthy, queries) or expression in refused(healthy, queries)


def test_expressions_that_depend_on_themselves_are_refused(healthy: Aws) -> None:
    queries = [{"Id": "x", "Expression": "y + 1"}, {"Id": "y", "Expression": "x + 1"}]
    assert "depends on itself" in refused(healthy, queries)


def test_at_most_five_hundred_queries(healthy: Aws) -> None:
    queries = [{"Id": f"q{i}", "MetricStat": stat()} for i in range(500)]
    assert len(ask(healthy, queries)["MetricDataResults"]) == 500
    assert "500" in refused(healthy, [*queries, {"Id": "more", "MetricStat": stat()}])


@pytest.mark.parametrize(
    "query",
    [
        {"Id": "Upper", "MetricStat": stat()},
        {"Id": "a"},
        {"Id": "a", "MetricStat": stat(), "Expression": "b"},
        {"Id": "a", "MetricStat": stat(period=90)},
        {"Id": "a", "MetricStat": stat(stat="p101")},
        {"Id": "a", "MetricStat": stat(stat="Mean")},
    ],
)
def test_malformed_queries_are_refused(healthy: Aws, query: dict[str, Any]) -> None:
    assert refused(healthy, [query])


def test_repeated_ids_and_reversed_times_are_refused(healthy: Aws) -> None:
    query = {"Id": "a", "MetricStat": stat()}
    assert "unique" in refused(healthy, [query, query])
    now = healthy.account.account_now()
    message = refused(healthy, [query], StartTime=now, EndTime=now - timedelta(minutes=1))
    assert "StartTime must be less" in message


def test_metric_statistics_give_the_same_points(healthy: Aws) -> None:
    end = healthy.account.account_now().replace(second=0, microsecond=0) - timedelta(minutes=5)
    answer = healthy.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Duration",
        Dimensions=[{"Name": "FunctionName", "Value": "checkout"}],
        StartTime=end - timedelta(minutes=30),
        EndTime=end,
        Period=300,
        Statistics=["Average", "SampleCount"],
        ExtendedStatistics=["p99"],
    )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    assert all(
        p["ExtendedStatistics"]["p99"] > p["Average"] and p["Unit"] == "Milliseconds"
        for p in points
    )
    assert 6 <= len(points) <= 7


def test_too_many_points_of_metric_statistics_are_refused(healthy: Aws) -> None:
    end = healthy.account.account_now()
    with pytest.raises(ClientError, match="1440"):
        healthy.cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Duration",
            StartTime=end - timedelta(days=2),
            EndTime=end,
            Period=60,
            Statistics=["Average"],
        )


def test_metrics_are_listed_once_each_and_every_one_has_data(healthy: Aws) -> None:
    pages = healthy.cloudwatch.get_paginator("list_metrics").paginate()
    found = [metric for page in pages for metric in page["Metrics"]]
    keys = [
        (m["Namespace"], m["MetricName"], *((d["Name"], d["Value"]) for d in m["Dimensions"]))
        for m in found
    ]
    assert len(keys) == len(set(keys)) > 100
    queries = [
        {"Id": f"q{i}", "MetricStat": {"Metric": m, "Period": 300, "Stat": "SampleCount"}}
        for i, m in enumerate(found)
    ]
    results = ask(healthy, queries, minutes=60)["MetricDataResults"]
    silent = {
        (found[i]["Namespace"], found[i]["MetricName"])
        for i, result in enumerate(results)
        if not result["Values"]
    }
    # Nobody sends to or receives from a dead-letter queue of a healthy account; no Query operation.
    assert silent <= {
        ("AWS/SQS", "NumberOfMessagesSent"),
        ("AWS/SQS", "NumberOfMessagesReceived"),
        ("AWS/SQS", "NumberOfMessagesDeleted"),
    }


def test_list_metrics_filters_by_name_namespace_and_dimension(healthy: Aws) -> None:
    found = healthy.cloudwatch.list_metrics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "payments"}],
    )["Metrics"]
    assert {len(m["Dimensions"]) for m in found} == {1, 2}
    assert healthy.cloudwatch.list_metrics(Namespace="AWS/EC2")["Metrics"] == []


def test_api_table_and_queue_metrics_tell_of_the_same_traffic(healthy: Aws) -> None:
    def total(namespace: str, name: str, **dimensions: str) -> float:
        metric = {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
        }
        query = {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
        end = healthy.account.account_now().replace(minute=0, second=0, microsecond=0)
        span = {"StartTime": end - timedelta(hours=2), "EndTime": end - timedelta(hours=1)}
        return float(sum(ask(healthy, [query], **span)["MetricDataResults"][0]["Values"]))

    count = total("AWS/ApiGateway", "Count", ApiName="shop-api", Stage="prod")
    behind = sum(
        total("AWS/Lambda", "Invocations", FunctionName=name) for name in ("checkout", "storefront")
    )
    assert count == pytest.approx(behind, abs=3)
    sent = total("AWS/SQS", "NumberOfMessagesSent", QueueName="order-events")
    handled = total("AWS/Lambda", "Invocations", FunctionName="fulfilment")
    assert sent == pytest.approx(handled, abs=3)
    written = total("AWS/DynamoDB", "ConsumedWriteCapacityUnits", TableName="orders")
    assert written == pytest.approx(2 * sent, abs=10)
    assert 0 < total("AWS/ApiGateway", "4XXError", ApiName="shop-api") < 0.05 * count


def test_published_metrics_stand_beside_the_workloads_own(healthy: Aws) -> None:
    now = healthy.account.account_now()
    healthy.cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {
                "MetricName": "Baskets",
                "Timestamp": now - timedelta(minutes=3),
                "Values": [2.0, 5.0],
                "Counts": [3.0, 1.0],
                "Dimensions": [{"Name": "Store", "Value": "web"}],
            }
        ],
    )
    metric = {
        "Namespace": "Shop",
        "MetricName": "Baskets",
        "Dimensions": [{"Name": "Store", "Value": "web"}],
    }
    queries = [
        {"Id": f"q{i}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": name}}
        for i, name in enumerate(("Sum", "SampleCount", "Maximum"))
    ]
    values = [r["Values"] for r in ask(healthy, queries)["MetricDataResults"]]
    assert values == [[11.0], [4.0], [5.0]]
    assert healthy.cloudwatch.list_metrics(Namespace="Shop")["Metrics"] == [metric]


@pytest.mark.parametrize("namespace", ["AWS/Lambda", "AWS/Mine"])
def test_nobody_publishes_into_the_namespaces_of_aws(healthy: Aws, namespace: str) -> None:
    with pytest.raises(ClientError, match="Namespace"):
        healthy.cloudwatch.put_metric_data(
            Namespace=namespace, MetricData=[{"MetricName": "x", "Value": 1.0}]
        )
