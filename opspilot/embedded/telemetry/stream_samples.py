"""Samples of AWS/Kinesis metrics, and of a stream consumer's IteratorAge."""

from __future__ import annotations

import numpy as np

from opspilot.embedded.simulator.records import ChunkTrace
from opspilot.embedded.telemetry.samples import Samples, join, ones

STREAM_METRICS = (
    "IncomingRecords",
    "GetRecords.IteratorAgeMilliseconds",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
)


def stream_samples(name: str, stream: str, trace: ChunkTrace) -> Samples:
    """Samples of an AWS/Kinesis metric; nothing is refused at the rates that are simulated."""
    mine = [batch for batch in trace.streams if batch.stream == stream]
    if name == "IncomingRecords":
        return join(Samples(b.arrived, b.arrived, ones(b.arrived)) for b in mine)
    if name == "GetRecords.IteratorAgeMilliseconds":
        read = [(b.invoked[b.polled], b.age_s[b.polled] * 1000.0) for b in mine]
        return join(Samples(at, at, age) for at, age in read)
    if name == "ReadProvisionedThroughputExceeded":
        polls = [b.invoked[b.polled] for b in mine]
        return join(Samples(at, at, np.zeros(at.size)) for at in polls)
    return join(Samples(b.arrived, b.arrived, np.zeros(b.arrived.size)) for b in mine)


def iterator_age(function: str, trace: ChunkTrace) -> Samples:
    """Age of the last record of each batch that a function was invoked with, in milliseconds."""
    mine = [batch for batch in trace.streams if batch.function == function]
    return join(Samples(b.invoked, b.invoked, b.age_s * 1000.0) for b in mine)
