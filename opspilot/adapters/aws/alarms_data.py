"""The words of CloudWatch's alarm API: requests built, answers read; pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from opspilot.domain.alarm import Alarm, AlarmState, AlarmTransition, Comparator
from opspilot.domain.telemetry import MetricQuery

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import (
        DescribeAlarmHistoryInputTypeDef,
        DescribeAlarmsInputTypeDef,
    )

ALARMS_A_PAGE = 100
NO_HISTORY = "read from the alarm's present state, as the alarm history cannot be read here"
_STATES: dict[str, AlarmState] = {
    "OK": "OK",
    "ALARM": "ALARM",
    "INSUFFICIENT_DATA": "INSUFFICIENT_DATA",
}
_COMPARATORS: dict[str, Comparator] = {
    "GreaterThanOrEqualToThreshold": ">=",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
    # Bands of anomaly detection; such an alarm has no single metric, so `query` is None.
    "GreaterThanUpperThreshold": ">",
    "LessThanLowerThreshold": "<",
    "LessThanLowerOrGreaterThanUpperThreshold": ">",
}


def to_alarms_request(names: Sequence[str], token: str) -> "DescribeAlarmsInputTypeDef":
    """The request for metric alarms, all or those of at most a hundred names."""
    request: DescribeAlarmsInputTypeDef = {
        "AlarmTypes": ["MetricAlarm"],
        "MaxRecords": ALARMS_A_PAGE,
    }
    if names:
        request["AlarmNames"] = list(names)
    if token:
        request["NextToken"] = token
    return request


def to_history_request(since: datetime, token: str) -> "DescribeAlarmHistoryInputTypeDef":
    """The request for changes of state of metric alarms since a time, oldest first."""
    request: DescribeAlarmHistoryInputTypeDef = {
        "AlarmTypes": ["MetricAlarm"],
        "HistoryItemType": "StateUpdate",
        "StartDate": since,
        "MaxRecords": ALARMS_A_PAGE,
        "ScanBy": "TimestampAscending",
    }
    if token:
        request["NextToken"] = token
    return request


def to_alarm(item: Mapping[str, Any]) -> Alarm:
    """The alarm of a DescribeAlarms item."""
    periods = int(item.get("EvaluationPeriods") or 1)
    return Alarm(
        arn=str(item["AlarmArn"]),
        name=str(item["AlarmName"]),
        description=str(item.get("AlarmDescription") or ""),
        query=_to_query(item),
        comparator=_COMPARATORS.get(str(item.get("ComparisonOperator")), ">="),
        threshold=float(item.get("Threshold") or 0.0),
        datapoints_to_alarm=int(item.get("DatapointsToAlarm") or periods),
        evaluation_periods=periods,
        state=_STATES.get(str(item.get("StateValue")), "INSUFFICIENT_DATA"),
        reason=str(item.get("StateReason") or ""),
        since=_changed_at(item),
    )


def _changed_at(item: Mapping[str, Any]) -> datetime:
    # StateUpdatedTimestamp also moves when only the reason is refreshed; where both are given the
    # moment of the transition is the one that identifies it.
    at = item.get("StateTransitionedTimestamp") or item["StateUpdatedTimestamp"]
    return cast(datetime, at).astimezone(UTC)


def _to_query(item: Mapping[str, Any]) -> MetricQuery | None:
    if not item.get("MetricName"):
        return None
    return MetricQuery(
        namespace=str(item["Namespace"]),
        metric=str(item["MetricName"]),
        dimensions=_dimensions(item),
        statistic=str(item.get("ExtendedStatistic") or item.get("Statistic") or "Average"),
        period_seconds=int(item.get("Period") or 60),
    )


def _dimensions(metric: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted((str(each["Name"]), str(each["Value"])) for each in metric.get("Dimensions") or ())
    )


def to_transition(
    item: Mapping[str, Any], known: Mapping[str, Alarm], arn_prefix: str
) -> AlarmTransition | None:
    """The transition of a history item; None for an item that is no change of state."""
    before, after, reason = _states_in(str(item.get("HistoryData") or "{}"))
    if before is None or after is None or before == after:
        return None
    at = cast(datetime, item["Timestamp"]).astimezone(UTC)
    name = str(item["AlarmName"])
    # History outlives its alarm: one deleted since is known by its name alone.
    now = known.get(name) or Alarm(arn=f"{arn_prefix}{name}", name=name, state=after, since=at)
    then = now.model_copy(update={"state": after, "since": at, "reason": reason or now.reason})
    return AlarmTransition(alarm=then, before=before, after=after, at=at)


def _states_in(history_data: str) -> tuple[AlarmState | None, AlarmState | None, str]:
    try:
        data: dict[str, Any] = json.loads(history_data)
    except ValueError:
        return None, None, ""
    old: dict[str, Any] = data.get("oldState") or {}
    new: dict[str, Any] = data.get("newState") or {}
    return (
        _STATES.get(str(old.get("stateValue"))),
        _STATES.get(str(new.get("stateValue"))),
        str(new.get("stateReason") or ""),
    )


def from_states(items: Sequence[Mapping[str, Any]], since: datetime) -> list[AlarmTransition]:
    """Transitions of the alarms that are in ALARM since then, each labelled as derived."""
    alarms = [to_alarm(item) for item in items]
    return sorted(
        (
            AlarmTransition(
                alarm=alarm.model_copy(update={"reason": f"{alarm.reason} ({NO_HISTORY})".strip()}),
                before="INSUFFICIENT_DATA",
                after="ALARM",
                at=alarm.since,
            )
            for alarm in alarms
            if alarm.state == "ALARM" and alarm.since >= since
        ),
        key=lambda each: (each.at, each.alarm.name),
    )
