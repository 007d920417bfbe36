"""Metrics that callers publish themselves with PutMetricData."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from opspilot.embedded.journal import Record
from opspilot.embedded.simulator.traffic import CHUNK_S
from opspilot.embedded.telemetry.samples import EMPTY, MetricId, Samples


class CustomMetrics:
    """Samples by metric and chunk, as the journal tells of them."""

    def __init__(self) -> None:
        self._samples: dict[MetricId, dict[int, list[tuple[float, float, float]]]] = {}

    def replay(self, record: Record, at: float) -> None:
        """Add the samples of a journal record."""
        namespace = str(record["namespace"])
        for datum in cast("Sequence[Mapping[str, object]]", record["data"]):
            dimensions = cast("Mapping[str, str]", datum["dimensions"])
            metric = MetricId.of(namespace, str(datum["name"]), dimensions)
            time = float(cast("float", datum["time"]))
            chunk = self._samples.setdefault(metric, {}).setdefault(int(time // CHUNK_S), [])
            chunk.extend((time, at, value) for value in cast("Sequence[float]", datum["values"]))

    def metrics(self) -> list[MetricId]:
        """Every metric that was published."""
        return list(self._samples)

    def samples(self, metric: MetricId, chunk: int) -> Samples:
        """The metric's samples within a chunk."""
        found = self._samples.get(metric, {}).get(chunk)
        if not found:
            return EMPTY
        time, visible, value = np.array(found).T
        return Samples(time, visible, value)
