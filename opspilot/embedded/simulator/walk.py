"""One chunk of requests walks the call graph, all of them at once, in arrays.

A callee's latency is part of its caller's duration, and a caller that has given up calls nobody any
more, so metrics, logs and call graph agree with one another by construction.

Groups: invocations are split where the configuration changes and where an alias shares traffic;
inside a group everything that is configured is one value. Nearly always there is one group.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from opspilot.embedded.configuration import Timeline
from opspilot.embedded.fleet import Build, Fleet
from opspilot.embedded.simulator.api import serve
from opspilot.embedded.simulator.asynchronous import work_off
from opspilot.embedded.simulator.capacity import Demand, TableCapacity
from opspilot.embedded.simulator.concurrency import MOST_WALKS
from opspilot.embedded.simulator.deliveries import Delivery, Handed
from opspilot.embedded.simulator.execution import Answer
from opspilot.embedded.simulator.gate import Gate
from opspilot.embedded.simulator.loops import is_loop, stop_loop
from opspilot.embedded.simulator.queues import consume
from opspilot.embedded.simulator.reach import Parts
from opspilot.embedded.simulator.records import (
    ABSENT,
    CallBatch,
    ChunkTrace,
    Runtime,
    TableBatch,
)
from opspilot.embedded.simulator.requests import Requests, incoming
from opspilot.embedded.simulator.resolve import Resolver
from opspilot.embedded.simulator.streams import digest
from opspilot.embedded.simulator.traffic import Floats, Ints, generator

Singles = npt.NDArray[np.float32]

_ABSENT_S = 0.012


class Draws(NamedTuple):
    """Random numbers of one place in the call graph: one entry for each request of the route."""

    normal: Singles
    cold: Singles
    slow: Singles
    failure: Singles


def _drawn(random: np.random.Generator, size: int) -> Draws:
    normal = random.standard_normal(size, dtype=np.float32)
    return Draws(normal, *random.random((3, size), dtype=np.float32))


class Walk:
    """The walk of one chunk; `run` does it once.

    With `detail`, batches carry step boundaries and memory, as log lines need them. With `parts`,
    only those routes are walked.
    """

    def __init__(
        self,
        fleet: Fleet,
        builds: Mapping[str, Build],
        timeline: Timeline,
        seed: int,
        chunk: int,
        *,
        detail: bool = False,
        parts: Parts | None = None,
        busy: Mapping[str, tuple[float, ...]] | None = None,
    ) -> None:
        self.fleet = fleet
        self.detail = detail
        self.timeline = timeline
        self.trace = ChunkTrace(chunk)
        self.load: Floats = np.empty(0)
        self.growth: Floats | None = None
        self._sizes: tuple[int, ...] = ()
        self._parts = parts
        self._seed = seed
        self.chunk = chunk
        self._resolver = Resolver(timeline, builds)
        self._draws: dict[str, Draws] = {}
        self.capacity = TableCapacity(timeline)
        self.busy = busy or {}
        self.spoiled: dict[str, frozenset[int]] = {}
        self._gate = Gate(self)
        self._deliveries: list[Delivery] = []
        self._hops = 0
        self.recording = True

    def run(self) -> ChunkTrace:
        """Everything that becomes of the chunk's requests, or of the chosen parts of them."""
        every = incoming(self.fleet, self._seed, self.chunk, self.timeline)
        for _ in range(MOST_WALKS):
            self.trace = ChunkTrace(self.chunk)
            self._walk_routes(every)
            again = self._gate.decide()
            if not (self.capacity.decide() or again):
                break
        self.trace.refusals.extend(self.capacity.refusals)
        self.trace.levels.extend(self.capacity.levels)
        return self.trace

    def _walk_routes(self, every: list[Requests]) -> None:
        for number, (route, requests) in enumerate(zip(self.fleet.api.routes, every, strict=True)):
            if self._parts is not None and number not in self._parts.routes:
                continue
            self.load, self._sizes = requests.load, requests.sizes
            self.growth = requests.growth
            serve(self, route, requests)
            if self._parts is None or self._parts.queues:
                self._deliver()
            self._deliveries.clear()

    def draws(self, place: str) -> Draws:
        """The random numbers of a place; shapes depend on the number of requests only."""
        found = self._draws.get(place)
        if found is None:
            layers = [_drawn(random, size) for random, size in self._layers(place)]
            found = layers[0]
            if len(layers) > 1:
                found = Draws(*(np.concatenate(parts) for parts in zip(*layers, strict=True)))
            self._draws[place] = found
        return found

    def normal(self, place: str) -> Singles:
        """One normal number for each request, for one purpose at one place."""
        return np.concatenate(
            [r.standard_normal(size, dtype=np.float32) for r, size in self._layers(place)]
        )

    def uniform(self, place: str) -> Singles:
        """One number between 0 and 1 for each request, for one purpose at one place."""
        return np.concatenate([r.random(size, dtype=np.float32) for r, size in self._layers(place)])

    def _layers(self, place: str) -> list[tuple[np.random.Generator, int]]:
        """A stream of random numbers for each layer of the route's traffic, and its size."""
        sizes = self._sizes or (self.load.size,)
        return [
            (generator(self._seed, self.chunk, f"{place}+{layer}" if layer else place), size)
            for layer, size in enumerate(sizes)
        ]

    def invoke(self, place: str, target: str, start: Floats, rows: Ints) -> Answer:
        """Invoke `target` at these times; answers in the same order."""
        end = np.empty(start.size)
        seen = np.full(start.size, ABSENT, dtype=np.int16)
        for epoch, members in self.epochs(start):
            choices = self._resolver.choices(target, epoch)
            if not choices:
                end[members] = start[members] + _ABSENT_S
                continue
            for runtime, chosen in self._share(place, choices, rows, members):
                answer = self._gate.run(place, runtime, start[chosen], rows[chosen], epoch)
                end[chosen], seen[chosen] = answer.end, answer.seen
        return Answer(end, seen)

    def record_call(self, batch: CallBatch) -> None:
        """Keep a batch of invocations."""
        if self.recording:
            self.trace.calls[batch.runtime.function].append(batch)

    def record_table(self, batch: TableBatch) -> None:
        """Keep a batch of table requests."""
        if self.recording:
            self.trace.tables.append(batch)

    def spoiled_at(self, place: str) -> Ints:
        """Rows whose message or record the function at this place cannot digest."""
        # A place may lie behind several queues: only the last reception is this function's own.
        source, _, attempt = place.rpartition("#")
        rows = self.spoiled.get(place) or frozenset[int]()
        if attempt.isdigit():
            rows = rows or self.spoiled.get(source, frozenset())
        return np.fromiter(rows, dtype=np.int64, count=len(rows))

    def note_demand(self, table: str, demand: Demand) -> None:
        """Keep what a table of limited capacity is asked for."""
        if self.recording:
            self.capacity.note(table, demand)

    def hand_over(self, kind: Handed, place: str, target: str, rows: Ints, at: Floats) -> None:
        """Keep what others work on, to be delivered after the route's requests are through."""
        if self.recording:
            self._deliveries.append(Delivery(kind, place, target, rows, at, self._hops))

    def epochs(self, start: Floats) -> list[tuple[int, Ints]]:
        """Which configuration holds at these times: (its number, positions of the times)."""
        if start.size == 0:
            return []
        first, last = (
            self.timeline.index(float(start.min())),
            self.timeline.index(float(start.max())),
        )
        if first == last:
            return [(first, np.arange(start.size))]
        index = np.searchsorted(np.asarray(self.timeline.times), start, side="right") - 1
        return [(int(epoch), np.flatnonzero(index == epoch)) for epoch in np.unique(index)]

    def _share(
        self, place: str, choices: list[tuple[float, Runtime]], rows: Ints, members: Ints
    ) -> list[tuple[Runtime, Ints]]:
        if len(choices) == 1:
            return [(choices[0][1], members)]
        luck = self.uniform(f"{place}?")[rows[members]]
        low = 0.0
        shares: list[tuple[Runtime, Ints]] = []
        for weight, runtime in choices:
            shares.append((runtime, members[(luck >= low) & (luck < low + weight)]))
            low += weight
        return [(runtime, chosen) for runtime, chosen in shares if chosen.size]

    def rehearse(self, place: str, target: str, start: Floats, rows: Ints) -> Answer:
        """What would come of invocations, without a trace of them."""
        before, self.recording = self.recording, False
        answer = self.invoke(place, target, start, rows)
        self.recording = before
        return answer

    def _deliver(self) -> None:
        """Work on what was handed over so far, which may hand over more."""
        while self._deliveries:
            handed = self._deliveries.pop(0)
            self._hops = handed.hops + 1
            if is_loop(handed):
                stop_loop(self, handed)
            elif handed.kind == "event":
                work_off(self, handed)
            elif handed.kind == "message":
                consume(self, handed)
            else:
                digest(self, handed)
        self._hops = 0
