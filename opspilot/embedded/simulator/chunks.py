"""Chunks on demand: walks are made when somebody asks, and the latest are kept."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from opspilot.embedded.configuration import Timeline
from opspilot.embedded.fleet import Build, Fleet
from opspilot.embedded.simulator.reach import Parts, Reach
from opspilot.embedded.simulator.records import ChunkTrace
from opspilot.embedded.simulator.traffic import CHUNK_S, SPILL_S
from opspilot.embedded.simulator.walk import Walk

_KEPT = 40


def chunk_of(at: float) -> int:
    """The chunk that a time belongs to."""
    return int(at // CHUNK_S)


def chunk_end(chunk: int) -> float:
    """First moment after a chunk."""
    return (chunk + 1) * float(CHUNK_S)


@dataclass(frozen=True, slots=True)
class _Kept:
    epochs: int
    trace: ChunkTrace


class Simulation:
    """The workload's traces, from its first moment of history to any time asked for.

    A trace reaches to the end of its chunk under the configuration known now; whoever reads it
    shows only what has happened by then. A change of configuration makes the traces that it
    touches stale.
    """

    def __init__(
        self,
        fleet: Fleet,
        builds: Mapping[str, Build],
        timeline: Timeline,
        seed: int,
        history_start: float,
    ) -> None:
        self.fleet = fleet
        self.timeline = timeline
        self.seed = seed
        self.first_chunk = chunk_of(history_start)
        self._builds = builds
        self.reach = Reach(fleet, builds, timeline)
        self._kept: OrderedDict[tuple[int, bool, Parts, bool], _Kept] = OrderedDict()

    def trace(self, chunk: int, parts: Parts | None = None, *, detail: bool = False) -> ChunkTrace:
        """The chunk's trace, or the chosen parts of it; empty before history begins."""
        if chunk < self.first_chunk:
            return ChunkTrace(chunk)
        carries = self.reach.carries() and chunk > self.first_chunk
        return self._trace(chunk, parts or self.reach.everything(), detail=detail, carry=carries)

    def _busy(self, chunk: int) -> Mapping[str, tuple[float, ...]]:
        """Until when bounded consumers are taken by what came before the chunk.

        Only one chunk back: what had piled up before that one is not known to it.
        """
        everything = self.reach.everything()
        return self._trace(chunk - 1, everything, detail=False, carry=False).busy

    def _trace(self, chunk: int, parts: Parts, *, detail: bool, carry: bool) -> ChunkTrace:
        key = (chunk, detail, parts, carry)
        epochs = self.epochs(chunk)
        kept = self._kept.get(key)
        if kept is None or kept.epochs != epochs:
            walk = Walk(
                self.fleet,
                self._builds,
                self.timeline,
                self.seed,
                chunk,
                detail=detail,
                parts=key[2],
                busy=self._busy(chunk) if carry else None,
            )
            kept = _Kept(epochs, walk.run())
            self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept.trace

    def epochs(self, chunk: int) -> int:
        """How many configurations the chunk's requests can meet: a trace of fewer is stale."""
        return self.timeline.index(chunk_end(chunk) + SPILL_S) + 1
