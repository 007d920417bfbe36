"""Samples of any metric of the workload, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from opspilot.embedded.simulator.chunks import Simulation, chunk_of
from opspilot.embedded.simulator.reach import Parts
from opspilot.embedded.simulator.records import ChunkTrace, QueueBatch
from opspilot.embedded.telemetry.api_samples import api_samples
from opspilot.embedded.telemetry.catalogue import emitted
from opspilot.embedded.telemetry.function_samples import lambda_samples
from opspilot.embedded.telemetry.queue_samples import queue_events, queue_gauge
from opspilot.embedded.telemetry.samples import EMPTY, MetricId, Samples
from opspilot.embedded.telemetry.stream_samples import stream_samples
from opspilot.embedded.telemetry.table_samples import table_samples


class Extraction:
    """Reads the traces that a metric needs."""

    def __init__(self, simulation: Simulation, messages_since: float) -> None:
        """`messages_since`: dead-letter queues were empty at that time."""
        self._simulation = simulation
        self._first_dead = chunk_of(messages_since)
        self._dead: dict[tuple[str, int], float] = {}

    def parts(self, metric: MetricId) -> Parts:
        """What has to be walked for a metric."""
        dimensions = dict(metric.dimensions)
        reach = self._simulation.reach
        if metric.namespace == "AWS/Lambda":
            return reach.of_function(dimensions.get("FunctionName"))
        if metric.namespace == "AWS/ApiGateway":
            return reach.of_routes(dimensions.get("Method"), dimensions.get("Resource"))
        return reach.everything()

    def samples(self, metric: MetricId, chunk: int, parts: Parts | None = None) -> Samples:
        """Samples of a metric that requests of one chunk caused.

        `parts` may name more than the metric needs, so that several metrics share a walk.
        """
        if not emitted(metric, self._simulation.fleet):
            return EMPTY
        dimensions = dict(metric.dimensions)
        trace = self._simulation.trace(chunk, parts or self.parts(metric))
        if metric.namespace == "AWS/Lambda":
            return lambda_samples(metric.name, dimensions, trace)
        if metric.namespace == "AWS/ApiGateway":
            return api_samples(metric.name, dimensions, trace)
        if metric.namespace == "AWS/DynamoDB":
            return table_samples(metric.name, dimensions, trace, self._simulation.timeline)
        if metric.namespace == "AWS/Kinesis":
            return stream_samples(metric.name, dimensions["StreamName"], trace)
        return self._queue(metric.name, dimensions["QueueName"], trace)

    def _queue(self, name: str, queue: str, trace: ChunkTrace) -> Samples:
        if name.startswith("NumberOf"):
            return queue_events(name, queue, trace)
        before = self._simulation.trace(trace.chunk - 1)
        if self._feeds(queue):
            base = 0.0
            if name == "ApproximateNumberOfMessagesVisible":
                base = self._dead_before(queue, trace.chunk - 1)
            dead = [*self._dead_batches(queue, before), *self._dead_batches(queue, trace)]
            return queue_gauge(name, dead, trace.chunk, base)
        batches = [b for t in (before, trace) for b in t.queues if b.queue == queue]
        return queue_gauge(name, batches, trace.chunk)

    def _feeds(self, queue: str) -> list[str]:
        """The queues whose dead letters come into this one."""
        return [q.name for q in self._simulation.fleet.queues if q.dead_letter == queue]

    def _dead_batches(self, queue: str, trace: ChunkTrace) -> Iterable[QueueBatch]:
        feeds = self._feeds(queue)
        for batch in trace.queues:
            if batch.queue in feeds and trace.chunk >= self._first_dead:
                moved = np.sort(batch.gone[batch.dead])
                never, still = np.empty(0), np.full(moved.size, np.inf)
                kept = np.zeros(moved.size, dtype=bool)
                yield QueueBatch(queue, moved, never, never, still, kept)

    def _dead_before(self, queue: str, chunk: int) -> float:
        """Messages in a dead-letter queue that came from chunks before this one."""
        total = 0.0
        for earlier in range(self._first_dead, chunk):
            key = (queue, earlier)
            if key not in self._dead:
                trace = self._simulation.trace(earlier)
                self._dead[key] = float(sum(b.sent.size for b in self._dead_batches(queue, trace)))
            total += self._dead[key]
        return total
