"""CloudTrail tells who changed what, a little late, and leaves environments out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.aws import Aws


def look(aws: Aws, **parameters: Any) -> list[dict[str, Any]]:
    """Events of every page."""
    pages = aws.trail.get_paginator("lookup_events").paginate(**parameters)
    return [event for page in pages for event in page["Events"]]


def by(key: str, value: str) -> dict[str, Any]:
    """A lookup attribute."""
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def test_the_release_is_in_the_trail_by_bob(failing: Aws) -> None:
    found = look(failing, **by("Username", "bob"))[:3]
    assert [event["EventName"] for event in found] == [
        "UpdateAlias20150331",
        "PublishVersion20150331",
        "UpdateFunctionCode20150331v2",
    ]
    detail = json.loads(found[0]["CloudTrailEvent"])
    assert detail["requestParameters"] == {
        "functionName": "payments",
        "name": "live",
        "functionVersion": "18",
    }
    assert detail["userIdentity"]["arn"] == "arn:aws:iam::123456789012:user/bob"
    assert detail["responseElements"]["functionVersion"] == "18"
    assert {r["ResourceName"] for r in found[0]["Resources"]} >= {"payments"}


def test_harmless_older_changes_are_there_and_without_the_environment(healthy: Aws) -> None:
    (change,) = look(healthy, **by("Username", "alice"))
    assert change["EventName"] == "UpdateFunctionConfiguration20150331v2"
    assert "LOG_LEVEL" not in change["CloudTrailEvent"]
    assert json.loads(change["CloudTrailEvent"])["requestParameters"]["environment"] == {}
    age = healthy.account.account_now() - change["EventTime"]
    assert timedelta(hours=5) < age < timedelta(hours=6)


def test_a_call_of_the_product_shows_up_after_two_account_minutes(healthy: Aws) -> None:
    healthy.functions.update_function_configuration(
        FunctionName="checkout", Timeout=8, Environment={"Variables": {"TOKEN": "hush"}}
    )
    mine = by("Username", "opspilot")
    healthy.account.advance(110)
    assert look(healthy, **mine) == []
    healthy.account.advance(15)
    (event,) = look(healthy, **mine)
    assert event["AccessKeyId"] == "AKIAIOSFODNN7EXAMPLE"
    detail = json.loads(event["CloudTrailEvent"])
    assert detail["requestParameters"]["timeout"] == 8
    assert "hush" not in event["CloudTrailEvent"]
    assert "Boto3" in detail["userAgent"]


def test_refused_changes_leave_an_event_with_the_error(healthy: Aws) -> None:
    with pytest.raises(ClientError):
        healthy.functions.update_alias(FunctionName="payments", Name="live", FunctionVersion="99")
    healthy.account.advance(130)
    (event,) = look(healthy, **by("Username", "opspilot"))
    detail = json.loads(event["CloudTrailEvent"])
    assert detail["errorCode"] == "ResourceNotFoundException"
    assert detail["responseElements"] is None


def test_events_are_found_by_each_attribute_and_time(failing: Aws) -> None:
    everything = look(failing)
    times = [event["EventTime"] for event in everything]
    assert times == sorted(times, reverse=True)
    assert len({event["EventId"] for event in everything}) == len(everything)
    one = everything[4]
    assert look(failing, **by("EventId", one["EventId"])) == [one]
    for key, value in (
        ("EventName", "UpdateAlias20150331"),
        ("ResourceName", "payments"),
        ("ResourceType", "AWS::Lambda::Function"),
        ("EventSource", "lambda.amazonaws.com"),
        ("ReadOnly", "false"),
    ):
        assert look(failing, **by(key, value))
    recent = failing.account.account_now() - timedelta(minutes=30)
    assert len(look(failing, StartTime=recent)) == 3
    assert len(look(failing, EndTime=recent)) == len(everything) - 3


def test_pages_join_to_the_whole(failing: Aws) -> None:
    first = failing.trail.lookup_events(MaxResults=5)
    second = failing.trail.lookup_events(MaxResults=5, NextToken=first["NextToken"])
    joined = [e["EventId"] for e in first["Events"] + second["Events"]]
    assert joined == [e["EventId"] for e in look(failing)][:10]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        (
            {"LookupAttributes": 2 * by("Username", "bob")["LookupAttributes"]},
            "InvalidLookupAttributesException",
        ),
        ({"StartTime": 2000, "EndTime": 1000}, "InvalidTimeRangeException"),
        ({"NextToken": "bogus"}, "InvalidNextTokenException"),
    ],
)
def test_wrong_lookups_are_refused(healthy: Aws, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        healthy.trail.lookup_events(**parameters)
    assert caught.value.response["Error"]["Code"] == code


def test_changes_of_alarms_are_in_the_trail(healthy: Aws) -> None:
    healthy.cloudwatch.set_alarm_state(
        AlarmName="checkout-errors", StateValue="OK", StateReason="drill"
    )
    healthy.cloudwatch.delete_alarms(AlarmNames=["payments-errors"])
    healthy.account.advance(130)
    found = look(healthy, **by("EventSource", "monitoring.amazonaws.com"))
    assert [event["EventName"] for event in found] == ["DeleteAlarms", "SetAlarmState"]
    assert found[0]["Resources"][0]["ResourceName"] == "payments-errors"
