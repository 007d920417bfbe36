"""Log groups, streams, filtering and reading, through boto3."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.aws import Aws

CHECKOUT = "/aws/lambda/checkout"


def pages(aws: Aws, **parameters: Any) -> list[dict[str, Any]]:
    """Every page of FilterLogEvents."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        found.append(aws.logs.filter_log_events(**parameters, **token))
        if "nextToken" not in found[-1]:
            return found
        token = {"nextToken": found[-1]["nextToken"]}


def events(aws: Aws, **parameters: Any) -> list[dict[str, Any]]:
    """Events of every page."""
    return [event for page in pages(aws, **parameters) for event in page["events"]]


def test_there_is_a_group_for_each_function_with_its_retention(healthy: Aws) -> None:
    groups = healthy.logs.describe_log_groups()["logGroups"]
    assert len(groups) == 7
    assert {group["retentionInDays"] for group in groups} == {7}
    some = healthy.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/f")["logGroups"]
    assert [g["logGroupName"] for g in some] == [
        "/aws/lambda/fraud-score",
        "/aws/lambda/fulfilment",
    ]
    named = list(healthy.logs.get_paginator("describe_log_groups").paginate(limit=3))
    assert [len(page["logGroups"]) for page in named] == [3, 3, 1]


def test_lines_have_lambdas_form(failing: Aws) -> None:
    found = events(failing, logGroupName=CHECKOUT, startTime=failing.milliseconds_ago(3))
    heads = {event["message"].split(" ")[0].split("\t")[0] for event in found}
    assert {"START", "END", "REPORT", "[INFO]"} <= heads
    report = next(e["message"] for e in found if e["message"].startswith("REPORT"))
    assert "\tMemory Size: 512 MB\tMax Memory Used: " in report
    timeout = next(e["message"] for e in found if "timed out" in e["message"])
    assert timeout.endswith(" Task timed out after 3.00 seconds\n\n")
    assert all(event["logStreamName"].startswith("2026/03/04/[$LATEST]") for event in found)


def test_payments_hints_at_the_gateway_only_since_its_release(failing: Aws) -> None:
    hint = {"logGroupName": "/aws/lambda/payments", "filterPattern": '{ $.message = "*psp-2*" }'}
    before = {"startTime": failing.milliseconds_ago(40), "endTime": failing.milliseconds_ago(11)}
    assert events(failing, **hint, **before) == []
    assert len(events(failing, **hint, startTime=failing.milliseconds_ago(8))) > 100
    usual = {"logGroupName": "/aws/lambda/payments", "filterPattern": "certificate"}
    assert events(failing, **usual, **before)


def test_timeout_lines_are_as_many_as_the_errors(failing: Aws) -> None:
    failing.account.advance(300)
    start = failing.account.account_now().replace(second=0) - timedelta(minutes=10)
    found = events(
        failing,
        logGroupName=CHECKOUT,
        startTime=int(start.timestamp() * 1000) + 3000,
        endTime=int(start.timestamp() * 1000) + 302_999,
        filterPattern='"Task timed out"',
    )
    answer = failing.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "checkout"}],
        StartTime=start,
        EndTime=start + timedelta(minutes=5),
        Period=300,
        Statistics=["Sum"],
    )
    (point,) = [p for p in answer["Datapoints"] if p["Timestamp"] == start] or answer["Datapoints"]
    assert len(found) == pytest.approx(point["Sum"], abs=4)


def test_pages_are_ordered_by_time_and_join_without_gap_or_repeat(healthy: Aws) -> None:
    span = {"logGroupName": CHECKOUT, "startTime": healthy.milliseconds_ago(20)}
    whole = events(healthy, **span)
    parts = events(healthy, **span, limit=333)
    assert [e["eventId"] for e in parts] == [e["eventId"] for e in whole]
    assert len({e["eventId"] for e in whole}) == len(whole) > 3000
    assert all(a["timestamp"] <= b["timestamp"] for a, b in pairwise(whole))


def test_newest_first_gives_the_same_events_backwards(healthy: Aws) -> None:
    span = {"logGroupName": CHECKOUT, "startTime": healthy.milliseconds_ago(10)}
    backwards = events(healthy, **span, limit=500, startFromHead=False)
    assert [e["eventId"] for e in backwards] == [e["eventId"] for e in events(healthy, **span)][
        ::-1
    ]


def test_times_are_milliseconds_and_both_ends_count(healthy: Aws) -> None:
    span = {"logGroupName": CHECKOUT, "startTime": healthy.milliseconds_ago(10)}
    some = events(healthy, **span)[50]
    only = {"startTime": some["timestamp"], "endTime": some["timestamp"]}
    assert some in events(healthy, logGroupName=CHECKOUT, **only)


def test_a_long_search_ends_in_pages_that_may_be_empty(healthy: Aws) -> None:
    day = {"logGroupName": CHECKOUT, "startTime": healthy.milliseconds_ago(4 * 60)}
    found = pages(healthy, **day, filterPattern="there-is-no-such-term")
    assert len(found) > 1
    assert all(page["events"] == [] for page in found)


def test_events_are_gone_after_the_retention(healthy: Aws) -> None:
    week = healthy.milliseconds_ago(7 * 24 * 60)
    old = {"logGroupName": CHECKOUT, "startTime": week - 3600_000, "endTime": week - 1}
    assert events(healthy, **old) == []
    just = {"logGroupName": CHECKOUT, "startTime": week - 3600_000, "endTime": week + 300_000}
    assert min(e["timestamp"] for e in events(healthy, **just)) >= week


def test_the_newest_lines_arrive_a_little_late_and_stay_in_place(healthy: Aws) -> None:
    span = {"logGroupName": CHECKOUT, "startTime": healthy.milliseconds_ago(5)}
    first = events(healthy, **span)
    now = healthy.account.account_now().timestamp() * 1000
    assert now - 30_000 < first[-1]["timestamp"] < now - 3000
    healthy.account.advance(60)
    assert events(healthy, **span)[: len(first)] == first


def test_streams_can_be_named_or_prefixed(failing: Aws) -> None:
    payments = {
        "logGroupName": "/aws/lambda/payments",
        "startTime": failing.milliseconds_ago(15),
    }
    whole = events(failing, **payments)
    new = events(failing, **payments, logStreamNamePrefix="2026/03/04/[18]")
    assert 0 < len(new) < len(whole)
    stream = new[0]["logStreamName"]
    named = events(failing, **payments, logStreamNames=[stream])
    assert {e["logStreamName"] for e in named} == {stream}
    with pytest.raises(ClientError, match="exclude each other"):
        events(failing, **payments, logStreamNames=[stream], logStreamNamePrefix="2026")


def test_streams_are_listed_by_last_event_and_by_name(failing: Aws) -> None:
    group = {"logGroupName": "/aws/lambda/payments"}
    latest = failing.logs.describe_log_streams(
        **group, orderBy="LastEventTime", descending=True, limit=5
    )["logStreams"]
    times = [stream["lastEventTimestamp"] for stream in latest]
    assert times == sorted(times, reverse=True)
    assert len(times) == 5
    named = failing.logs.describe_log_streams(**group, logStreamNamePrefix="2026/03/04/[18]")
    names = [stream["logStreamName"] for stream in named["logStreams"]]
    assert names == sorted(names)
    assert names


def test_a_stream_is_read_to_its_end_where_the_token_repeats(failing: Aws) -> None:
    group = {"logGroupName": "/aws/lambda/payments"}
    (stream,) = failing.logs.describe_log_streams(
        **group, logStreamNamePrefix="2026/03/04/[18]", limit=1
    )["logStreams"]
    read = {**group, "logStreamName": stream["logStreamName"], "limit": 10, "startFromHead": True}
    page = failing.logs.get_log_events(**read)
    found = page["events"]
    while True:
        after = failing.logs.get_log_events(**read, nextToken=page["nextForwardToken"])
        found += after["events"]
        if after["nextForwardToken"] == page["nextForwardToken"]:
            break
        page = after
    wanted = events(failing, **group, logStreamNames=[stream["logStreamName"]])
    assert [e["message"] for e in found] == [e["message"] for e in wanted]
    newest = failing.logs.get_log_events(**{**read, "startFromHead": False})
    assert newest["events"] == found[-10:]
    before = failing.logs.get_log_events(**read, nextToken=newest["nextBackwardToken"])
    assert before["events"] == found[-20:-10]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"logGroupName": "/aws/lambda/nobody"}, "ResourceNotFoundException"),
        ({"filterPattern": "{ $.x = }"}, "InvalidParameterException"),
        ({"startTime": 2000, "endTime": 1000}, "InvalidParameterException"),
        ({"nextToken": "bogus"}, "InvalidParameterException"),
        ({"startFromHead": False, "startTime": 1}, "InvalidParameterException"),
    ],
)
def test_wrong_requests_are_refused(healthy: Aws, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        healthy.logs.filter_log_events(**({"logGroupName": CHECKOUT} | parameters))
    assert caught.value.response["Error"]["Code"] == code


def test_an_unknown_stream_is_not_found(healthy: Aws) -> None:
    with pytest.raises(ClientError) as caught:
        healthy.logs.get_log_events(logGroupName=CHECKOUT, logStreamName="2026/03/04/[1]nobody")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_debug_lines_appear_when_the_log_level_allows_them(healthy: Aws) -> None:
    environment = {"INVENTORY_FUNCTION": "inventory:live", "LOG_LEVEL": "DEBUG"}
    healthy.functions.update_function_configuration(
        FunctionName="storefront", Environment={"Variables": environment}
    )
    changed = int(healthy.account.account_now().timestamp() * 1000)
    healthy.account.advance(300)
    group = {"logGroupName": "/aws/lambda/storefront", "filterPattern": '{ $.level = "DEBUG" }'}
    assert events(healthy, **group, startTime=changed - 600_000, endTime=changed) == []
    assert len(events(healthy, **group, startTime=changed)) > 100
