"""Samples of AWS/ApiGateway metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from opspilot.embedded.simulator.records import ApiBatch, ChunkTrace
from opspilot.embedded.simulator.traffic import Floats
from opspilot.embedded.telemetry.samples import Samples, join, ones

_API_VALUES: Mapping[str, Callable[[ApiBatch], Floats]] = {
    "Count": lambda batch: ones(batch.time),
    "4XXError": lambda batch: ((batch.status >= 400) & (batch.status < 500)).astype(np.float64),
    "5XXError": lambda batch: (batch.status >= 500).astype(np.float64),
    "Latency": lambda batch: batch.latency_ms,
    "IntegrationLatency": lambda batch: batch.integration_ms,
}

API_METRICS = tuple(_API_VALUES)


def api_samples(name: str, dimensions: Mapping[str, str], trace: ChunkTrace) -> Samples:
    """Samples of an AWS/ApiGateway metric, for the API or one of its methods."""
    return join(
        _samples(b, _API_VALUES[name](b))
        for b in trace.api
        if dimensions.get("Method", b.method) == b.method
        and dimensions.get("Resource", b.path) == b.path
    )


def _samples(batch: ApiBatch, values: Floats) -> Samples:
    """A sample for each request that has one."""
    known = ~np.isnan(values)
    if known.all():
        return Samples(batch.time, batch.end, values)
    return Samples(batch.time[known], batch.end[known], values[known])
