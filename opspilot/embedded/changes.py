"""Changes of Lambda configuration: pure functions (configuration, params, stamp) -> configuration.

The same functions replay the fleet's history, a fault's steps, the journal and live API calls; they
refuse with the error that AWS would answer. `params` are JSON values, since the journal holds them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from opspilot.embedded.configuration import (
    AliasConfig,
    Configuration,
    FunctionConfig,
    VersionConfig,
)
from opspilot.embedded.errors import AwsError
from opspilot.embedded.fleet import LATEST

SETTLE_S = 20.0
ACCOUNT_CONCURRENCY = 1000
MIN_UNRESERVED = 100
_ENVIRONMENT_BYTES = 4096
_NAMESPACE = uuid.UUID("6f1d2f0e-6c0b-4a52-9d6e-0b1f6ad6c001")

Params = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a change happens and what makes its ids unique and repeatable."""

    at: float
    seed: int
    sequence: str

    def revision(self, what: str) -> str:
        """A revision id: the same for the same seed, sequence and thing."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.seed}/{self.sequence}/{what}"))


def apply(kind: str, state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    """The configuration after the change; raises AwsError when AWS would refuse it."""
    return _CHANGES[kind](state, params, stamp)


def kinds() -> frozenset[str]:
    """The changes that exist."""
    return frozenset(_CHANGES)


def function_of(state: Configuration, name: str, arn: str | None = None) -> FunctionConfig:
    """The function of that name; AwsError ResourceNotFoundException when there is none."""
    found = state.functions.get(name)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Function not found: {arn or name}", 404)
    return found


def _settled(function: FunctionConfig, stamp: Stamp) -> None:
    if stamp.at < function.updating_until:
        raise AwsError(
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress for "
            f"resource: {function.name}",
            409,
        )


def _check_revision(params: Params, actual: str) -> None:
    wanted = params.get("revision_id")
    if wanted is not None and wanted != actual:
        raise AwsError(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id",
            412,
        )


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message, 400)


def _in_range(params: Params, key: str, label: str, low: int, high: int) -> None:
    value = params.get(key)
    if value is not None and not low <= cast("int", value) <= high:
        bound, limit = ("greater", low) if cast("int", value) < low else ("less", high)
        raise _invalid(
            f"1 validation error detected: Value '{value}' at '{label}' failed to satisfy "
            f"constraint: Member must have value {bound} than or equal to {limit}"
        )


def _update_configuration(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    _in_range(params, "memory_mb", "memorySize", 128, 10240)
    _in_range(params, "timeout_s", "timeout", 1, 900)
    _in_range(params, "ephemeral_mb", "ephemeralStorage.size", 512, 10240)
    environment = cast("Mapping[str, str] | None", params.get("environment"))
    if environment is not None and _size(environment) > _ENVIRONMENT_BYTES:
        raise _invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit."
        )
    _check_revision(params, function.latest.revision_id)
    _settled(function, stamp)
    fields = ("memory_mb", "timeout_s", "ephemeral_mb", "environment", "description", "handler")
    changed = {
        key: params[key] for key in (*fields, "runtime", "role") if params.get(key) is not None
    }
    return _with_latest(state, function, stamp, changed)


def _size(environment: Mapping[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in environment.items())


def _update_code(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    _check_revision(params, function.latest.revision_id)
    _settled(function, stamp)
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


def _publish_version(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    _check_revision(params, function.latest.revision_id)
    _settled(function, stamp)
    if _unchanged(function):
        return state
    number = next_version(function)
    description = str(params.get("description") or function.latest.description)
    published = replace(
        function.latest,
        version=number,
        description=description,
        last_modified=stamp.at,
        revision_id=stamp.revision(f"{function.name}:{number}"),
    )
    latest = replace(function.latest, revision_id=stamp.revision(function.name))
    return state.with_function(
        replace(function, latest=latest, versions={**function.versions, number: published})
    )


def _unchanged(function: FunctionConfig) -> bool:
    newest = list(function.versions.values())[-1:]
    return bool(newest) and newest[0].settings() == function.latest.settings()


def next_version(function: FunctionConfig) -> str:
    """The number that the next published version gets."""
    return str(max((int(number) for number in function.versions), default=0) + 1)


def newest_version(function: FunctionConfig) -> VersionConfig:
    """The version published last, `$LATEST` when there is none."""
    return (list(function.versions.values()) or [function.latest])[-1]


def _alias_target(function: FunctionConfig, version: str) -> None:
    if version != LATEST and version not in function.versions:
        raise AwsError(
            "ResourceNotFoundException", f"Function not found: {function.name}:{version}", 404
        )


def _weights(function: FunctionConfig, params: Params) -> Mapping[str, float]:
    weights = cast("Mapping[str, float]", params["weights"])
    if len(weights) > 1:
        raise _invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    for version, weight in weights.items():
        _alias_target(function, version)
        if not 0.0 <= weight <= 1.0:
            raise _invalid(f"Invalid value {weight} for AdditionalVersionWeights: 0.0 to 1.0")
    return dict(weights)


def _update_alias(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    alias = alias_of(function, str(params["alias"]))
    _check_revision(params, alias.revision_id)
    version = str(params.get("version") or alias.version)
    _alias_target(function, version)
    weights = alias.weights
    if params.get("weights") is not None:
        weights = _weights(function, params)
    if weights and version == LATEST:
        raise _invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    moved = replace(
        alias,
        version=version,
        weights=weights,
        description=str(params.get("description") or alias.description),
        revision_id=stamp.revision(f"{function.name}:{alias.name}"),
    )
    return _with_alias(state, function, moved)


def _create_alias(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    name = str(params["alias"])
    if name in function.aliases:
        raise AwsError("ResourceConflictException", f"Alias already exists: {name}", 409)
    version = str(params["version"])
    _alias_target(function, version)
    weights: Mapping[str, float] = {}
    if params.get("weights") is not None:
        weights = _weights(function, params)
    revision = stamp.revision(f"{function.name}:{name}")
    alias = AliasConfig(name, version, revision, str(params.get("description") or ""), weights)
    return _with_alias(state, function, alias)


def alias_of(function: FunctionConfig, name: str) -> AliasConfig:
    """The alias of that name; AwsError ResourceNotFoundException when there is none."""
    found = function.aliases.get(name)
    if found is None:
        raise AwsError(
            "ResourceNotFoundException", f"Cannot find alias arn: {function.name}:{name}", 404
        )
    return found


def _with_alias(
    state: Configuration, function: FunctionConfig, alias: AliasConfig
) -> Configuration:
    return state.with_function(replace(function, aliases={**function.aliases, alias.name: alias}))


def unreserved(state: Configuration, without: str | None = None) -> int:
    """Concurrency that no function has reserved, optionally as if one function had none."""
    taken = sum(f.reserved or 0 for f in state.functions.values() if f.name != without)
    return ACCOUNT_CONCURRENCY - taken


def _put_concurrency(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    reserved = cast("int", params["reserved"])
    if reserved < 0:
        raise _invalid("ReservedConcurrentExecutions must not be negative")
    if unreserved(state, function.name) - reserved < MIN_UNRESERVED:
        raise _invalid(
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


_CHANGES: Mapping[str, Callable[[Configuration, Params, Stamp], Configuration]] = {
    "lambda.update_configuration": _update_configuration,
    "lambda.update_code": _update_code,
    "lambda.publish_version": _publish_version,
    "lambda.update_alias": _update_alias,
    "lambda.create_alias": _create_alias,
    "lambda.put_concurrency": _put_concurrency,
    "lambda.delete_concurrency": _delete_concurrency,
}
