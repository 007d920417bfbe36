"""CloudWatch metric alarms: their definitions and their changes of state."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.errors import not_implemented
from opspilot.adapters.aws.names import Place
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.alarm import Alarm, AlarmState, AlarmTransition, Comparator
from opspilot.domain.resource import Resource
from opspilot.domain.signals import signals_of
from opspilot.domain.telemetry import MetricQuery
from opspilot.errors import AwsError

if TYPE_CHECKING:
    from types_boto3_cloudwatch.client import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import (
        DescribeAlarmHistoryInputTypeDef,
        DescribeAlarmsInputTypeDef,
    )

logger = logging.getLogger(__name__)

_PAGE = 100
_ASK_AGAIN_SECONDS = 600.0
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
_NO_HISTORY = "read from the alarm's present state, as the alarm history cannot be read here"


class AwsAlarms:
    """The Alarms port on CloudWatch.

    Where an endpoint has no DescribeAlarmHistory (emulators), `transitions` degrades: it derives
    them from the present state of the alarms, says so in each reason and once in the log. A
    transition that was taken back between two polls is then missed.
    """

    def __init__(self, client: "CloudWatchClient", calls: Calls, place: Place) -> None:
        self._client = client
        self._calls = calls
        self._arn_prefix = f"arn:aws:cloudwatch:{place.region}:{place.account_id}:alarm:"
        self._history_missed_at: float | None = None

    def transitions(self, since: datetime) -> list[AlarmTransition]:
        """Changes of state of metric alarms since this account time; see the port."""
        budget = self._calls.budget()
        items = self._history_if_there_is_one(since, budget)
        if items is None:
            return _from_states(self._alarms(budget), since)
        names = sorted({str(item.get("AlarmName")) for item in items})
        known = self._named(names, budget)
        found = [_to_transition(item, known, self._arn_prefix) for item in items]
        return sorted(
            (each for each in found if each is not None and each.at >= since),
            key=lambda each: (each.at, each.alarm.name),
        )

    def alarms_of(self, resource: Resource) -> list[Alarm]:
        """The alarms whose metric belongs to this resource, by name."""
        wanted = {
            (signal.namespace, signal.dimension, resource.name) for signal in signals_of(resource)
        }
        return sorted(
            (
                _to_alarm(item)
                for item in self._alarms(self._calls.budget())
                if wanted & _watched(item)
            ),
            key=lambda alarm: alarm.name,
        )

    def _history_if_there_is_one(
        self, since: datetime, budget: Budget
    ) -> list[Mapping[str, Any]] | None:
        """History items; None where the endpoint has no history, which is asked again at times."""
        now, missed_at = self._calls.monotonic(), self._history_missed_at
        if missed_at is not None and now - missed_at < _ASK_AGAIN_SECONDS:
            return None
        try:
            items = self._history(since, budget)
        except AwsError as error:
            if not not_implemented(error):
                raise
            if missed_at is None:
                logger.warning(
                    "operation=<%s> | there is no alarm history here (%s): transitions are %s",
                    operations.DESCRIBE_ALARM_HISTORY.name,
                    error,
                    _NO_HISTORY,
                )
            self._history_missed_at = now
            return None
        self._history_missed_at = None
        return items

    def _history(self, since: datetime, budget: Budget) -> list[Mapping[str, Any]]:
        pages = self._calls.pages(
            operations.DESCRIBE_ALARM_HISTORY,
            budget,
            lambda token: self._client.describe_alarm_history(**_to_history_request(since, token)),
            "NextToken",
        )
        return [item for page in pages for item in page.get("AlarmHistoryItems") or ()]

    def _named(self, names: Sequence[str], budget: Budget) -> dict[str, Alarm]:
        """Definitions by name; deleted alarms are absent."""
        known: dict[str, Alarm] = {}
        for first in range(0, len(names), _PAGE):
            for item in self._alarms(budget, names[first : first + _PAGE]):
                alarm = _to_alarm(item)
                known[alarm.name] = alarm
        return known

    def _alarms(self, budget: Budget, names: Sequence[str] = ()) -> list[Mapping[str, Any]]:
        pages = self._calls.pages(
            operations.DESCRIBE_ALARMS,
            budget,
            lambda token: self._client.describe_alarms(**_to_alarms_request(names, token)),
            "NextToken",
        )
        return [item for page in pages for item in page.get("MetricAlarms") or ()]


def _to_alarms_request(names: Sequence[str], token: str) -> "DescribeAlarmsInputTypeDef":
    request: DescribeAlarmsInputTypeDef = {"AlarmTypes": ["MetricAlarm"], "MaxRecords": _PAGE}
    if names:
        request["AlarmNames"] = list(names)
    if token:
        request["NextToken"] = token
    return request


def _to_history_request(since: datetime, token: str) -> "DescribeAlarmHistoryInputTypeDef":
    request: DescribeAlarmHistoryInputTypeDef = {
        "AlarmTypes": ["MetricAlarm"],
        "HistoryItemType": "StateUpdate",
        "StartDate": since,
        "MaxRecords": _PAGE,
        "ScanBy": "TimestampAscending",
    }
    if token:
        request["NextToken"] = token
    return request


def _to_alarm(item: Mapping[str, Any]) -> Alarm:
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


def _watched(item: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """(namespace, dimension, value) of every metric that an alarm looks at, in math as well."""
    metrics: list[Mapping[str, Any]] = [item]
    metrics += [
        query["MetricStat"]["Metric"]
        for query in item.get("Metrics") or ()
        if "MetricStat" in query
    ]
    return {
        (str(metric.get("Namespace")), name, value)
        for metric in metrics
        for name, value in _dimensions(metric)
    }


def _to_transition(
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


def _from_states(items: Sequence[Mapping[str, Any]], since: datetime) -> list[AlarmTransition]:
    alarms = [_to_alarm(item) for item in items]
    return sorted(
        (
            AlarmTransition(
                alarm=alarm.model_copy(
                    update={"reason": f"{alarm.reason} ({_NO_HISTORY})".strip()}
                ),
                before="INSUFFICIENT_DATA",
                after="ALARM",
                at=alarm.since,
            )
            for alarm in alarms
            if alarm.state == "ALARM" and alarm.since >= since
        ),
        key=lambda each: (each.at, each.alarm.name),
    )
