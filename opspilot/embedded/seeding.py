"""The configuration that a world begins with."""

from __future__ import annotations

import uuid
from dataclasses import replace

from opspilot.embedded.changes import Stamp
from opspilot.embedded.configuration import (
    AliasConfig,
    AsyncConfig,
    Configuration,
    FunctionConfig,
    VersionConfig,
)
from opspilot.embedded.fleet import (
    LATEST,
    Fleet,
    FunctionSpec,
    QueueSpec,
    StreamSpec,
    TableSpec,
)
from opspilot.embedded.origin import Origin
from opspilot.embedded.stores import (
    IndexConfig,
    MappingConfig,
    QueueConfig,
    StreamConfig,
    TableConfig,
)

_DAY = 86400.0
_NAMESPACE = uuid.UUID("6f1d2f0e-6c0b-4a52-9d6e-0b1f6ad6c003")


def initial_configuration(fleet: Fleet, origin: Origin) -> Configuration:
    """The configuration before the fleet's history begins."""
    born = origin.epoch - fleet.history_days * _DAY - 30 * _DAY
    mapped = origin.epoch - 40 * _DAY
    sources = [*fleet.queues, *fleet.streams]
    mappings = [_mapping(spec, mapped) for spec in sources if spec.consumer is not None]
    return Configuration(
        {spec.name: _function(spec, born, origin) for spec in fleet.functions},
        {spec.name: _table(spec) for spec in fleet.tables},
        {spec.name: _queue(spec, born) for spec in fleet.queues},
        {s.name: StreamConfig(s.name, s.shards, s.retention_hours) for s in fleet.streams},
        {mapping.id: mapping for mapping in mappings},
        account_concurrency=fleet.account_concurrency,
        region=origin.region,
        account_id=origin.account_id,
        api_id=fleet.api.id,
        api_protocol=fleet.api.protocol,
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
        role=f"arn:aws:iam::{origin.account_id}:role/{spec.role or spec.name + '-role'}",
    )
    number = str(spec.public_version)
    published = replace(latest, version=number, revision_id=stamp.revision(f"{spec.name}:{number}"))
    aliases = {
        name: AliasConfig(name, version, stamp.revision(f"{spec.name}:{name}"))
        for name, version in spec.aliases.items()
    }
    return FunctionConfig(
        spec.name,
        latest,
        {number: published},
        aliases,
        reserved=spec.reserved,
        asynchronous=_asynchronous(spec, born),
        tags=dict(spec.tags),
    )


def _asynchronous(spec: FunctionSpec, born: float) -> AsyncConfig:
    usual = AsyncConfig(dead_letter=spec.async_dead_letter)
    chosen = replace(usual, max_retries=spec.async_max_retries, max_age_s=spec.async_max_age_s)
    return chosen if chosen == usual else replace(chosen, modified=born)


def _table(spec: TableSpec) -> TableConfig:
    indexes = {
        one.name: IndexConfig(one.name, one.key, one.read_capacity, one.write_capacity)
        for one in spec.indexes
    }
    return TableConfig(
        spec.name,
        spec.key,
        spec.billing,
        spec.read_capacity,
        spec.write_capacity,
        indexes,
        dict(spec.autoscaling),
    )


def _queue(spec: QueueSpec, born: float) -> QueueConfig:
    return QueueConfig(
        spec.name,
        spec.visibility_timeout_s,
        spec.max_receives,
        spec.dead_letter,
        spec.retention_s,
        born,
    )


def _mapping(spec: QueueSpec | StreamSpec, at: float) -> MappingConfig:
    chosen = spec.mapping_id or str(uuid.uuid5(_NAMESPACE, f"{spec.name}>{spec.consumer}"))
    target = str(spec.consumer)
    if isinstance(spec, QueueSpec):
        return MappingConfig(
            chosen,
            "queue",
            spec.name,
            target,
            at,
            batch_size=spec.batch_size,
            maximum_concurrency=spec.maximum_concurrency,
            reports_item_failures=spec.reports_item_failures,
        )
    return MappingConfig(
        chosen,
        "stream",
        spec.name,
        target,
        at,
        batch_size=spec.batch_size,
        window_s=spec.window_s,
        bisect_on_error=spec.bisect_on_error,
        maximum_retries=spec.maximum_retries,
        reports_item_failures=spec.reports_item_failures,
        on_failure=spec.on_failure,
    )
