"""Samples of AWS/DynamoDB metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from opspilot.embedded.configuration import Timeline
from opspilot.embedded.simulator.capacity import TABLE
from opspilot.embedded.simulator.records import ChunkTrace, TableBatch
from opspilot.embedded.simulator.tables import reads
from opspilot.embedded.simulator.traffic import CHUNK_S, Floats
from opspilot.embedded.stores import TableConfig
from opspilot.embedded.telemetry.samples import Samples, join, ones

_PROVISIONED_EVERY_S = 300.0

CONSUMED = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
PROVISIONED = ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits")
_THROTTLED = ("ReadThrottleEvents", "WriteThrottleEvents")
TABLE_METRICS = (*CONSUMED, *PROVISIONED, *_THROTTLED, "ConditionalCheckFailedRequests")
INDEX_METRICS = (*CONSUMED, *PROVISIONED, *_THROTTLED)


def table_samples(
    name: str, dimensions: Mapping[str, str], trace: ChunkTrace, timeline: Timeline
) -> Samples:
    """Samples of an AWS/DynamoDB metric of a table, of an operation on it, or of an index.

    As on AWS, throttle events and failed conditions are published only when there are some, and
    provisioned capacity every five minutes.
    """
    table = dimensions["TableName"]
    index = dimensions.get("GlobalSecondaryIndexName")
    direction = "read" if "Read" in name else "write"
    if name.startswith("Provisioned"):
        return _provisioned(table, index or TABLE, direction, trace, timeline)
    if name.endswith("ThrottleEvents"):
        refused = [
            r.time
            for r in trace.refusals
            if (r.table, r.target, r.direction) == (table, index or TABLE, direction)
        ]
        return join(Samples(at, at, ones(at)) for at in refused)
    mine = [b for b in trace.tables if b.table == table]
    if name == "SuccessfulRequestLatency":
        chosen = [b for b in mine if b.operation == dimensions.get("Operation", b.operation)]
        return join(Samples(b.time, b.time, b.latency_ms) for b in chosen)
    if name == "ConditionalCheckFailedRequests":
        unmet = [b.time[b.unmet] for b in mine if b.unmet is not None and b.unmet.any()]
        return join(Samples(at, at, ones(at)) for at in unmet)
    return _consumed(mine, index, direction)


def _consumed(batches: Iterable[TableBatch], index: str | None, direction: str) -> Samples:
    """A read consumes of the table or of the index that it reads, a write of the table and all."""
    parts: list[Samples] = []
    for batch in batches:
        is_read = reads(batch.operation)
        if is_read != (direction == "read") or (is_read and batch.index != index):
            continue
        parts.append(Samples(batch.time, batch.time, np.full(batch.time.size, batch.units)))
    return join(parts)


def _provisioned(
    table: str, target: str, direction: str, trace: ChunkTrace, timeline: Timeline
) -> Samples:
    at = trace.chunk * float(CHUNK_S) + np.arange(0.0, CHUNK_S, _PROVISIONED_EVERY_S)
    raised = [
        (one.since, one.units)
        for one in trace.levels
        if (one.table, one.target, one.direction) == (table, target, direction)
    ]
    values: list[float] = []
    for moment in at.tolist():
        config = timeline.states[timeline.index(moment)].tables.get(table)
        configured = _capacity(config, target, direction)
        scaled = max((units for since, units in raised if since <= moment), default=0.0)
        values.append(max(configured, scaled) if configured else 0.0)
    known: Floats = np.array(values)
    shown = known > 0.0
    return Samples(at[shown], at[shown], known[shown])


def _capacity(config: TableConfig | None, target: str, direction: str) -> float:
    holder = config if config is None or target == TABLE else config.indexes.get(target)
    if config is None or holder is None or config.billing == "on_demand":
        return 0.0
    capacity = holder.read_capacity if direction == "read" else holder.write_capacity
    return float(capacity or 0)
