"""The gate of every invocation: reserved concurrency, and the account's that all others share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.changes import unreserved
from opspilot.embedded.simulator.concurrency import Admissions, most_at_once
from opspilot.embedded.simulator.execution import Answer, Execution
from opspilot.embedded.simulator.records import THROTTLED, Runtime, ThrottleBatch
from opspilot.embedded.simulator.traffic import CHUNK_S, SPILL_S, Bools, Floats, Ints

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_REFUSED_S = 0.005


class Gate:
    """Admits invocations of one chunk, walk by walk."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._admissions = Admissions()
        self._shares = False

    def decide(self) -> bool:
        """Decide anew from the last walk; whether another one is needed."""
        crowded = not self._shares and self._is_crowded()
        self._shares = self._shares or crowded
        return self._admissions.decide() or crowded

    def run(self, place: str, runtime: Runtime, start: Floats, rows: Ints, epoch: int) -> Answer:
        """Run what is admitted; refuse the rest.

        How long a call would run must be known before it is known who is admitted, so a function
        with reserved concurrency runs twice: once unrecorded to learn the durations, once for the
        admitted ones.
        """
        if runtime.reserved is None:
            return self._from_pool(place, runtime, start, rows, epoch)
        admitted = np.zeros(start.size, dtype=bool)
        if runtime.reserved > 0:
            end = self._rehearse(place, runtime, start, rows, epoch).end
            if self._walk.recording:
                self._admissions.note(runtime.function, place, rows, start, end, runtime.reserved)
            admitted = self._admissions.admitted(place, rows)
        return self._run_admitted(place, runtime, start, rows, epoch, admitted)

    def _rehearse(
        self, place: str, runtime: Runtime, start: Floats, rows: Ints, epoch: int
    ) -> Answer:
        before, self._walk.recording = self._walk.recording, False
        answer = Execution(self._walk, place, runtime, start, rows, epoch).run()
        self._walk.recording = before
        return answer

    def _from_pool(
        self, place: str, runtime: Runtime, start: Floats, rows: Ints, epoch: int
    ) -> Answer:
        """How long one that was refused would take is remembered from an earlier walk."""
        if not self._shares:
            return Execution(self._walk, place, runtime, start, rows, epoch).run()
        admitted = self._admissions.admitted(place, rows)
        answer = self._run_admitted(place, runtime, start, rows, epoch, admitted)
        if self._walk.recording:
            limit = unreserved(self._walk.timeline.states[epoch])
            most = self._walk.load.size
            self._admissions.note_shared(place, rows, start, answer.end, admitted, limit, most)
        return answer

    def _run_admitted(
        self,
        place: str,
        runtime: Runtime,
        start: Floats,
        rows: Ints,
        epoch: int,
        admitted: Bools,
    ) -> Answer:
        if admitted.all():
            return Execution(self._walk, place, runtime, start, rows, epoch).run()
        end = start + _REFUSED_S
        seen = np.full(start.size, THROTTLED, dtype=np.int16)
        if admitted.any():
            answer = Execution(
                self._walk, place, runtime, start[admitted], rows[admitted], epoch
            ).run()
            end[admitted], seen[admitted] = answer.end, answer.seen
        if self._walk.recording:
            refused = ThrottleBatch(runtime.resource, start[~admitted])
            self._walk.trace.throttles[runtime.function].append(refused)
        return Answer(end, seen)

    def _is_crowded(self) -> bool:
        """Whether the functions without reserved concurrency may have hit the account's limit."""
        walk = self._walk
        begin = walk.chunk * float(CHUNK_S)
        first, last = (walk.timeline.index(t) for t in (begin, begin + CHUNK_S + SPILL_S))
        limit = min(unreserved(state) for state in walk.timeline.states[first : last + 1])
        calls = [
            batch
            for batches in walk.trace.calls.values()
            for batch in batches
            if batch.runtime.reserved is None
        ]
        return most_at_once(calls, begin, CHUNK_S + SPILL_S) > limit
