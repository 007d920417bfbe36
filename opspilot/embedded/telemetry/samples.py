"""From traces to metric samples: which invocations count towards which metric, and when.

Timestamps follow AWS: an invocation counts in the minute in which it arrived, but its samples are
published only after it has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from opspilot.embedded.simulator.records import ApiBatch, CallBatch, ChunkTrace, QueueBatch
from opspilot.embedded.simulator.traffic import CHUNK_S, Floats

Dimensions = tuple[tuple[str, str], ...]
_MINUTES = CHUNK_S // 60


@dataclass(frozen=True, slots=True, order=True)
class MetricId:
    """A metric: namespace, name and exact dimension set (sorted pairs)."""

    namespace: str
    name: str
    dimensions: Dimensions

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricId:
        """The metric with these dimensions in any order."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of a metric: `time` decides the bucket, `visible` when they can be published."""

    time: Floats
    visible: Floats
    value: Floats


EMPTY = Samples(np.empty(0), np.empty(0), np.empty(0))


def _join(parts: Iterable[Samples]) -> Samples:
    kept = list(parts)
    if not kept:
        return EMPTY
    if len(kept) == 1:
        return kept[0]
    return Samples(
        np.concatenate([p.time for p in kept]),
        np.concatenate([p.visible for p in kept]),
        np.concatenate([p.value for p in kept]),
    )


def _ones(time: Floats) -> Floats:
    return np.ones(time.size)


# -- Lambda ---------------------------------------------------------------------------------------

_CALL_VALUES: Mapping[str, Callable[[CallBatch], Floats]] = {
    "Invocations": lambda batch: _ones(batch.start),
    "Errors": lambda batch: (batch.code != 0).astype(np.float64),
    "Throttles": lambda batch: np.zeros(batch.start.size),
    "Duration": lambda batch: batch.duration_ms,
}

LAMBDA_METRICS = (*_CALL_VALUES, "ConcurrentExecutions")


def _meant(batch: CallBatch, dimensions: Mapping[str, str]) -> bool:
    runtime = batch.runtime
    return (
        dimensions.get("Resource", runtime.resource) == runtime.resource
        and dimensions.get("ExecutedVersion", runtime.version.version) == runtime.version.version
    )


def lambda_samples(name: str, dimensions: Mapping[str, str], trace: ChunkTrace) -> Samples:
    """Samples of an AWS/Lambda metric by function, resource, executed version or in all."""
    function = dimensions.get("FunctionName")
    names = list(trace.calls) if function is None else [function]
    batches = [b for n in names for b in trace.calls_of(n) if _meant(b, dimensions)]
    if name == "ConcurrentExecutions":
        return _concurrency(batches, trace.chunk)
    parts = [Samples(b.start, b.end, _CALL_VALUES[name](b)) for b in batches]
    if name == "Throttles":
        refused = list(trace.throttles) if function is None else [function]
        parts += [
            Samples(r.time, r.time, _ones(r.time))
            for n in refused
            for r in trace.throttles.get(n, [])
            if dimensions.get("Resource", r.resource) == r.resource
        ]
    return _join(parts)


def _concurrency(batches: list[CallBatch], chunk: int) -> Samples:
    """The highest number of invocations under way, in each minute of the chunk that has any."""
    if not batches:
        return EMPTY
    starts = np.concatenate([b.start for b in batches])
    ends = np.concatenate([b.end for b in batches])
    when = np.concatenate([starts, ends])
    step = np.concatenate([_ones(starts), -_ones(ends)])
    order = np.lexsort((step, when))
    level = np.cumsum(step[order])
    minute = ((when[order] - chunk * CHUNK_S) // 60).astype(np.int64)
    inside = minute < _MINUTES
    present, first = np.unique(minute[inside], return_index=True)
    if not present.size:
        return EMPTY
    time = chunk * float(CHUNK_S) + present.astype(np.float64) * 60.0
    return Samples(time, time + 60.0, np.maximum.reduceat(level[inside], first))


# -- API Gateway ----------------------------------------------------------------------------------

_API_VALUES: Mapping[str, Callable[[ApiBatch], Floats]] = {
    "Count": lambda batch: _ones(batch.time),
    "4XXError": lambda batch: ((batch.status >= 400) & (batch.status < 500)).astype(np.float64),
    "5XXError": lambda batch: (batch.status >= 500).astype(np.float64),
    "Latency": lambda batch: batch.latency_ms,
}

API_METRICS = tuple(_API_VALUES)


def api_samples(name: str, dimensions: Mapping[str, str], trace: ChunkTrace) -> Samples:
    """Samples of an AWS/ApiGateway metric, for the API or one of its methods."""
    return _join(
        Samples(b.time, b.end, _API_VALUES[name](b))
        for b in trace.api
        if dimensions.get("Method", b.method) == b.method
        and dimensions.get("Resource", b.path) == b.path
    )


# -- DynamoDB -------------------------------------------------------------------------------------

_READS = frozenset({"GetItem", "Query"})
TABLE_METRICS = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")


def table_samples(name: str, dimensions: Mapping[str, str], trace: ChunkTrace) -> Samples:
    """Samples of an AWS/DynamoDB metric of one table, or of one operation on it."""
    mine = [b for b in trace.tables if b.table == dimensions["TableName"]]
    if name == "SuccessfulRequestLatency":
        chosen = [b for b in mine if b.operation == dimensions.get("Operation", b.operation)]
        return _join(Samples(b.time, b.time, b.latency_ms) for b in chosen)
    reads = name == "ConsumedReadCapacityUnits"
    return _join(
        Samples(b.time, b.time, np.full(b.time.size, b.units))
        for b in mine
        if (b.operation in _READS) == reads
    )


# -- SQS ------------------------------------------------------------------------------------------

QUEUE_METRICS = (
    "NumberOfMessagesSent",
    "NumberOfMessagesReceived",
    "NumberOfMessagesDeleted",
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateAgeOfOldestMessage",
)


def queue_events(name: str, queue: str, trace: ChunkTrace) -> Samples:
    """Samples of a counting AWS/SQS metric."""
    times: list[Floats] = []
    for batch in trace.queues:
        if batch.queue != queue:
            continue
        if name == "NumberOfMessagesSent":
            times.append(batch.sent)
        elif name == "NumberOfMessagesReceived":
            times.append(batch.received)
        else:
            times.append(batch.gone[~batch.dead & np.isfinite(batch.gone)])
    return _join(Samples(t, t, _ones(t)) for t in times)


def queue_gauge(name: str, batches: list[QueueBatch], chunk: int, base: float = 0.0) -> Samples:
    """Samples of a measuring AWS/SQS metric: its value at the end of each minute of the chunk."""
    start = chunk * float(CHUNK_S) + np.arange(_MINUTES, dtype=np.float64) * 60.0
    at = start + 60.0
    value = np.full(at.size, base)
    for batch in batches:
        first = np.sort(batch.received[: batch.sent.size])
        if name == "ApproximateNumberOfMessagesVisible":
            value += _passed(np.sort(batch.sent), at) - _passed(first, at)
        elif name == "ApproximateNumberOfMessagesNotVisible":
            value += _passed(first, at) - _passed(np.sort(batch.gone), at)
        else:
            value = np.maximum(value, _oldest_age(batch, at))
    return Samples(start, at, value)


def _passed(times: Floats, at: Floats) -> Floats:
    return np.searchsorted(times, at, side="right").astype(np.float64)


def _oldest_age(batch: QueueBatch, at: Floats) -> Floats:
    waiting = (batch.sent[None, :] <= at[:, None]) & (batch.gone[None, :] > at[:, None])
    oldest = np.where(waiting, batch.sent[None, :], np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(oldest), at - oldest, 0.0)
