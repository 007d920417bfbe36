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

_HTTP_NAMES = {"4xx": "4XXError", "5xx": "5XXError"}
API_METRICS = tuple(_API_VALUES)
HTTP_API_METRICS = ("Count", *_HTTP_NAMES, "Latency", "IntegrationLatency")


def api_samples(name: str, dimensions: Mapping[str, str], trace: ChunkTrace) -> Samples:
    """Samples of an AWS/ApiGateway metric, for the API or one of its methods."""
    values = _API_VALUES[_HTTP_NAMES.get(name, name)]
    return join(
        _samples(b, values(b))
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
