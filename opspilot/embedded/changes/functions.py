"""Configuration, code and concurrency of functions, and how their events are tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from opspilot.embedded.changes.checks import (
    Params,
    Stamp,
    check_range,
    check_revision,
    check_settled,
    function_of,
    invalid,
    number,
    text,
    whole,
)
from opspilot.embedded.configuration import Configuration, FunctionConfig
from opspilot.embedded.errors import AwsError

SETTLE_S = 20.0
MIN_UNRESERVED = 100
_ENVIRONMENT_BYTES = 4096


def _update_configuration(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    check_range(params, "memory_mb", "memorySize", 128, 10240)
    check_range(params, "timeout_s", "timeout", 1, 900)
    check_range(params, "ephemeral_mb", "ephemeralStorage.size", 512, 10240)
    environment = cast("Mapping[str, str] | None", params.get("environment"))
    if environment is not None and _size(environment) > _ENVIRONMENT_BYTES:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit."
        )
    check_revision(params, function.latest.revision_id)
    check_settled(function, stamp)
    fields = ("memory_mb", "timeout_s", "ephemeral_mb", "environment", "description", "handler")
    changed = {
        key: params[key] for key in (*fields, "runtime", "role") if params.get(key) is not None
    }
    return _with_latest(state, function, stamp, changed)


def _size(environment: Mapping[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in environment.items())


def _update_code(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    check_revision(params, function.latest.revision_id)
    check_settled(function, stamp)
    return _with_latest(state, function, stamp, {"build": params["build"]})


def _with_latest(
    state: Configuration, function: FunctionConfig, stamp: Stamp, changed: Mapping[str, object]
) -> Configuration:
    latest = replace(
        function.latest,
        **cast("dict[str, str]", dict(changed)),
        last_modified=stamp.at,
        revision_id=stamp.revision(function.name),
    )
    return state.with_function(replace(function, latest=latest, updating_until=stamp.at + SETTLE_S))


def unreserved(state: Configuration, without: str | None = None) -> int:
    """Concurrency that no function has reserved, optionally as if one function had none."""
    taken = sum(f.reserved or 0 for f in state.functions.values() if f.name != without)
    return state.account_concurrency - taken


def _put_concurrency(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    reserved = cast("int", params["reserved"])
    if reserved < 0:
        raise invalid("ReservedConcurrentExecutions must not be negative")
    if unreserved(state, function.name) - reserved < MIN_UNRESERVED:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{MIN_UNRESERVED}]."
        )
    return _with_reserved(state, function, reserved, stamp)


def _delete_concurrency(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    return _with_reserved(state, function_of(state, str(params["function"])), None, stamp)


def _with_reserved(
    state: Configuration, function: FunctionConfig, reserved: int | None, stamp: Stamp
) -> Configuration:
    latest = replace(function.latest, revision_id=stamp.revision(function.name))
    return state.with_function(replace(function, latest=latest, reserved=reserved))


def _put_event_invoke_config(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    check_range(params, "max_retries", "maximumRetryAttempts", 0, 2)
    check_range(params, "max_age_s", "maximumEventAgeInSeconds", 60, 21600)
    retries, age = whole(params, "max_retries"), number(params, "max_age_s")
    asynchronous = replace(
        function.asynchronous,
        max_retries=2 if retries is None else retries,
        max_age_s=6 * 3600.0 if age is None else age,
        dead_letter=text(params, "dead_letter") or function.asynchronous.dead_letter,
        on_failure=text(params, "on_failure"),
        modified=stamp.at,
    )
    return state.with_function(replace(function, asynchronous=asynchronous))


def _remove_permission(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    """The statement that lets the API invoke the function for a route goes."""
    del stamp
    function = function_of(state, str(params["function"]))
    route = str(params["route"])
    if route in function.closed_to:
        raise AwsError(
            "ResourceNotFoundException", "No policy is associated with the given resource.", 404
        )
    return state.with_function(replace(function, closed_to=function.closed_to | {route}))


def _add_permission(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    function = function_of(state, str(params["function"]))
    route = str(params["route"])
    if route not in function.closed_to:
        raise AwsError(
            "ResourceConflictException",
            f"The statement id ({route}) provided already exists. Please provide a new statement "
            "id, or remove the existing statement.",
            409,
        )
    return state.with_function(replace(function, closed_to=function.closed_to - {route}))


CHANGES = {
    "lambda.remove_permission": _remove_permission,
    "lambda.add_permission": _add_permission,
    "lambda.update_configuration": _update_configuration,
    "lambda.update_code": _update_code,
    "lambda.put_concurrency": _put_concurrency,
    "lambda.delete_concurrency": _delete_concurrency,
    "lambda.put_event_invoke_config": _put_event_invoke_config,
}
