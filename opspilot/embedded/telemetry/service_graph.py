"""Who called whom, as tracing would show it: read off the simulated invocations of a span.

Where an invocation stands in the call graph tells its caller; what a build does with tables,
queues, streams and hosts is told by its steps. Every request is traced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from opspilot.embedded.configuration import Configuration
from opspilot.embedded.fleet import CallService, Put, Send, TableCall
from opspilot.embedded.simulator.chunks import Simulation, chunk_of
from opspilot.embedded.simulator.records import CallBatch, ChunkTrace

FUNCTION, TABLE, QUEUE, STREAM, API, HOST = "function", "table", "queue", "stream", "api", "host"

Node = tuple[str, str]
"""What it is and its name."""


@dataclass(slots=True)
class Flow:
    """Calls along one edge."""

    calls: int = 0
    failed: int = 0
    seconds: float = 0.0

    def add(self, calls: int, failed: int = 0, seconds: float = 0.0) -> None:
        """Add what one batch shows."""
        self.calls += calls
        self.failed += failed
        self.seconds += seconds


@dataclass(slots=True)
class Flows:
    """All edges of a span."""

    found: dict[tuple[Node, Node], Flow] = field(default_factory=dict[tuple[Node, Node], Flow])

    def between(self, caller: Node, callee: Node) -> Flow:
        """The edge, made when first asked for."""
        return self.found.setdefault((caller, callee), Flow())


def flows(simulation: Simulation, start: float, end: float) -> Flows:
    """Calls that began within a span that has passed."""
    result = Flows()
    for chunk in range(chunk_of(start), chunk_of(end) + 1):
        trace = simulation.trace(chunk)
        places = {batch.path: batch.runtime.function for batch in _batches(trace)}
        for batch in _batches(trace):
            inside = (batch.start >= start) & (batch.start < end)
            calls = int(np.count_nonzero(inside))
            if calls:
                failed = int(np.count_nonzero(inside & (batch.code != 0)))
                seconds = float(np.sum((batch.end - batch.start)[inside]))
                state = simulation.timeline.current
                _add_invocations(result, batch, places, state, Flow(calls, failed, seconds))
                _add_steps(result, batch, calls)
    api = simulation.fleet.api
    return _with_api(result, api.name if api.protocol == "REST" else "")


def _batches(trace: ChunkTrace) -> Iterator[CallBatch]:
    for batches in trace.calls.values():
        yield from batches


def _add_invocations(
    result: Flows, batch: CallBatch, places: dict[str, str], state: Configuration, flow: Flow
) -> None:
    """The edge by which an invocation came: from a function, a queue or a stream, or the API."""
    above, _, last = batch.path.rpartition("/")
    callee = (FUNCTION, batch.runtime.function)
    source = last.partition(" > ")[2].partition("#")[0]
    if source in state.queues or source in state.streams:
        caller = (QUEUE if source in state.queues else STREAM, source)
    else:
        caller = (FUNCTION, places[above]) if above in places else (API, "")
    result.between(caller, callee).add(flow.calls, flow.failed, flow.seconds)


def _add_steps(result: Flows, batch: CallBatch, calls: int) -> None:
    """What the build does besides invoking."""
    caller = (FUNCTION, batch.runtime.function)
    environment = batch.runtime.version.environment
    for step in batch.runtime.build.steps:
        if isinstance(step, CallService):
            host = environment.get(step.host, step.host)
            result.between(caller, (HOST, host)).add(calls)
        elif isinstance(step, TableCall | Send | Put):
            value = environment.get(step.variable)
            kind = {TableCall: TABLE, Send: QUEUE, Put: STREAM}[type(step)]
            share = step.share if isinstance(step, Send) else 1.0
            if value and (some := round(calls * share)):
                result.between(caller, (kind, value.rsplit("/", 1)[-1])).add(some)


def _with_api(result: Flows, name: str) -> Flows:
    """The nameless API under its name; one that is not traced is left out."""
    return Flows(
        {
            ((API, name) if caller[0] == API else caller, callee): flow
            for (caller, callee), flow in result.found.items()
            if name or caller[0] != API
        }
    )
