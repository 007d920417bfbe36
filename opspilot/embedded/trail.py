"""From changes of configuration to the CloudTrail events that AWS writes for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from opspilot.embedded.changes import Params
from opspilot.embedded.configuration import Configuration, FunctionConfig

LAMBDA_SOURCE = "lambda.amazonaws.com"
CLOUDWATCH_SOURCE = "monitoring.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Trace:
    """Name and parameters of the event of one change."""

    name: str
    request: Mapping[str, object]
    response: Mapping[str, object] | None


_NAMES: Mapping[str, str] = {
    "lambda.update_configuration": "UpdateFunctionConfiguration20150331v2",
    "lambda.update_code": "UpdateFunctionCode20150331v2",
    "lambda.publish_version": "PublishVersion20150331",
    "lambda.update_alias": "UpdateAlias20150331",
    "lambda.create_alias": "CreateAlias20150331",
    "lambda.put_concurrency": "PutFunctionConcurrency20171031",
    "lambda.delete_concurrency": "DeleteFunctionConcurrency20171031",
}


def trace_of(kind: str, params: Params, after: Configuration | None) -> Trace:
    """The event of a change; `after` is None when the change was refused."""
    name = str(params["function"])
    request: dict[str, object] = {"functionName": name, **_REQUESTS[kind](params)}
    function = after.functions.get(name) if after else None
    response = _response(kind, params, function) if function else None
    return Trace(_NAMES[kind], request, response)


def _present(**values: object) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _configuration_request(params: Params) -> dict[str, object]:
    size = params.get("ephemeral_mb")
    return _present(
        memorySize=params.get("memory_mb"),
        timeout=params.get("timeout_s"),
        description=params.get("description"),
        handler=params.get("handler"),
        runtime=params.get("runtime"),
        ephemeralStorage={"size": size} if size is not None else None,
        environment={} if params.get("environment") is not None else None,
        revisionId=params.get("revision_id"),
    )


def _alias_request(params: Params) -> dict[str, object]:
    weights = params.get("weights")
    return _present(
        name=params.get("alias"),
        functionVersion=params.get("version"),
        description=params.get("description"),
        routingConfig={"additionalVersionWeights": weights} if weights is not None else None,
        revisionId=params.get("revision_id"),
    )


_REQUESTS: Mapping[str, Callable[[Params], dict[str, object]]] = {
    "lambda.update_configuration": _configuration_request,
    "lambda.update_code": lambda _: {"publish": False, "dryRun": False},
    "lambda.publish_version": lambda p: _present(
        description=p.get("description"), revisionId=p.get("revision_id")
    ),
    "lambda.update_alias": _alias_request,
    "lambda.create_alias": _alias_request,
    "lambda.put_concurrency": lambda p: {"reservedConcurrentExecutions": p["reserved"]},
    "lambda.delete_concurrency": lambda _: {},
}


def _response(kind: str, params: Params, function: FunctionConfig) -> dict[str, object] | None:
    if kind == "lambda.put_concurrency":
        return {"reservedConcurrentExecutions": function.reserved}
    if kind == "lambda.delete_concurrency":
        return None
    if kind in ("lambda.update_alias", "lambda.create_alias"):
        alias = function.aliases[str(params["alias"])]
        return {
            "name": alias.name,
            "functionVersion": alias.version,
            "description": alias.description,
            "revisionId": alias.revision_id,
        }
    version = function.latest
    if kind == "lambda.publish_version":
        version = list(function.versions.values())[-1]
    return {
        "functionName": function.name,
        "version": version.version,
        "memorySize": version.memory_mb,
        "timeout": version.timeout_s,
        "handler": version.handler,
        "runtime": version.runtime,
        "description": version.description,
        "revisionId": version.revision_id,
    }


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


def alarm_trace_of(kind: str, record: Mapping[str, object]) -> Trace:
    """The event of a change of alarms."""
    if kind == "alarm.put":
        definition = cast("Mapping[str, object]", record["definition"])
        request = {_lower(key): value for key, value in definition.items()}
    elif kind == "alarm.delete":
        request = {"alarmNames": record["names"]}
    else:
        request = {
            "alarmName": record["name"],
            "stateValue": record["state"],
            "stateReason": record["reason"],
        }
    return Trace(_ALARM_NAMES[kind], request, None)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
