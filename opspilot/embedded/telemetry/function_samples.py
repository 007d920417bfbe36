"""Samples of AWS/Lambda metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from opspilot.embedded.simulator.records import CallBatch, ChunkTrace, EventBatch
from opspilot.embedded.simulator.traffic import CHUNK_S, Floats
from opspilot.embedded.telemetry.samples import CHUNK_MINUTES, EMPTY, Samples, join, ones
from opspilot.embedded.telemetry.stream_samples import iterator_age

_CALL_VALUES: Mapping[str, Callable[[CallBatch], Floats]] = {
    "Invocations": lambda batch: ones(batch.start),
    "Errors": lambda batch: (batch.code != 0).astype(np.float64),
    "Throttles": lambda batch: np.zeros(batch.start.size),
    "Duration": lambda batch: batch.duration_ms,
}

_EVENT_METRICS = (
    "AsyncEventsReceived",
    "AsyncEventAge",
    "AsyncEventsDropped",
    "DeadLetterErrors",
)
_LOOPS = "RecursiveInvocationsDropped"
_ITERATOR_AGE = "IteratorAge"
LAMBDA_METRICS = (*_CALL_VALUES, "ConcurrentExecutions")
FUNCTION_METRICS = (*_EVENT_METRICS, _LOOPS, _ITERATOR_AGE)
"""Of a function alone: published only when there is something to tell."""

ACCOUNT_METRICS = ("UnreservedConcurrentExecutions",)
"""Of the account alone."""


def _meant(batch: CallBatch, dimensions: Mapping[str, str]) -> bool:
    runtime = batch.runtime
    return (
        dimensions.get("Resource", runtime.resource) == runtime.resource
        and dimensions.get("ExecutedVersion", runtime.version.version) == runtime.version.version
    )


def lambda_samples(name: str, dimensions: Mapping[str, str], trace: ChunkTrace) -> Samples:
    """Samples of an AWS/Lambda metric by function, resource, executed version or in all."""
    function = dimensions.get("FunctionName")
    if name in _EVENT_METRICS:
        return join(_event_samples(name, b) for b in trace.events if b.function == function)
    if name == _ITERATOR_AGE:
        return iterator_age(function or "", trace)
    if name == _LOOPS:
        return join(Samples(t, t, ones(t)) for f, t in trace.loops if f == function)
    if name == "UnreservedConcurrentExecutions":
        shared = [b for n in trace.calls for b in trace.calls_of(n) if b.runtime.reserved is None]
        return _concurrency(shared, trace.chunk)
    names = list(trace.calls) if function is None else [function]
    batches = [b for n in names for b in trace.calls_of(n) if _meant(b, dimensions)]
    if name == "ConcurrentExecutions":
        return _concurrency(batches, trace.chunk)
    parts = [Samples(b.start, b.end, _CALL_VALUES[name](b)) for b in batches]
    if name == "Throttles":
        refused = list(trace.throttles) if function is None else [function]
        parts += [
            Samples(r.time, r.time, ones(r.time))
            for n in refused
            for r in trace.throttles.get(n, [])
            if dimensions.get("Resource", r.resource) == r.resource
        ]
    return join(parts)


def _event_samples(name: str, batch: EventBatch) -> Samples:
    if name == "AsyncEventAge":
        return Samples(batch.tried, batch.tried, batch.age_s * 1000.0)
    times = {
        "AsyncEventsReceived": batch.received,
        "AsyncEventsDropped": batch.dropped,
        "DeadLetterErrors": batch.undelivered,
    }[name]
    return Samples(times, times, ones(times))


def _concurrency(batches: list[CallBatch], chunk: int) -> Samples:
    """The highest number of invocations under way, in each minute of the chunk that has any."""
    if not batches:
        return EMPTY
    starts = np.concatenate([b.start for b in batches])
    ends = np.concatenate([b.end for b in batches])
    when = np.concatenate([starts, ends])
    step = np.concatenate([ones(starts), -ones(ends)])
    order = np.lexsort((step, when))
    level = np.cumsum(step[order])
    minute = ((when[order] - chunk * CHUNK_S) // 60).astype(np.int64)
    inside = minute < CHUNK_MINUTES
    present, first = np.unique(minute[inside], return_index=True)
    if not present.size:
        return EMPTY
    time = chunk * float(CHUNK_S) + present.astype(np.float64) * 60.0
    return Samples(time, time + 60.0, np.maximum.reduceat(level[inside], first))
