"""The changes that lead from one configuration back to another, as a person would make them."""

from collections.abc import Iterator, Mapping, Sequence

from opspilot.embedded.changes import is_condition
from opspilot.embedded.configuration import Configuration, FunctionConfig, VersionConfig
from opspilot.embedded.fleet import PlannedChange
from opspilot.embedded.restore_stores import (
    mapping_changes,
    queue_changes,
    role_changes,
    table_changes,
)

_USER = "demo-reset"
_Change = tuple[str, Mapping[str, object]]


def restoring_changes(
    current: Configuration, wanted: Configuration, history: Sequence[PlannedChange] = ()
) -> list[PlannedChange]:
    """Changes of what differs; versions published meanwhile stay, as on AWS.

    `history` tells of the conditions that held in `wanted`: they begin anew.
    """
    return [
        PlannedChange(kind, params, _USER) for kind, params in _changes(current, wanted, history)
    ]


def _changes(
    current: Configuration, wanted: Configuration, history: Sequence[PlannedChange]
) -> Iterator[_Change]:
    for name, function in wanted.functions.items():
        for kind, params in _of_function(current.functions[name], function):
            yield kind, {"function": name, **params}
    yield from table_changes(current, wanted)
    yield from queue_changes(current, wanted)
    yield from mapping_changes(current, wanted)
    yield from role_changes(current, wanted)
    for key in current.integration_timeouts_s:
        if key not in wanted.integration_timeouts_s:
            method, _, path = key.partition(" ")
            usual = {"method": method, "path": path, "integration_timeout_s": 29.0}
            yield "apigateway.update_method", usual
    if current.account_concurrency != wanted.account_concurrency:
        yield "account.concurrency", {"limit": wanted.account_concurrency}
    if current.conditions != wanted.conditions:
        yield "condition.clear", {}
        yield from ((step.kind, step.params) for step in history if is_condition(step.kind))


def _of_function(now: FunctionConfig, wanted: FunctionConfig) -> Iterator[_Change]:
    for route in sorted(now.closed_to - wanted.closed_to):
        yield "lambda.add_permission", {"route": route}
    settings = _settings(now.latest, wanted.latest)
    if settings:
        yield "lambda.update_configuration", settings
    if now.latest.build != wanted.latest.build:
        yield "lambda.update_code", {"build": wanted.latest.build}
    for name, alias in wanted.aliases.items():
        before = now.aliases[name]
        if (before.version, before.weights) != (alias.version, alias.weights):
            weights = dict(alias.weights)
            yield (
                "lambda.update_alias",
                {"alias": name, "version": alias.version, "weights": weights},
            )
    if now.reserved != wanted.reserved:
        if wanted.reserved is None:
            yield "lambda.delete_concurrency", {}
        else:
            yield "lambda.put_concurrency", {"reserved": wanted.reserved}
    usual = wanted.asynchronous
    is_now = now.asynchronous
    if (is_now.max_retries, is_now.max_age_s, is_now.on_failure) != (
        usual.max_retries,
        usual.max_age_s,
        usual.on_failure,
    ):
        params = {"max_retries": usual.max_retries, "max_age_s": int(usual.max_age_s)}
        given = {"on_failure": usual.on_failure} if usual.on_failure else {}
        yield "lambda.put_event_invoke_config", {**params, **given}


def _settings(now: VersionConfig, wanted: VersionConfig) -> dict[str, object]:
    pairs: Mapping[str, tuple[object, object]] = {
        "memory_mb": (now.memory_mb, wanted.memory_mb),
        "timeout_s": (now.timeout_s, wanted.timeout_s),
        "ephemeral_mb": (now.ephemeral_mb, wanted.ephemeral_mb),
        "description": (now.description, wanted.description),
        "handler": (now.handler, wanted.handler),
        "runtime": (now.runtime, wanted.runtime),
        "environment": (dict(now.environment), dict(wanted.environment)),
    }
    return {key: after for key, (before, after) in pairs.items() if before != after}
