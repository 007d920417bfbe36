"""The configuration that a world begins with."""

from __future__ import annotations

from dataclasses import replace

from opspilot.embedded.changes import Stamp
from opspilot.embedded.configuration import (
    AliasConfig,
    Configuration,
    FunctionConfig,
    VersionConfig,
)
from opspilot.embedded.fleet import LATEST, Fleet, FunctionSpec
from opspilot.embedded.origin import Origin

_DAY = 86400.0


def initial_configuration(fleet: Fleet, origin: Origin) -> Configuration:
    """The configuration before the fleet's history begins."""
    born = origin.epoch - fleet.history_days * _DAY - 30 * _DAY
    functions = {spec.name: _function(spec, born, origin) for spec in fleet.functions}
    return Configuration(
        functions,
        frozenset(table.name for table in fleet.tables),
        frozenset(queue.name for queue in fleet.queues),
    )


def _function(spec: FunctionSpec, born: float, origin: Origin) -> FunctionConfig:
    stamp = Stamp(born, origin.seed, "0")
    environment = {
        key: value.format(region=origin.region, account=origin.account_id)
        for key, value in spec.environment.items()
    }
    latest = VersionConfig(
        version=LATEST,
        build=spec.build,
        memory_mb=spec.memory_mb,
        timeout_s=spec.timeout_s,
        environment=environment,
        handler=spec.handler,
        runtime=spec.runtime,
        description=spec.description,
        last_modified=born,
        revision_id=stamp.revision(spec.name),
        role=f"arn:aws:iam::{origin.account_id}:role/{spec.name}-role",
    )
    number = str(spec.public_version)
    published = replace(latest, version=number, revision_id=stamp.revision(f"{spec.name}:{number}"))
    aliases = {
        name: AliasConfig(name, version, stamp.revision(f"{spec.name}:{name}"))
        for name, version in spec.aliases.items()
    }
    return FunctionConfig(spec.name, latest, {number: published}, aliases, tags=dict(spec.tags))
