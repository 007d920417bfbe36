"""CloudWatch alarms: describe, history, put, delete, set state."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from opspilot.embedded.clock import utc
from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.metric_requests import check_period, parse_metric, parse_stat
from opspilot.embedded.handlers.requests import bounded, encode_token, page_start, required
from opspilot.embedded.telemetry.alarms import COMPARISONS, AlarmState, Transition, stamp
from opspilot.embedded.wire import Call, Handler, Params

_INVALID = "ValidationError"
_STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
_MISSING = ("missing", "breaching", "notBreaching", "ignore")
_HISTORY_S = 30 * 86400.0
_SHORTEST_S = 60
_KEPT_FIELDS = (
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "Tags",
)


def alarm_arn(call: Call, name: str) -> str:
    """ARN of an alarm."""
    return f"arn:aws:cloudwatch:{call.account.region}:{call.account.account_id}:alarm:{name}"


def _describe_alarms(call: Call, params: Params) -> Mapping[str, Any]:
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix")
    if names and prefix:
        raise AwsError(_INVALID, "AlarmNames and AlarmNamePrefix exclude each other.")
    wanted_state = params.get("StateValue")
    if wanted_state is not None and wanted_state not in _STATES:
        raise AwsError(_INVALID, f"Invalid state: {wanted_state}")
    if params.get("AlarmTypes") == ["CompositeAlarm"]:
        return {"MetricAlarms": [], "CompositeAlarms": []}
    limit = bounded(params, "MaxRecords", 50, 1, 100, _INVALID)
    found = [
        state
        for state in call.account.alarms.states(call.now)
        if (not names or state.name in names)
        and state.name.startswith(prefix or "")
        and wanted_state in (None, state.value)
    ]
    first = page_start(params.get("NextToken"), "InvalidNextToken")
    answer: dict[str, Any] = {
        "MetricAlarms": [_alarm(call, s) for s in found[first : first + limit]],
        "CompositeAlarms": [],
    }
    if first + limit < len(found):
        answer["NextToken"] = encode_token(first + limit)
    return answer


def _alarm(call: Call, state: AlarmState) -> dict[str, Any]:
    definition = {k: v for k, v in (state.definition or {}).items() if k != "Tags"}
    return {
        **definition,
        "AlarmArn": alarm_arn(call, state.name),
        "AlarmConfigurationUpdatedTimestamp": state.configured_at,
        "StateValue": state.value,
        "StateReason": state.reason,
        "StateReasonData": state.data,
        "StateUpdatedTimestamp": state.updated_at,
        "StateTransitionedTimestamp": state.since,
    }


def _describe_alarms_for_metric(call: Call, params: Params) -> Mapping[str, Any]:
    metric = parse_metric(
        str(required(params, "Namespace", _INVALID)),
        str(required(params, "MetricName", _INVALID)),
        params.get("Dimensions") or [],
    )
    statistics = {params.get("Statistic"), params.get("ExtendedStatistic")} - {None}
    found: list[dict[str, Any]] = []
    for state in call.account.alarms.states(call.now):
        definition = cast("Params", state.definition)
        mine = parse_metric(
            definition["Namespace"], definition["MetricName"], definition.get("Dimensions") or []
        )
        stat = definition.get("Statistic") or definition.get("ExtendedStatistic")
        period = params.get("Period")
        if (
            mine == metric
            and (not statistics or stat in statistics)
            and period in (None, definition["Period"])
        ):
            found.append(_alarm(call, state))
    return {"MetricAlarms": found}


def _describe_alarm_history(call: Call, params: Params) -> Mapping[str, Any]:
    limit = bounded(params, "MaxRecords", 100, 1, 100, _INVALID)
    start = max(float(params.get("StartDate") or 0.0), call.now - _HISTORY_S)
    end = float(params.get("EndDate") or call.now + 1)
    kind = params.get("HistoryItemType")
    items = [
        (at, item)
        for state in call.account.alarms.states(call.now)
        if params.get("AlarmName") in (None, state.name)
        for at, item in _history(call, state)
        if start <= at <= end and kind in (None, item["HistoryItemType"])
    ]
    items.sort(key=lambda pair: pair[0], reverse=params.get("ScanBy") != "TimestampAscending")
    first = page_start(params.get("NextToken"), "InvalidNextToken")
    answer: dict[str, Any] = {
        "AlarmHistoryItems": [item for _, item in items[first : first + limit]]
    }
    if first + limit < len(items):
        answer["NextToken"] = encode_token(first + limit)
    return answer


def _history(call: Call, state: AlarmState) -> Iterator[tuple[float, dict[str, Any]]]:
    for number, at in enumerate(state.puts):
        verb = "created" if number == 0 else "updated"
        yield at, _item(state, at, "ConfigurationUpdate", f'Alarm "{state.name}" {verb}', {})
    for move in state.history:
        yield move.at, _state_item(call, state, move)


def _state_item(call: Call, state: AlarmState, move: Transition) -> dict[str, Any]:
    definition = state.definition or {}
    data: dict[str, Any] = {
        "version": "1.0",
        "oldState": {"stateValue": move.before},
        "newState": {
            "stateValue": move.after,
            "stateReason": move.reason,
            "stateReasonData": json.loads(move.data),
        },
        "alarmArn": alarm_arn(call, state.name),
        "publishedMessage": stamp(utc(move.at)),
        "actions": definition.get("AlarmActions") if move.after == "ALARM" else [],
    }
    summary = f"Alarm updated from {move.before} to {move.after}"
    return _item(state, move.at, "StateUpdate", summary, data)


def _item(
    state: AlarmState, at: float, kind: str, summary: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "AlarmName": state.name,
        "AlarmType": "MetricAlarm",
        "Timestamp": at,
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": json.dumps(data),
    }


def _put_metric_alarm(call: Call, params: Params) -> Mapping[str, Any]:
    required(params, "AlarmName", _INVALID)
    if params.get("Metrics") or params.get("ThresholdMetricId"):
        raise AwsError(_INVALID, "The embedded account supports alarms on one metric only.")
    for name in ("Namespace", "MetricName", "EvaluationPeriods", "ComparisonOperator"):
        required(params, name, _INVALID)
    statistic = params.get("Statistic") or params.get("ExtendedStatistic")
    parse_stat(str(required({"Statistic": statistic}, "Statistic", _INVALID)))
    if check_period(params.get("Period"), "PutMetricAlarm") < _SHORTEST_S:
        raise AwsError(_INVALID, "The embedded account's metrics have a resolution of 60 s.")
    if params.get("Threshold") is None:
        raise AwsError(_INVALID, "The parameter Threshold is required.")
    _check_evaluation(params)
    definition = {k: params[k] for k in _KEPT_FIELDS if params.get(k) is not None}
    definition["Threshold"] = float(params["Threshold"])
    defaults: Params = {
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "Dimensions": [],
        "TreatMissingData": "missing",
    }
    _keep(call, "put", {"definition": {**defaults, **definition}})
    return {}


def _check_evaluation(params: Params) -> None:
    periods = int(params["EvaluationPeriods"])
    needed = int(params.get("DatapointsToAlarm") or periods)
    if not 1 <= needed <= periods:
        raise AwsError(_INVALID, "DatapointsToAlarm must lie between 1 and EvaluationPeriods.")
    if periods * int(params["Period"]) > 86400:
        raise AwsError(
            _INVALID,
            "Metrics cannot be checked across more than a day "
            "(EvaluationPeriods * Period must be <= 86400).",
        )
    if params["ComparisonOperator"] not in COMPARISONS:
        raise AwsError(_INVALID, f"Unsupported comparison: {params['ComparisonOperator']}")
    if params.get("TreatMissingData", "missing") not in _MISSING:
        raise AwsError(_INVALID, f"TreatMissingData must be one of {', '.join(_MISSING)}.")


def _keep(call: Call, action: str, params: Params) -> None:
    call.account.world.change_alarms(action, params, call.caller, call.now)


def _known(call: Call, names: list[str]) -> None:
    existing = {state.name for state in call.account.alarms.states(call.now)}
    for name in names:
        if name not in existing:
            raise AwsError("ResourceNotFound", f"There is no alarm {name}", 404)


def _delete_alarms(call: Call, params: Params) -> Mapping[str, Any]:
    names = cast("list[str]", required(params, "AlarmNames", _INVALID))
    existing = {state.name for state in call.account.alarms.states(call.now)}
    found = [name for name in names if name in existing]
    if found:
        _keep(call, "delete", {"names": found})
    return {}


def _set_alarm_state(call: Call, params: Params) -> Mapping[str, Any]:
    name = str(required(params, "AlarmName", _INVALID))
    _known(call, [name])
    state = str(required(params, "StateValue", _INVALID))
    if state not in _STATES:
        raise AwsError(_INVALID, f"Invalid state: {state}")
    reason = str(required(params, "StateReason", _INVALID))
    _keep(call, "state", {"name": name, "state": state, "reason": reason})
    return {}


HANDLERS: Mapping[str, Handler] = {
    "DescribeAlarms": _describe_alarms,
    "DescribeAlarmsForMetric": _describe_alarms_for_metric,
    "DescribeAlarmHistory": _describe_alarm_history,
    "PutMetricAlarm": _put_metric_alarm,
    "DeleteAlarms": _delete_alarms,
    "SetAlarmState": _set_alarm_state,
}
