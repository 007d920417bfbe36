"""Which container, and so which log stream, handled which invocation.

A container handles one invocation at a time; the one used last is used first. A cold start opens a
new stream. Two sets of warm containers take turns by the hour, so that invocations still running
when an hour ends do not meet those of the next in one container.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from opspilot.embedded.clock import utc
from opspilot.embedded.simulator.records import CallBatch, Runtime
from opspilot.embedded.simulator.traffic import CHUNK_S


@dataclass(slots=True)
class _Pool:
    """Containers of one version of a function."""

    prefix: str
    label: str
    chunk: int
    busy: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    free: list[str] = field(default_factory=list[str])
    warm: int = 0
    cold: int = 0

    def take(self, start: float, end: float, *, is_cold: bool) -> str:
        while self.busy and self.busy[0][0] <= start:
            self.free.append(heapq.heappop(self.busy)[1])
        name = self._fresh(is_cold) if is_cold or not self.free else self.free.pop()
        heapq.heappush(self.busy, (end, name))
        return name

    def _fresh(self, is_cold: bool) -> str:
        if is_cold:
            self.cold += 1
            return self._named(f"{self.label}/cold/{self.chunk}/{self.cold}")
        self.warm += 1
        turn = self.chunk % 2
        return self._named(f"{self.label}/warm/{self.prefix}/{turn}/{self.warm}")

    def _named(self, label: str) -> str:
        return self.prefix + hashlib.sha256(label.encode()).hexdigest()[:32]


def _pool(runtime: Runtime, chunk: int) -> _Pool:
    day = utc(chunk * float(CHUNK_S)).strftime("%Y/%m/%d")
    version = runtime.version.version
    label = f"{runtime.function}/{version}/{runtime.since}"
    return _Pool(f"{day}/[{version}]", label, chunk)


def streams_of(batches: Sequence[CallBatch], chunk: int) -> list[list[str]]:
    """The stream name of every invocation of every batch of one function."""
    streams = [[""] * batch.row.size for batch in batches]
    pools: dict[tuple[str, float], _Pool] = {}
    for start, end, cold, number, position in sorted(_invocations(batches)):
        runtime = batches[number].runtime
        key = (runtime.version.version, runtime.since)
        pool = pools.get(key)
        if pool is None:
            pool = pools[key] = _pool(runtime, chunk)
        streams[number][position] = pool.take(start, end, is_cold=cold)
    return streams


def _invocations(batches: Sequence[CallBatch]) -> list[tuple[float, float, bool, int, int]]:
    return [
        (start, end, begin > start, number, position)
        for number, batch in enumerate(batches)
        for position, (start, begin, end) in enumerate(
            zip(batch.start.tolist(), batch.begin.tolist(), batch.end.tolist(), strict=True)
        )
    ]
