"""One chunk of requests walks the call graph, all of them at once, in arrays.

A callee's latency is part of its caller's duration, and a caller that has given up calls nobody any
more, so metrics, logs and call graph agree with one another by construction.

Groups: invocations are split where the configuration changes and where an alias shares traffic;
inside a group everything that is configured is one value. Nearly always there is one group.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opspilot.embedded.configuration import Timeline
from opspilot.embedded.fleet import Build, Fleet
from opspilot.embedded.simulator.concurrency import MOST_WALKS, Admissions
from opspilot.embedded.simulator.deliveries import Delivery, Handed
from opspilot.embedded.simulator.execution import Answer, Execution
from opspilot.embedded.simulator.queues import consume
from opspilot.embedded.simulator.reach import Parts
from opspilot.embedded.simulator.records import (
    ABSENT,
    ANSWERED,
    THROTTLED,
    ApiBatch,
    CallBatch,
    ChunkTrace,
    Runtime,
    TableBatch,
    ThrottleBatch,
)
from opspilot.embedded.simulator.resolve import Resolver
from opspilot.embedded.simulator.traffic import Arrivals, Floats, Ints, arrivals, generator

Singles = npt.NDArray[np.float32]

_ABSENT_S = 0.012
_REFUSED_S = 0.005


@dataclass(frozen=True, slots=True)
class Draws:
    """Random numbers of one place in the call graph: one entry for each request of the route."""

    normal: Singles
    cold: Singles
    slow: Singles
    failure: Singles


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
    ) -> None:
        self.fleet = fleet
        self.detail = detail
        self.timeline = timeline
        self.trace = ChunkTrace(chunk)
        self.load: Floats = np.empty(0)
        self._parts = parts
        self._seed = seed
        self._chunk = chunk
        self._resolver = Resolver(timeline, builds)
        self._draws: dict[str, Draws] = {}
        self._admissions = Admissions()
        self._deliveries: list[Delivery] = []
        self._hops = 0
        self._recording = True

    def run(self) -> ChunkTrace:
        """Everything that becomes of the chunk's requests, or of the chosen parts of them."""
        every = arrivals(self.fleet, self._seed, self._chunk)
        for _ in range(MOST_WALKS):
            self.trace = ChunkTrace(self._chunk)
            self._walk_routes(every)
            if not self._admissions.decide():
                break
        return self.trace

    def _walk_routes(self, every: list[Arrivals]) -> None:
        for number, (route, arrived) in enumerate(zip(self.fleet.api.routes, every, strict=True)):
            if self._parts is not None and number not in self._parts.routes:
                continue
            self.load = arrived.load
            place = f"{route.method} {route.path}"
            answer = self.invoke(place, route.target, arrived.time, np.arange(arrived.time.size))
            self._record_api(route.method, route.path, arrived, answer)
            if self._parts is None or self._parts.queues:
                self._deliver()
            self._deliveries.clear()

    def draws(self, place: str) -> Draws:
        """The random numbers of a place; shapes depend on the number of requests only."""
        found = self._draws.get(place)
        if found is None:
            random = generator(self._seed, self._chunk, place)
            size = self.load.size
            normal = random.standard_normal(size, dtype=np.float32)
            found = Draws(normal, *random.random((3, size), dtype=np.float32))
            self._draws[place] = found
        return found

    def normal(self, place: str) -> Singles:
        """One normal number for each request, for one purpose at one place."""
        random = generator(self._seed, self._chunk, place)
        return random.standard_normal(self.load.size, dtype=np.float32)

    def uniform(self, place: str) -> Singles:
        """One number between 0 and 1 for each request, for one purpose at one place."""
        random = generator(self._seed, self._chunk, place)
        return random.random(self.load.size, dtype=np.float32)

    def invoke(self, place: str, target: str, start: Floats, rows: Ints) -> Answer:
        """Invoke `target` at these times; answers in the same order."""
        end = np.empty(start.size)
        seen = np.full(start.size, ABSENT, dtype=np.int16)
        for epoch, members in self._epochs(start):
            choices = self._resolver.choices(target, epoch)
            if not choices:
                end[members] = start[members] + _ABSENT_S
                continue
            for runtime, chosen in self._share(place, choices, rows, members):
                answer = self._admitted(place, runtime, start[chosen], rows[chosen], epoch)
                end[chosen], seen[chosen] = answer.end, answer.seen
        return Answer(end, seen)

    def record_call(self, batch: CallBatch) -> None:
        """Keep a batch of invocations."""
        if self._recording:
            self.trace.calls[batch.runtime.function].append(batch)

    def record_table(self, batch: TableBatch) -> None:
        """Keep a batch of table requests."""
        if self._recording:
            self.trace.tables.append(batch)

    def hand_over(self, kind: Handed, place: str, target: str, rows: Ints, at: Floats) -> None:
        """Keep what others work on, to be delivered after the route's requests are through."""
        if self._recording:
            self._deliveries.append(Delivery(kind, place, target, rows, at, self._hops))

    def _epochs(self, start: Floats) -> list[tuple[int, Ints]]:
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

    def _admitted(
        self, place: str, runtime: Runtime, start: Floats, rows: Ints, epoch: int
    ) -> Answer:
        """Run what reserved concurrency admits; refuse the rest.

        How long a call would run must be known before it is known who is admitted, so a limited
        function runs twice: once unrecorded to learn the durations, once for the admitted ones.
        """
        if runtime.reserved is None:
            return Execution(self, place, runtime, start, rows, epoch).run()
        admitted = np.zeros(start.size, dtype=bool)
        if runtime.reserved > 0:
            end = self._rehearse(place, runtime, start, rows, epoch).end
            self._admissions.note(runtime.function, place, rows, start, end, runtime.reserved)
            admitted = self._admissions.admitted(place, rows)
        end = start + _REFUSED_S
        seen = np.full(start.size, THROTTLED, dtype=np.int16)
        if admitted.any():
            answer = Execution(self, place, runtime, start[admitted], rows[admitted], epoch).run()
            end[admitted], seen[admitted] = answer.end, answer.seen
        if self._recording:
            refused = ThrottleBatch(runtime.resource, start[~admitted])
            self.trace.throttles[runtime.function].append(refused)
        return Answer(end, seen)

    def _rehearse(
        self, place: str, runtime: Runtime, start: Floats, rows: Ints, epoch: int
    ) -> Answer:
        before, self._recording = self._recording, False
        answer = Execution(self, place, runtime, start, rows, epoch).run()
        self._recording = before
        return answer

    def _record_api(self, method: str, path: str, arrived: Arrivals, answer: Answer) -> None:
        api = self.fleet.api
        took = answer.end - arrived.time + api.overhead_ms / 1000.0
        late = took > api.integration_timeout_s
        took = np.minimum(took, api.integration_timeout_s)
        status = np.where(arrived.client_error, 400, 200)
        status = np.where(answer.seen == ANSWERED, status, 502)
        status = np.where(late, 504, status)
        self.trace.api.append(
            ApiBatch(method, path, arrived.time, arrived.time + took, took * 1000.0, status)
        )

    def _deliver(self) -> None:
        """Work on what was handed over so far, which may hand over more."""
        while self._deliveries:
            handed = self._deliveries.pop(0)
            self._hops = handed.hops + 1
            if handed.kind == "message":
                consume(self, handed)
        self._hops = 0
