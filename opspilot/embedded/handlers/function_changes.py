"""Lambda: the operations that change something, and Invoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opspilot.embedded import changes
from opspilot.embedded.configuration import FunctionConfig
from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.function_shapes import (
    INVALID,
    alias_json,
    configuration_json,
    named,
    version_of,
)
from opspilot.embedded.handlers.invocation import invoke
from opspilot.embedded.wire import Call, Handler, Params, Reply


def _change(call: Call, kind: str, function: str, params: Params) -> FunctionConfig:
    wanted = {k: v for k, v in params.items() if v is not None}
    after = call.account.world.change(kind, {"function": function, **wanted}, call.caller, call.now)
    return after.functions[function]


def _update_configuration(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    environment = params.get("Environment")
    storage: Params = params.get("EphemeralStorage") or {}
    after = _change(
        call,
        "lambda.update_configuration",
        function.name,
        {
            "memory_mb": params.get("MemorySize"),
            "timeout_s": params.get("Timeout"),
            "ephemeral_mb": storage.get("Size"),
            "environment": None if environment is None else environment.get("Variables") or {},
            "description": params.get("Description"),
            "handler": params.get("Handler"),
            "runtime": params.get("Runtime"),
            "role": params.get("Role"),
            "revision_id": params.get("RevisionId"),
        },
    )
    return configuration_json(call, after, after.latest)


def _publish_version(call: Call, params: Params) -> Reply:
    function, _ = named(call, params)
    wanted = params.get("CodeSha256")
    if (
        wanted is not None
        and wanted != configuration_json(call, function, function.latest)["CodeSha256"]
    ):
        raise AwsError(
            INVALID, f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST"
        )
    after = _change(
        call,
        "lambda.publish_version",
        function.name,
        {"description": params.get("Description"), "revision_id": params.get("RevisionId")},
    )
    version = changes.newest_version(after)
    return Reply(configuration_json(call, after, version, version.version), status=201)


def _alias_params(params: Params) -> Params:
    routing = params.get("RoutingConfig")
    return {
        "alias": params.get("Name"),
        "version": params.get("FunctionVersion"),
        "description": params.get("Description"),
        "weights": None if routing is None else routing.get("AdditionalVersionWeights") or {},
        "revision_id": params.get("RevisionId"),
    }


def _update_alias(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    after = _change(call, "lambda.update_alias", function.name, _alias_params(params))
    return alias_json(call, after, after.aliases[str(params["Name"])])


def _create_alias(call: Call, params: Params) -> Reply:
    function, _ = named(call, params)
    after = _change(call, "lambda.create_alias", function.name, _alias_params(params))
    return Reply(alias_json(call, after, after.aliases[str(params["Name"])]), status=201)


def _put_concurrency(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    reserved = params.get("ReservedConcurrentExecutions")
    if reserved is None:
        raise AwsError(INVALID, "ReservedConcurrentExecutions is required.")
    after = _change(call, "lambda.put_concurrency", function.name, {"reserved": int(reserved)})
    return {"ReservedConcurrentExecutions": after.reserved}


def _delete_concurrency(call: Call, params: Params) -> Reply:
    function, _ = named(call, params)
    _change(call, "lambda.delete_concurrency", function.name, {})
    return Reply(b"", status=204)


def _invoke(call: Call, params: Params) -> Reply:
    function, qualifier = named(call, params)
    version = version_of(call, function, qualifier)
    kind = params.get("InvocationType") or "RequestResponse"
    if kind == "DryRun":
        return Reply(b"", status=204)
    tail = params.get("LogType") == "Tail"
    result = invoke(call, function, qualifier, version, tail=tail)
    if kind == "Event":
        return Reply(b"", status=202)
    return result


HANDLERS: Mapping[str, Handler] = {
    "UpdateFunctionConfiguration": _update_configuration,
    "PublishVersion": _publish_version,
    "UpdateAlias": _update_alias,
    "CreateAlias": _create_alias,
    "PutFunctionConcurrency": _put_concurrency,
    "DeleteFunctionConcurrency": _delete_concurrency,
    "Invoke": _invoke,
}
