"""Samples of AWS/DynamoDB metrics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from opspilot.embedded.simulator.records import ChunkTrace
from opspilot.embedded.simulator.tables import reads
from opspilot.embedded.telemetry.samples import Samples, join

TABLE_METRICS = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")


def table_samples(name: str, dimensions: Mapping[str, str], trace: ChunkTrace) -> Samples:
    """Samples of an AWS/DynamoDB metric of one table, or of one operation on it."""
    mine = [b for b in trace.tables if b.table == dimensions["TableName"]]
    if name == "SuccessfulRequestLatency":
        chosen = [b for b in mine if b.operation == dimensions.get("Operation", b.operation)]
        return join(Samples(b.time, b.time, b.latency_ms) for b in chosen)
    wants_reads = name == "ConsumedReadCapacityUnits"
    return join(
        Samples(b.time, b.time, np.full(b.time.size, b.units))
        for b in mine
        if reads(b.operation) == wants_reads
    )
