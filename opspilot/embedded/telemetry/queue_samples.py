"""Samples of AWS/SQS metrics."""

from __future__ import annotations

import numpy as np

from opspilot.embedded.simulator.records import ChunkTrace, QueueBatch
from opspilot.embedded.simulator.traffic import CHUNK_S, Floats
from opspilot.embedded.telemetry.samples import CHUNK_MINUTES, Samples, join, ones

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
    return join(Samples(t, t, ones(t)) for t in times)


def queue_gauge(name: str, batches: list[QueueBatch], chunk: int, base: float = 0.0) -> Samples:
    """Samples of a measuring AWS/SQS metric: its value at the end of each minute of the chunk."""
    start = chunk * float(CHUNK_S) + np.arange(CHUNK_MINUTES, dtype=np.float64) * 60.0
    at = start + 60.0
    value = np.full(at.size, base)
    for batch in batches:
        hidden = _passed(np.sort(batch.received), at) - _passed(np.sort(batch.held), at)
        if name == "ApproximateNumberOfMessagesVisible":
            there = _passed(np.sort(batch.sent), at) - _passed(np.sort(batch.gone), at)
            value += np.maximum(there - hidden, 0.0)
        elif name == "ApproximateNumberOfMessagesNotVisible":
            value += hidden
        else:
            value = np.maximum(value, _oldest_age(batch, at))
    return Samples(start, at, value)


def _passed(times: Floats, at: Floats) -> Floats:
    return np.searchsorted(times, at, side="right").astype(np.float64)


def _oldest_age(batch: QueueBatch, at: Floats) -> Floats:
    waiting = (batch.sent[None, :] <= at[:, None]) & (batch.gone[None, :] > at[:, None])
    oldest = np.where(waiting, batch.sent[None, :], np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(oldest), at - oldest, 0.0)
