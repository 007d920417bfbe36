"""Metrics of the account: what exists, and its values by minute as an observer sees them at a time.

Publication: a sample is published `PUBLISH_DELAY_S` account seconds after what it counts has
ended. So the newest bucket is partial for a while, as on AWS, and grows until its last invocation
has been told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from opspilot.embedded.configuration import Timeline
from opspilot.embedded.fleet import Fleet, TableCall
from opspilot.embedded.simulator.chunks import SPILL_S, Simulation, chunk_end, chunk_of
from opspilot.embedded.simulator.records import ChunkTrace, QueueBatch
from opspilot.embedded.simulator.traffic import CHUNK_S, Bools, Floats
from opspilot.embedded.telemetry.samples import (
    API_METRICS,
    EMPTY,
    LAMBDA_METRICS,
    QUEUE_METRICS,
    TABLE_METRICS,
    MetricId,
    Samples,
    api_samples,
    lambda_samples,
    queue_events,
    queue_gauge,
    table_samples,
)
from opspilot.embedded.telemetry.statistic import Statistic, of_buckets

PUBLISH_DELAY_S = 60.0
_CHUNK_MINUTES = CHUNK_S // 60
_BLOCK_MINUTES = _CHUNK_MINUTES + SPILL_S // 60
_SAMPLES_KEPT = 900
_BLOCKS_KEPT = 40_000


@dataclass(frozen=True, slots=True)
class Minutes:
    """Count, sum, minimum and maximum by minute; minimum and maximum are NaN where count is 0."""

    count: Floats
    total: Floats
    low: Floats
    high: Floats


class Published(Protocol):
    """Metrics that callers published themselves."""

    def metrics(self) -> list[MetricId]:
        """Every such metric."""
        ...

    def samples(self, metric: MetricId, chunk: int) -> Samples:
        """Its samples within a chunk; they are seen as soon as they are published."""
        ...


class Metrics:
    """All metrics that the workload emits, and those that callers publish."""

    def __init__(
        self, simulation: Simulation, messages_since: float, custom: Published | None = None
    ) -> None:
        """`messages_since`: dead-letter queues were empty at that time."""
        self._custom = custom
        self._simulation = simulation
        self._first_dead = chunk_of(messages_since)
        self._samples: OrderedDict[tuple[MetricId, int], tuple[int, Samples]] = OrderedDict()
        self._blocks: OrderedDict[tuple[MetricId, int], Minutes] = OrderedDict()
        self._dead: dict[tuple[str, int], float] = {}

    @property
    def history_start(self) -> float:
        """Before this time there is nothing."""
        return self._simulation.first_chunk * float(CHUNK_S)

    def catalogue(self) -> list[MetricId]:
        """Every metric that exists, sorted."""
        published = self._custom.metrics() if self._custom else []
        return sorted([*catalogue(self._simulation.fleet, self._simulation.timeline), *published])

    def query(
        self,
        metric: MetricId,
        statistic: Statistic,
        period_s: int,
        span: tuple[float, float],
        as_of: float,
    ) -> tuple[Floats, Floats]:
        """(bucket starts, values) with the buckets that have data, in order of time.

        Buckets are aligned to the period; a bucket counts from its own start, even when `span`
        begins inside it, and up to the end of the span.
        """
        first = int(span[0] // period_s) * period_s // 60
        last = int(-(-min(span[1], as_of) // 60))
        if last <= first:
            return np.empty(0), np.empty(0)
        if statistic.needs_samples:
            return self._by_samples(metric, statistic, period_s, (first, last), as_of)
        return self._by_minutes(metric, statistic, period_s, (first, last), as_of)

    def minutes(self, metric: MetricId, first: int, last: int, as_of: float) -> Minutes:
        """Values of the minutes first..last-1 (minutes since the epoch)."""
        size = last - first
        count, total = np.zeros(size), np.zeros(size)
        low, high = np.full(size, np.nan), np.full(size, np.nan)
        for chunk in self._chunks(first, last):
            block = self._block(metric, chunk, as_of)
            offset = chunk * _CHUNK_MINUTES - first
            here = slice(max(offset, 0), min(offset + _BLOCK_MINUTES, size))
            there = slice(here.start - offset, here.stop - offset)
            if here.stop <= here.start:
                continue
            count[here] += block.count[there]
            total[here] += block.total[there]
            low[here] = np.fmin(low[here], block.low[there])
            high[here] = np.fmax(high[here], block.high[there])
        return Minutes(count, total, low, high)

    def _chunks(self, first: int, last: int) -> range:
        begin = max(first // _CHUNK_MINUTES - 1, self._simulation.first_chunk)
        return range(begin, (last - 1) // _CHUNK_MINUTES + 1)

    def _by_minutes(
        self,
        metric: MetricId,
        statistic: Statistic,
        period_s: int,
        span: tuple[int, int],
        as_of: float,
    ) -> tuple[Floats, Floats]:
        first, last = span
        step = max(period_s // 60, 1)
        last += -(last - first) % step
        values = self.minutes(metric, first, last, as_of)
        if last > span[1]:
            values = _without_tail(values, last - span[1])
        count = values.count.reshape(-1, step).sum(axis=1)
        total = values.total.reshape(-1, step).sum(axis=1)
        present = count > 0
        starts = (first + np.flatnonzero(present) * step).astype(np.float64) * 60.0
        count, total = count[present], total[present]
        if statistic.name == "SampleCount":
            return starts, count
        if statistic.name == "Sum":
            return starts, total
        if statistic.name == "Average":
            return starts, total / count
        low = statistic.name == "Minimum"
        edge = (values.low if low else values.high).reshape(-1, step)[present]
        return starts, np.nanmin(edge, axis=1) if low else np.nanmax(edge, axis=1)

    def _by_samples(
        self,
        metric: MetricId,
        statistic: Statistic,
        period_s: int,
        span: tuple[int, int],
        as_of: float,
    ) -> tuple[Floats, Floats]:
        begin, end = span[0] * 60.0, span[1] * 60.0
        times: list[Floats] = []
        values: list[Floats] = []
        for chunk in self._chunks(*span):
            samples = self._sampled(metric, chunk)
            shown = (samples.time >= begin) & (samples.time < end)
            shown &= samples.visible + PUBLISH_DELAY_S <= as_of
            times.append(samples.time[shown])
            values.append(samples.value[shown])
        if not times:
            return np.empty(0), np.empty(0)
        bucket = np.concatenate(times) // period_s
        present, result = of_buckets(statistic, bucket, np.concatenate(values))
        return present * float(period_s), result

    def _block(self, metric: MetricId, chunk: int, as_of: float) -> Minutes:
        settled = chunk_end(chunk) + SPILL_S + PUBLISH_DELAY_S <= as_of and _is_aws(metric)
        key = (metric, chunk)
        if settled and key in self._blocks:
            return self._blocks[key]
        samples = self._sampled(metric, chunk)
        shown = samples.visible + PUBLISH_DELAY_S <= as_of
        block = _by_minute(samples, shown, chunk * float(CHUNK_S))
        if settled:
            self._blocks[key] = block
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return block

    def _sampled(self, metric: MetricId, chunk: int) -> Samples:
        if not _is_aws(metric):
            return self._published(metric, chunk)
        key = (metric, chunk)
        epochs = self._simulation.epochs(chunk)
        kept = self._samples.get(key)
        if kept is None or kept[0] != epochs:
            kept = (epochs, self._extract(metric, chunk))
            self._samples[key] = kept
            if len(self._samples) > _SAMPLES_KEPT:
                self._samples.popitem(last=False)
        return kept[1]

    def _published(self, metric: MetricId, chunk: int) -> Samples:
        samples = self._custom.samples(metric, chunk) if self._custom else EMPTY
        return Samples(samples.time, samples.visible - PUBLISH_DELAY_S, samples.value)

    def _extract(self, metric: MetricId, chunk: int) -> Samples:
        dimensions = dict(metric.dimensions)
        if not emitted(metric, self._simulation.fleet):
            return EMPTY
        reach = self._simulation.reach
        if metric.namespace == "AWS/Lambda":
            parts = reach.of_function(dimensions.get("FunctionName"))
            return lambda_samples(metric.name, dimensions, self._simulation.trace(chunk, parts))
        if metric.namespace == "AWS/ApiGateway":
            parts = reach.of_routes(dimensions.get("Method"), dimensions.get("Resource"))
            return api_samples(metric.name, dimensions, self._simulation.trace(chunk, parts))
        trace = self._simulation.trace(chunk)
        if metric.namespace == "AWS/DynamoDB":
            return table_samples(metric.name, dimensions, trace)
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
                nothing = np.empty(0)
                still = np.full(moved.size, np.inf)
                yield QueueBatch(queue, moved, nothing, still, np.zeros(moved.size, dtype=bool))

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


def _without_tail(values: Minutes, surplus: int) -> Minutes:
    keep = values.count.size - surplus
    count, total = values.count.copy(), values.total.copy()
    low, high = values.low.copy(), values.high.copy()
    count[keep:] = total[keep:] = 0.0
    low[keep:] = high[keep:] = np.nan
    return Minutes(count, total, low, high)


def _by_minute(samples: Samples, shown: Bools, start: float) -> Minutes:
    minute = ((samples.time[shown] - start) // 60).astype(np.int64)
    value = samples.value[shown]
    inside = (minute >= 0) & (minute < _BLOCK_MINUTES)
    minute, value = minute[inside], value[inside]
    count = np.bincount(minute, minlength=_BLOCK_MINUTES).astype(np.float64)
    total = np.bincount(minute, weights=value, minlength=_BLOCK_MINUTES).astype(np.float64)
    low, high = np.full(_BLOCK_MINUTES, np.nan), np.full(_BLOCK_MINUTES, np.nan)
    if minute.size:
        order = np.argsort(minute, kind="stable")
        present, first = np.unique(minute[order], return_index=True)
        low[present] = np.minimum.reduceat(value[order], first)
        high[present] = np.maximum.reduceat(value[order], first)
    return Minutes(count, total, low, high)


def _is_aws(metric: MetricId) -> bool:
    return metric.namespace.startswith("AWS/")


def emitted(metric: MetricId, fleet: Fleet) -> bool:
    """Whether the fleet can emit the metric at all: exact names and dimension sets."""
    keys = tuple(key for key, _ in metric.dimensions)
    if (metric.name, keys) not in _SHAPES.get(metric.namespace, frozenset()):
        return False
    owner = dict(metric.dimensions)
    known: Mapping[str, set[str]] = {
        "FunctionName": {f.name for f in fleet.functions},
        "ApiName": {fleet.api.name},
        "Stage": {fleet.api.stage},
        "TableName": {t.name for t in fleet.tables},
        "QueueName": {q.name for q in fleet.queues},
    }
    return all(owner[key] in names for key, names in known.items() if key in owner)


_OPERATION_METRICS = ("SuccessfulRequestLatency",)
_SHAPES: Mapping[str, frozenset[tuple[str, tuple[str, ...]]]] = {
    "AWS/Lambda": frozenset(
        (name, keys)
        for name in LAMBDA_METRICS
        for keys in (
            (),
            ("FunctionName",),
            ("FunctionName", "Resource"),
            ("ExecutedVersion", "FunctionName", "Resource"),
        )
    ),
    "AWS/ApiGateway": frozenset(
        (name, keys)
        for name in API_METRICS
        for keys in (("ApiName",), ("ApiName", "Stage"), ("ApiName", "Method", "Resource", "Stage"))
    ),
    "AWS/DynamoDB": frozenset(
        [(name, ("TableName",)) for name in TABLE_METRICS]
        + [(name, ("Operation", "TableName")) for name in _OPERATION_METRICS]
    ),
    "AWS/SQS": frozenset((name, ("QueueName",)) for name in QUEUE_METRICS),
}


def catalogue(fleet: Fleet, timeline: Timeline) -> Iterable[MetricId]:
    """Every metric of a fleet, with the resources that its configuration has ever had."""
    yield from _lambda_catalogue(timeline)
    api = {"ApiName": fleet.api.name}
    staged = {**api, "Stage": fleet.api.stage}
    methods = [{**staged, "Method": r.method, "Resource": r.path} for r in fleet.api.routes]
    for name in API_METRICS:
        for dimensions in (api, staged, *methods):
            yield MetricId.of("AWS/ApiGateway", name, dimensions)
    for table in fleet.tables:
        for name in TABLE_METRICS:
            yield MetricId.of("AWS/DynamoDB", name, {"TableName": table.name})
        for operation in _operations(fleet):
            yield MetricId.of(
                "AWS/DynamoDB",
                "SuccessfulRequestLatency",
                {"TableName": table.name, "Operation": operation},
            )
    for queue in fleet.queues:
        for name in QUEUE_METRICS:
            yield MetricId.of("AWS/SQS", name, {"QueueName": queue.name})


def _operations(fleet: Fleet) -> list[str]:
    return sorted(
        {
            step.operation
            for build in fleet.builds.values()
            for step in build.steps
            if isinstance(step, TableCall)
        }
    )


def _lambda_catalogue(timeline: Timeline) -> Iterable[MetricId]:
    functions = timeline.current.functions
    for metric in LAMBDA_METRICS:
        yield MetricId.of("AWS/Lambda", metric, {})
        for function in functions.values():
            name = {"FunctionName": function.name}
            yield MetricId.of("AWS/Lambda", metric, name)
            if not function.aliases:
                resource = {**name, "Resource": function.name}
                yield MetricId.of("AWS/Lambda", metric, resource)
            for alias in function.aliases:
                resource = {**name, "Resource": f"{function.name}:{alias}"}
                yield MetricId.of("AWS/Lambda", metric, resource)
