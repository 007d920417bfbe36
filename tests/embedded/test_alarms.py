"""Alarms evaluate each account minute, tell their history, and depend on the journal only."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from tests.embedded.aws import Aws

BASE: dict[str, Any] = {
    "AlarmName": "mine",
    "Namespace": "AWS/Lambda",
    "MetricName": "Invocations",
    "Dimensions": [{"Name": "FunctionName", "Value": "checkout"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def put(aws: Aws, **changes: Any) -> None:
    """Put the base alarm with changes; None leaves a parameter out."""
    wanted = {k: v for k, v in (BASE | changes).items() if v is not None}
    aws.cloudwatch.put_metric_alarm(**wanted)


def describe(aws: Aws, name: str = "mine") -> dict[str, Any]:
    """The alarm."""
    (found,) = aws.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(found)


def history(aws: Aws, name: str, kind: str = "StateUpdate") -> list[str]:
    """Summaries of an alarm's history, oldest first."""
    items = aws.cloudwatch.describe_alarm_history(
        AlarmName=name, HistoryItemType=kind, ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    return [item["HistorySummary"] for item in items]


def test_the_alarm_fires_two_to_four_minutes_after_the_fault_and_says_why(failing: Aws) -> None:
    alarm = describe(failing, "checkout-errors")
    injected = failing.account.account_now() - timedelta(minutes=10)
    delay = alarm["StateTransitionedTimestamp"] - injected
    assert timedelta(minutes=2) <= delay <= timedelta(minutes=4)
    assert "Threshold Crossed: 2 out of the last 3 datapoints" in alarm["StateReason"]
    assert alarm["AlarmArn"].endswith(":alarm:checkout-errors")
    assert history(failing, "checkout-errors") == ["Alarm updated from OK to ALARM"]


def test_a_cure_and_a_relapse_are_both_in_the_history(failing: Aws) -> None:
    failing.functions.update_alias(FunctionName="payments", Name="live", FunctionVersion="17")
    failing.account.advance(900)
    failing.functions.update_alias(FunctionName="payments", Name="live", FunctionVersion="18")
    failing.account.advance(900)
    assert history(failing, "checkout-errors") == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
    ]


def test_states_do_not_depend_on_when_somebody_looks(tmp_path: Path) -> None:
    def told(folder: Path, looks: int) -> list[Any]:
        clock = ManualClock()
        with EmbeddedAccount(
            folder, clock=clock, fault="slow-dependency", fault_age_s=600
        ) as account:
            aws = Aws(account)
            for _ in range(looks):
                aws.cloudwatch.describe_alarms()
                account.advance(1800 / looks)
            items = aws.cloudwatch.describe_alarm_history()["AlarmHistoryItems"]
            return [(i["Timestamp"], i["HistorySummary"], i["HistoryData"]) for i in items]

    assert told(tmp_path / "often", 30) == told(tmp_path / "seldom", 1)


def test_a_new_alarm_begins_without_data_and_is_evaluated_within_two_minutes(
    healthy: Aws,
) -> None:
    put(healthy)
    assert describe(healthy)["StateValue"] == "INSUFFICIENT_DATA"
    healthy.account.advance(120)
    assert describe(healthy)["StateValue"] == "ALARM"


def test_m_of_n_needs_that_many_datapoints(healthy: Aws) -> None:
    values = healthy.values("Invocations", minutes=15, until=3)
    middle = sorted(values)[len(values) // 2]
    put(healthy, AlarmName="any", DatapointsToAlarm=1, EvaluationPeriods=10, Threshold=middle)
    put(healthy, AlarmName="all", DatapointsToAlarm=10, EvaluationPeriods=10, Threshold=middle)
    healthy.account.advance(180)
    assert describe(healthy, "any")["StateValue"] == "ALARM"
    assert describe(healthy, "all")["StateValue"] == "OK"


@pytest.mark.parametrize(
    ("missing", "state"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("breaching", "ALARM"),
        ("notBreaching", "OK"),
        ("ignore", "INSUFFICIENT_DATA"),
    ],
)
def test_missing_data_are_treated_as_asked(healthy: Aws, missing: str, state: str) -> None:
    nobody = [{"Name": "FunctionName", "Value": "nobody"}]
    put(healthy, Dimensions=nobody, TreatMissingData=missing)
    healthy.account.advance(300)
    assert describe(healthy)["StateValue"] == state


def test_percentiles_and_other_comparisons_work_in_alarms(healthy: Aws) -> None:
    fast = {"MetricName": "Duration", "Statistic": None, "ExtendedStatistic": "p90"}
    put(healthy, **fast, ComparisonOperator="LessThanThreshold", Threshold=2000.0)
    healthy.account.advance(180)
    alarm = describe(healthy)
    assert (alarm["StateValue"], alarm["ExtendedStatistic"]) == ("ALARM", "p90")


def test_a_forced_state_lasts_until_the_next_evaluation(healthy: Aws) -> None:
    healthy.cloudwatch.set_alarm_state(
        AlarmName="checkout-errors", StateValue="ALARM", StateReason="drill"
    )
    assert describe(healthy, "checkout-errors")["StateReason"] == "drill"
    healthy.account.advance(120)
    assert history(healthy, "checkout-errors") == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]


def test_a_replaced_alarm_keeps_its_state_and_a_deleted_one_is_gone(healthy: Aws) -> None:
    put(healthy)
    healthy.account.advance(180)
    put(healthy, Threshold=2.0)
    assert describe(healthy)["StateValue"] == "ALARM"
    assert describe(healthy)["Threshold"] == 2.0
    assert history(healthy, "mine", "ConfigurationUpdate") == [
        'Alarm "mine" created',
        'Alarm "mine" updated',
    ]
    healthy.cloudwatch.delete_alarms(AlarmNames=["mine"])
    assert healthy.cloudwatch.describe_alarms(AlarmNames=["mine"])["MetricAlarms"] == []


def test_alarms_are_found_by_metric_state_and_prefix(failing: Aws) -> None:
    by_metric = failing.cloudwatch.describe_alarms_for_metric(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "checkout"}],
    )["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in by_metric] == ["checkout-errors"]
    firing = failing.cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in firing} == {"checkout-errors", "shop-api-5xx"}
    some = failing.cloudwatch.describe_alarms(AlarmNamePrefix="order-")["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in some] == ["order-events-dlq-not-empty"]


def test_alarms_and_history_come_in_pages(failing: Aws) -> None:
    pages = list(
        failing.cloudwatch.get_paginator("describe_alarms").paginate(
            PaginationConfig={"PageSize": 2}
        )
    )
    names = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
    assert len(pages) == 3
    assert len(set(names)) == len(names) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"Period": 45},
        {"Period": 30},
        {"Statistic": "Mean"},
        {"DatapointsToAlarm": 4},
        {"Period": 3600, "EvaluationPeriods": 25},
        {"ComparisonOperator": "LessThanLowerThreshold"},
        {"TreatMissingData": "unknown"},
        {"MetricName": None},
    ],
)
def test_malformed_alarms_are_refused(healthy: Aws, change: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        put(healthy, **change)
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_forcing_the_state_of_an_unknown_alarm_is_refused(healthy: Aws) -> None:
    with pytest.raises(ClientError) as caught:
        healthy.cloudwatch.set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="drill")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFound"


def test_dead_letters_raise_their_alarm(healthy: Aws) -> None:
    healthy.functions.update_function_configuration(
        FunctionName="fulfilment", Environment={"Variables": {"ORDERS_TABLE": "gone"}}
    )
    healthy.account.advance(900)
    assert describe(healthy, "order-events-dlq-not-empty")["StateValue"] == "ALARM"
