"""Alarm definitions and transitions, with history and without."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from opspilot.adapters.aws.alarms import AwsAlarms
from opspilot.domain.alarm import Alarm
from opspilot.domain.resource import Resource
from opspilot.domain.telemetry import MetricQuery
from opspilot.errors import AwsDenied, AwsThrottled
from tests.adapters.aws.stubs import PLACE, Hourglass, answer, calls, stubbed

AT = datetime(2026, 11, 22, 14, 4, 7, 250_000, tzinfo=UTC)
SINCE = AT - timedelta(hours=1)
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:checkout-errors"


def definition(name: str = "checkout-errors", **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}",
        "AlarmDescription": "orders are lost",
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": "checkout"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "StateValue": "ALARM",
        "StateReason": "now",
        "StateUpdatedTimestamp": AT,
        **more,
    }


def history(
    name: str = "checkout-errors", at: datetime = AT, before: str = "OK", after: str = "ALARM"
) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmType": "MetricAlarm",
        "Timestamp": at,
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated from {before} to {after}",
        "HistoryData": json.dumps(
            {
                "version": "1.0",
                "oldState": {"stateValue": before},
                "newState": {"stateValue": after, "stateReason": "crossed"},
            }
        ),
    }


def gives_history(stub: Stubber, *items: dict[str, Any], token: str = "", more: str = "") -> None:
    request = {
        "AlarmTypes": ["MetricAlarm"],
        "HistoryItemType": "StateUpdate",
        "StartDate": SINCE,
        "MaxRecords": 100,
        "ScanBy": "TimestampAscending",
    }
    stub.add_response(
        "describe_alarm_history",
        answer(AlarmHistoryItems=list(items), **({"NextToken": more} if more else {})),
        {**request, **({"NextToken": token} if token else {})},
    )


def defines(stub: Stubber, *alarms: dict[str, Any], names: list[str] | None = None) -> None:
    request: dict[str, Any] = {"AlarmTypes": ["MetricAlarm"], "MaxRecords": 100}
    stub.add_response(
        "describe_alarms",
        answer(MetricAlarms=list(alarms)),
        {**request, **({"AlarmNames": names} if names else {})},
    )


def test_a_transition_is_told_with_its_alarm_as_it_was_then():
    with stubbed("cloudwatch") as (client, stub):
        gives_history(stub, history())
        defines(stub, definition(StateValue="OK"), names=["checkout-errors"])
        (found,) = AwsAlarms(client, calls(), PLACE).transitions(SINCE)
    assert found.alarm == Alarm(
        arn=ARN,
        name="checkout-errors",
        description="orders are lost",
        query=MetricQuery(
            namespace="AWS/Lambda",
            metric="Errors",
            dimensions=(("FunctionName", "checkout"),),
            statistic="Sum",
            period_seconds=60,
        ),
        comparator=">=",
        threshold=5.0,
        datapoints_to_alarm=2,
        evaluation_periods=3,
        state="ALARM",
        reason="crossed",
        since=AT,
    )
    assert (found.before, found.after, found.at) == ("OK", "ALARM", AT)
    assert found.key == f"{ARN}@2026-11-22T14:04:07+00:00:ALARM"


def test_transitions_of_all_pages_come_oldest_first():
    later = AT + timedelta(minutes=5)
    with stubbed("cloudwatch") as (client, stub):
        gives_history(stub, history(at=later, before="ALARM", after="OK"), more="t1")
        gives_history(stub, history(at=AT), token="t1")
        defines(stub, definition(), names=["checkout-errors"])
        found = AwsAlarms(client, calls(), PLACE).transitions(SINCE)
    assert [(each.at, each.after) for each in found] == [(AT, "ALARM"), (later, "OK")]


def test_nothing_new_needs_no_definitions():
    with stubbed("cloudwatch") as (client, stub):
        gives_history(stub)
        assert AwsAlarms(client, calls(), PLACE).transitions(SINCE) == []


def test_history_before_the_time_asked_for_is_left_out():
    with stubbed("cloudwatch") as (client, stub):
        gives_history(stub, history(at=SINCE - timedelta(seconds=1)), history(at=SINCE))
        defines(stub, definition(), names=["checkout-errors"])
        found = AwsAlarms(client, calls(), PLACE).transitions(SINCE)
    assert [each.at for each in found] == [SINCE]


@pytest.mark.parametrize(
    "odd",
    [
        {**history(), "HistoryData": "not json"},
        history(before="ALARM", after="ALARM"),
        {**history(), "HistoryData": "{}"},
    ],
)
def test_history_that_tells_no_change_of_state_is_left_out(odd):
    with stubbed("cloudwatch") as (client, stub):
        gives_history(stub, odd)
        defines(stub, definition(), names=["checkout-errors"])
        assert AwsAlarms(client, calls(), PLACE).transitions(SINCE) == []


def test_an_alarm_deleted_since_is_still_told_by_name():
    with stubbed("cloudwatch") as (client, stub):
        gives_history(stub, history())
        defines(stub, names=["checkout-errors"])
        (found,) = AwsAlarms(client, calls(), PLACE).transitions(SINCE)
    assert (found.alarm.arn, found.alarm.query) == (ARN, None)


def test_definitions_are_asked_for_by_at_most_a_hundred_names():
    names = [f"alarm-{number:03}" for number in range(101)]
    with stubbed("cloudwatch") as (client, stub):
        gives_history(stub, *(history(name) for name in names))
        defines(stub, *(definition(name) for name in names[:100]), names=names[:100])
        defines(stub, definition(names[100]), names=names[100:])
        found = AwsAlarms(client, calls(), PLACE).transitions(SINCE)
    assert len(found) == 101
    assert all(each.alarm.query for each in found)


@pytest.mark.parametrize(
    ("code", "status", "times"),
    [
        ("InternalFailure", 501, 1),
        ("500", 500, 2),
        ("", 404, 1),
        ("UnknownOperationException", 400, 1),
    ],
)
def test_without_history_transitions_come_from_the_present_state_and_say_so(
    code, status, times, caplog
):
    with stubbed("cloudwatch") as (client, stub):
        for _ in range(times):
            stub.add_client_error("describe_alarm_history", code, "no", status)
        alarms = [
            definition(),
            definition("quiet", StateValue="OK"),
            definition("old", StateUpdatedTimestamp=SINCE - timedelta(hours=1)),
        ]
        defines(stub, *alarms)
        defines(stub, *alarms)
        adapter = AwsAlarms(client, calls(), PLACE)
        with caplog.at_level(logging.WARNING):
            first, second = adapter.transitions(SINCE), adapter.transitions(SINCE)
    assert first == second
    assert [(each.alarm.name, each.after, each.at) for each in first] == [
        ("checkout-errors", "ALARM", AT)
    ]
    assert "present state" in first[0].alarm.reason
    assert len(caplog.records) == 1


def test_the_key_of_a_transition_is_the_same_with_history_and_without():
    with stubbed("cloudwatch") as (client, stub):
        gives_history(stub, history())
        defines(stub, definition(), names=["checkout-errors"])
        (told,) = AwsAlarms(client, calls(), PLACE).transitions(SINCE)
        stub.add_client_error("describe_alarm_history", "InternalFailure", "no", 501)
        defines(stub, definition(StateUpdatedTimestamp=AT + timedelta(milliseconds=300)))
        (derived,) = AwsAlarms(client, calls(), PLACE).transitions(SINCE)
    assert told.key == derived.key


def test_a_refreshed_reason_does_not_make_a_new_transition():
    refreshed = definition(
        StateUpdatedTimestamp=AT + timedelta(minutes=9), StateTransitionedTimestamp=AT
    )
    with stubbed("cloudwatch") as (client, stub):
        stub.add_client_error("describe_alarm_history", "InternalFailure", "no", 501)
        defines(stub, refreshed)
        (found,) = AwsAlarms(client, calls(), PLACE).transitions(SINCE)
    assert found.at == AT


def test_history_is_asked_for_again_after_a_while():
    hourglass = Hourglass()
    with stubbed("cloudwatch") as (client, stub):
        stub.add_client_error("describe_alarm_history", "InternalFailure", "no", 501)
        defines(stub)
        adapter = AwsAlarms(client, calls(hourglass), PLACE)
        adapter.transitions(SINCE)
        hourglass.sleep(601)
        gives_history(stub, history())
        defines(stub, definition(), names=["checkout-errors"])
        assert len(adapter.transitions(SINCE)) == 1


@pytest.mark.parametrize(
    ("code", "times", "kind"), [("AccessDenied", 1, AwsDenied), ("Throttling", 5, AwsThrottled)]
)
def test_history_that_is_denied_or_throttled_is_an_error_not_a_reason_to_degrade(code, times, kind):
    with stubbed("cloudwatch") as (client, stub):
        for _ in range(times):
            stub.add_client_error("describe_alarm_history", code, "no", 400)
        with pytest.raises(kind):
            AwsAlarms(client, calls(), PLACE).transitions(SINCE)


def test_the_alarms_of_a_resource_are_those_that_watch_one_of_its_metrics():
    math = definition("math-on-checkout")
    for key in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period"):
        del math[key]
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": "checkout"}],
    }
    math["Metrics"] = [
        {"Id": "e", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
        {"Id": "r", "Expression": "e/10"},
    ]
    elsewhere = definition("custom", Namespace="Shop")
    other = definition("other", Dimensions=[{"Name": "FunctionName", "Value": "payments"}])
    with stubbed("cloudwatch") as (client, stub):
        defines(stub, math, definition(), elsewhere, other)
        found = AwsAlarms(client, calls(), PLACE).alarms_of(PLACE.function("checkout"))
    assert [(alarm.name, alarm.query is None) for alarm in found] == [
        ("checkout-errors", False),
        ("math-on-checkout", True),
    ]


def on_expression(name: str, expression: str) -> dict[str, Any]:
    alarm = definition(name)
    for key in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period"):
        del alarm[key]
    return {**alarm, "Metrics": [{"Id": "q", "Expression": expression, "ReturnData": True}]}


SHARED = definition("account-full", MetricName="ConcurrentExecutions", Dimensions=[])
ALL_ERRORS = definition("all-errors", Dimensions=[])
OF_ALIAS = definition("live-errors", Dimensions=[{"Name": "Resource", "Value": "checkout:live"}])
OF_OTHER_ALIAS = definition(
    "other-live", Dimensions=[{"Name": "Resource", "Value": "checkout-old:live"}]
)
SEARCH = """'{AWS/Lambda,FunctionName} MetricName="Errors" FunctionName="checkout"', 'Sum'"""
SEARCHED = on_expression("searched", f"SUM(SEARCH({SEARCH}))")
FROM = 'SELECT SUM(Errors) FROM SCHEMA("AWS/Lambda", FunctionName)'
QUERIED = on_expression("queried", f"{FROM} WHERE FunctionName = 'checkout'")
QUERIED_ALL = on_expression("queried-all", 'SELECT SUM(Errors) FROM "AWS/Lambda"')


def names_of(resource: Resource) -> list[str]:
    alarms = [SHARED, ALL_ERRORS, OF_ALIAS, OF_OTHER_ALIAS, SEARCHED, QUERIED, QUERIED_ALL]
    with stubbed("cloudwatch") as (client, stub):
        defines(stub, *alarms)
        found = AwsAlarms(client, calls(), PLACE).alarms_of(resource)
    return [alarm.name for alarm in found]


def test_alarms_of_an_alias_in_searches_and_on_the_shared_concurrency_are_the_functions_too():
    assert names_of(PLACE.function("checkout")) == [
        "account-full", "live-errors", "queried", "searched",
    ]  # fmt: skip


def test_alarms_without_a_dimension_are_the_accounts_and_no_tables():
    assert names_of(PLACE.account()) == ["account-full", "all-errors"]
    assert names_of(PLACE.table("checkout")) == []


def test_an_alarm_of_an_api_may_name_more_dimensions_than_the_api():
    dimensions = [{"Name": "Stage", "Value": "prod"}, {"Name": "ApiName", "Value": "shop-api"}]
    alarm = definition("5xx", Namespace="AWS/ApiGateway", Dimensions=dimensions)
    with stubbed("cloudwatch") as (client, stub):
        defines(stub, alarm)
        (found,) = AwsAlarms(client, calls(), PLACE).alarms_of(PLACE.api("shop-api"))
    assert found.query is not None
    assert found.query.dimensions == (("ApiName", "shop-api"), ("Stage", "prod"))


def test_an_alarm_on_an_http_api_is_found_by_the_id_whatever_the_api_is_called():
    metric = {"Namespace": "AWS/ApiGateway", "MetricName": "5xx"}
    alarms = [
        definition("theirs", **metric, Dimensions=[{"Name": "ApiId", "Value": "b2"}]),
        definition("web-5xx", **metric, Dimensions=[{"Name": "ApiId", "Value": "w4q7"}]),
    ]
    with stubbed("cloudwatch") as (client, stub):
        defines(stub, *alarms)
        found = AwsAlarms(client, calls(), PLACE).alarms_of(PLACE.http_api("w4q7", "web"))
    assert [alarm.name for alarm in found] == ["web-5xx"]


@pytest.mark.parametrize(
    ("operator", "comparator"),
    [
        ("GreaterThanOrEqualToThreshold", ">="),
        ("GreaterThanThreshold", ">"),
        ("LessThanThreshold", "<"),
        ("LessThanOrEqualToThreshold", "<="),
    ],
)
def test_comparators_percentiles_and_defaults_are_read(operator, comparator):
    alarm = definition(ComparisonOperator=operator, ExtendedStatistic="p99")
    del alarm["Statistic"], alarm["DatapointsToAlarm"]
    with stubbed("cloudwatch") as (client, stub):
        defines(stub, alarm)
        (found,) = AwsAlarms(client, calls(), PLACE).alarms_of(PLACE.function("checkout"))
    assert found.query is not None
    assert (found.comparator, found.query.statistic) == (comparator, "p99")
    assert found.datapoints_to_alarm == found.evaluation_periods == 3
