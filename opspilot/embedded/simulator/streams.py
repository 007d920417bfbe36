"""Records: put into Kinesis streams by functions, read shard by shard, batch after batch.

A shard is read in order: a batch that fails is tried again, and nothing behind it is read, until it
succeeds, is given up, or its bad half has been split off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.fleet import Put
from opspilot.embedded.simulator.aws_calls import AwsCall, client_failure, pass_on
from opspilot.embedded.simulator.deliveries import Delivery
from opspilot.embedded.simulator.poison import poisoned
from opspilot.embedded.simulator.queues import opened
from opspilot.embedded.simulator.records import ANSWERED, StreamBatch
from opspilot.embedded.simulator.resolve import split_target
from opspilot.embedded.simulator.steps import Outcome, Reached, missing_variable
from opspilot.embedded.simulator.traffic import CHUNK_S, Bools, Floats, Ints
from opspilot.embedded.stores import MappingConfig

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_POLL_S = 0.9
_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


def put(reached: Reached, step: Put) -> Outcome:
    """One record to the stream that a variable names."""
    stream = reached.variable(step.variable)
    if stream is None:
        return missing_variable(reached, step.variable)
    absent = None
    if stream not in reached.state.streams:
        absent = client_failure(
            "ResourceNotFoundException",
            "PutRecord",
            f"Stream {stream} under account {reached.state.account_id} not found.",
        )
    resource = reached.arn("kinesis", f"stream/{stream}")
    call = AwsCall("kinesis", "PutRecord", "kinesis:PutRecord", resource, absent)
    passed = pass_on(reached, call, reached.latency_s(step.latency_ms))
    put_in = passed.accepted & (passed.after <= reached.deadline)
    if put_in.any():
        reached.walk.hand_over(
            "record", reached.place, stream, reached.rows[put_in], passed.after[put_in]
        )
    return passed.outcome


@dataclass(frozen=True, slots=True)
class _Batch:
    """One invocation with records `head` to `last`, the `attempt`-th with this head."""

    at: float
    head: int
    last: int
    attempt: int
    spoiled: bool


def digest(walk: Walk, records: Delivery) -> None:
    """Hand the records of a stream to the function behind it."""
    order = np.argsort(records.at, kind="stable")
    rows, at = records.rows[order], records.at[order]
    place = f"{records.place} > {records.target}"
    state = walk.timeline.states[walk.timeline.index(float(at[0]))]
    bad = poisoned(walk, records.target, place, rows, at)
    mappings = state.mappings_of(records.target)
    batches: list[_Batch] = []
    if mappings:
        shards = state.streams[records.target].shards
        reader = _Reader(walk, records.target, place, rows, at, bad)
        busy = walk.trace.busy.get(records.target) or walk.busy.get(records.target, ())
        free = (*busy, *[-np.inf] * (shards - len(busy)))[:shards]
        ends: list[float] = []
        for shard in range(shards):
            mine = np.flatnonzero(rows % shards == shard)
            found, end = reader.read(mine, free[shard])
            batches += found
            ends.append(end)
        walk.trace.busy[records.target] = tuple(ends)
        _invoke(walk, place, rows, batches)
    consumer = split_target(mappings[0].target)[0] if mappings else ""
    invoked = np.array([one.at for one in batches])
    last = np.array([one.last for one in batches], dtype=np.int64)
    fresh = np.array([one.attempt == 0 for one in batches], dtype=bool)
    age = invoked - at[last] if batches else np.empty(0)
    walk.trace.streams.append(StreamBatch(records.target, consumer, at, invoked, age, fresh))


def _invoke(walk: Walk, place: str, rows: Ints, batches: list[_Batch]) -> None:
    """Invoke the function for all batches, those of one attempt at once."""
    for attempt in sorted({one.attempt for one in batches}):
        chosen = [one for one in batches if one.attempt == attempt]
        heads = rows[[one.head for one in chosen]]
        here = f"{place}#{attempt}"
        walk.spoiled[here] = frozenset(
            int(row) for row, one in zip(heads.tolist(), chosen, strict=True) if one.spoiled
        )
        starts = np.array([one.at for one in chosen])
        walk.invoke(here, _target(walk, place, chosen[0].at), starts, heads)


def _target(walk: Walk, place: str, at: float) -> str:
    state = walk.timeline.states[walk.timeline.index(at)]
    return state.mappings_of(place.rpartition(" > ")[2])[0].target


class _Reader:
    """Forms the batches of one delivery."""

    def __init__(
        self, walk: Walk, stream: str, place: str, rows: Ints, at: Floats, bad: Bools
    ) -> None:
        self._walk = walk
        self._stream = stream
        self._place = place
        self._rows = rows
        self._at = at
        self._bad = bad
        answer = walk.rehearse(place, _target(walk, place, float(at[0])), at, rows)
        self._took = answer.end - at
        self._fails = answer.seen != ANSWERED
        self._horizon = (walk.chunk + 2) * float(CHUNK_S)

    def read(self, mine: Ints, free: float) -> tuple[list[_Batch], float]:
        """The batches of one shard, and until when its reader is busy."""
        batches: list[_Batch] = []
        polls = opened(self._walk.timeline, self._stream, self._at[mine] + _POLL_S).tolist()
        first = 0
        while first < mine.size:
            begin = max(polls[first], free)
            if not begin < self._horizon:
                return batches, max(free, begin)
            size, free = self._work_off(mine, first, begin, batches)
            first += size
        return batches, free

    def _work_off(
        self, mine: Ints, first: int, at: float, batches: list[_Batch]
    ) -> tuple[int, float]:
        """Try one batch until it is done or given up: its size, and when the reader goes on."""
        size = self._size(mine, first, at)
        attempt = 0
        while True:
            inside = mine[first : first + size]
            spoiled = bool(self._bad[inside].any())
            head, took, failed = int(inside[0]), *self._tried(int(inside[0]), at, attempt)
            batches.append(_Batch(at, head, int(inside[-1]), attempt, spoiled))
            end = at + took
            if not (failed or spoiled):
                return size, end
            mapping = self._mapping(at)
            attempt += 1
            if -1 < mapping.maximum_retries < attempt:
                return size, end
            at = end + min(_PAUSE_S * 2.0**attempt, _LONGEST_PAUSE_S)
            if not at < self._horizon:
                return size, np.inf
            if mapping.bisect_on_error and size > 1:
                size //= 2

    def _size(self, mine: Ints, first: int, at: float) -> int:
        mapping = self._mapping(at)
        until = at + mapping.window_s
        ahead = self._at[mine[first : first + mapping.batch_size]]
        return max(int(np.searchsorted(ahead, until, side="right")), 1)

    def _tried(self, head: int, at: float, attempt: int) -> tuple[float, bool]:
        """How long an invocation takes and whether it fails of itself, at the time that it runs."""
        same = self._walk.timeline.index(at) == self._walk.timeline.index(float(self._at[head]))
        if same and attempt == 0:
            return float(self._took[head]), bool(self._fails[head])
        here = f"{self._place}#{attempt}"
        one = np.array([head])
        answer = self._walk.rehearse(
            here, _target(self._walk, self._place, at), np.array([at]), self._rows[one]
        )
        return float(answer.end[0] - at), bool(answer.seen[0] != ANSWERED)

    def _mapping(self, at: float) -> MappingConfig:
        state = self._walk.timeline.states[self._walk.timeline.index(at)]
        return state.mappings_of(self._stream)[0]
