"""The changes that lead from one configuration back to another, as a person would make them."""

from collections.abc import Iterator, Mapping

from opspilot.embedded.configuration import Configuration, FunctionConfig, VersionConfig
from opspilot.embedded.fleet import PlannedChange

_USER = "demo-reset"


def restoring_changes(current: Configuration, wanted: Configuration) -> list[PlannedChange]:
    """Changes of functions that differ; versions published meanwhile stay, as on AWS."""
    return [
        PlannedChange(kind, {"function": name, **params}, _USER)
        for name, function in wanted.functions.items()
        for kind, params in _of_function(current.functions[name], function)
    ]


def _of_function(
    now: FunctionConfig, wanted: FunctionConfig
) -> Iterator[tuple[str, Mapping[str, object]]]:
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
