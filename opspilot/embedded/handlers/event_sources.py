"""Lambda: event source mappings, and what becomes of asynchronous invocations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from opspilot.embedded.changes.mappings import mapping_of
from opspilot.embedded.configuration import FunctionConfig
from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.function_shapes import function_arn, named
from opspilot.embedded.stores import MappingConfig
from opspilot.embedded.trail.functions import source_arn
from opspilot.embedded.trail.trace import Place
from opspilot.embedded.wire import Call, Handler, Params, Reply


def _list_mappings(call: Call, params: Params) -> Mapping[str, Any]:
    wanted = None
    if params.get("FunctionName"):
        wanted = named(call, params)[0].name
    mappings = call.account.world.timeline.current.mappings.values()
    shown = [
        _mapping_json(call, one)
        for one in mappings
        if wanted in (None, one.target.partition(":")[0])
    ]
    source = params.get("EventSourceArn")
    return {"EventSourceMappings": [m for m in shown if source in (None, m["EventSourceArn"])]}


def _get_mapping(call: Call, params: Params) -> Mapping[str, Any]:
    state = call.account.world.timeline.current
    return _mapping_json(call, mapping_of(state, {"id": params["UUID"]}))


def _update_mapping(call: Call, params: Params) -> Reply:
    scaling: Params = params.get("ScalingConfig") or {}
    given = {
        "id": params["UUID"],
        "enabled": params.get("Enabled"),
        "batch_size": params.get("BatchSize"),
        "maximum_retries": params.get("MaximumRetryAttempts"),
        "bisect_on_error": params.get("BisectBatchOnFunctionError"),
        "maximum_concurrency": scaling.get("MaximumConcurrency"),
        "reports_item_failures": None
        if params.get("FunctionResponseTypes") is None
        else "ReportBatchItemFailures" in params["FunctionResponseTypes"],
    }
    wanted = {key: value for key, value in given.items() if value is not None}
    after = call.account.world.change("lambda.update_mapping", wanted, call.caller, call.now)
    mapping = mapping_of(after, wanted)
    shown = _mapping_json(call, mapping)
    shown["State"] = "Enabling" if mapping.enabled else "Disabling"
    return Reply(shown, status=202)


def _mapping_json(call: Call, mapping: MappingConfig) -> dict[str, Any]:
    account = call.account
    shown: dict[str, Any] = {
        "UUID": mapping.id,
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": int(mapping.window_s),
        "EventSourceArn": source_arn(mapping, Place(account.account_id, account.region)),
        "FunctionArn": function_arn(call, mapping.target),
        "LastModified": mapping.modified,
        "State": "Enabled" if mapping.enabled else "Disabled",
        "StateTransitionReason": "USER_INITIATED",
        "FunctionResponseTypes": ["ReportBatchItemFailures"]
        if mapping.reports_item_failures
        else [],
    }
    if mapping.maximum_concurrency is not None:
        shown["ScalingConfig"] = {"MaximumConcurrency": mapping.maximum_concurrency}
    if mapping.kind == "stream":
        shown |= {
            "StartingPosition": "TRIM_HORIZON",
            "LastProcessingResult": "OK",
            "BisectBatchOnFunctionError": mapping.bisect_on_error,
            "MaximumRetryAttempts": mapping.maximum_retries,
            "ParallelizationFactor": 1,
        }
    return shown


def _get_event_invoke_config(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    return _event_invoke_json(call, function)


def _put_event_invoke_config(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    given = {
        "function": function.name,
        "on_failure": _destination(call, params.get("DestinationConfig") or {}),
        "max_retries": params.get("MaximumRetryAttempts"),
        "max_age_s": params.get("MaximumEventAgeInSeconds"),
    }
    wanted = {key: value for key, value in given.items() if value is not None}
    after = call.account.world.change(
        "lambda.put_event_invoke_config", wanted, call.caller, call.now
    )
    return _event_invoke_json(call, after.functions[function.name])


def _list_event_invoke_configs(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    is_set = function.asynchronous.modified is not None
    shown = [_event_invoke_json(call, function)] if is_set else []
    return {"FunctionEventInvokeConfigs": shown}


def _destination(call: Call, given: Params) -> str | None:
    """The queue that gets what fails; other destinations are not simulated."""
    wanted: dict[str, str] = {
        when: str(cast(Params, target).get("Destination") or "")
        for when, target in given.items()
        if target
    }
    arn = wanted.get("OnFailure", "")
    name = arn.rpartition(":")[2]
    unknown = arn and (":sqs:" not in arn or name not in call.account.world.timeline.current.queues)
    if unknown or wanted.get("OnSuccess"):
        raise AwsError(
            "InvalidParameterValueException",
            "The embedded account has queues as destinations of failed events, and no others.",
        )
    return name or None


def _queue_arn(call: Call, name: str | None) -> dict[str, str]:
    account = call.account
    return (
        {"Destination": f"arn:aws:sqs:{account.region}:{account.account_id}:{name}"} if name else {}
    )


def _event_invoke_json(call: Call, function: FunctionConfig) -> dict[str, Any]:
    config = function.asynchronous
    arn = function_arn(call, function.name)
    if config.modified is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"The function {arn}:$LATEST doesn't have an EventInvokeConfig",
            404,
        )
    return {
        "LastModified": config.modified,
        "FunctionArn": f"{arn}:$LATEST",
        "MaximumRetryAttempts": config.max_retries,
        "MaximumEventAgeInSeconds": int(config.max_age_s),
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": _queue_arn(call, config.on_failure)},
    }


HANDLERS: Mapping[str, Handler] = {
    "ListEventSourceMappings": _list_mappings,
    "GetEventSourceMapping": _get_mapping,
    "UpdateEventSourceMapping": _update_mapping,
    "ListFunctionEventInvokeConfigs": _list_event_invoke_configs,
    "GetFunctionEventInvokeConfig": _get_event_invoke_config,
    "PutFunctionEventInvokeConfig": _put_event_invoke_config,
}
