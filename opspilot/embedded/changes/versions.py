"""Versions and aliases of functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from opspilot.embedded.changes.checks import (
    Params,
    Stamp,
    check_revision,
    check_settled,
    function_of,
    invalid,
)
from opspilot.embedded.configuration import (
    AliasConfig,
    Configuration,
    FunctionConfig,
    VersionConfig,
)
from opspilot.embedded.errors import AwsError
from opspilot.embedded.fleet import LATEST


def _publish_version(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    check_revision(params, function.latest.revision_id)
    check_settled(function, stamp)
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
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    for version, weight in weights.items():
        _alias_target(function, version)
        if not 0.0 <= weight <= 1.0:
            raise invalid(f"Invalid value {weight} for AdditionalVersionWeights: 0.0 to 1.0")
    return dict(weights)


def _update_alias(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    function = function_of(state, str(params["function"]))
    alias = alias_of(function, str(params["alias"]))
    check_revision(params, alias.revision_id)
    version = str(params.get("version") or alias.version)
    _alias_target(function, version)
    weights = alias.weights
    if params.get("weights") is not None:
        weights = _weights(function, params)
    if weights and version == LATEST:
        raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
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


CHANGES = {
    "lambda.publish_version": _publish_version,
    "lambda.update_alias": _update_alias,
    "lambda.create_alias": _create_alias,
}
