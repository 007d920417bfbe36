"""Events of changes of alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from opspilot.embedded.trail.trace import Place, Trace, lowered

SOURCE = "monitoring.amazonaws.com"

_ALARM_NAMES: Mapping[str, str] = {
    "alarm.put": "PutMetricAlarm",
    "alarm.delete": "DeleteAlarms",
    "alarm.state": "SetAlarmState",
}


def alarm_names(record: Mapping[str, object]) -> list[str]:
    """The alarms that a journal record of the kinds alarm.* names."""
    if "definition" in record:
        definition = cast("Mapping[str, object]", record["definition"])
        return [str(definition["AlarmName"])]
    if "names" in record:
        return [str(name) for name in cast("list[object]", record["names"])]
    return [str(record["name"])]


def alarm_trace_of(kind: str, record: Mapping[str, object], place: Place) -> Trace:
    """The event of a change of alarms."""
    if kind == "alarm.put":
        definition = cast("Mapping[str, object]", record["definition"])
        request = {lowered(key): value for key, value in definition.items()}
    elif kind == "alarm.delete":
        request = {"alarmNames": record["names"]}
    else:
        request = {
            "alarmName": record["name"],
            "stateValue": record["state"],
            "stateReason": record["reason"],
        }
    resources = tuple(
        ("AWS::CloudWatch::Alarm", text)
        for name in alarm_names(record)
        for text in (name, place.arn("cloudwatch", f"alarm:{name}"))
    )
    return Trace(_ALARM_NAMES[kind], SOURCE, resources, request)
