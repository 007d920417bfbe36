"""Log lines of one function within one chunk, by time.

A line's time and text depend on what had happened by then: a change of configuration never rewrites
what was already visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from opspilot.embedded.simulator.records import ChunkTrace
from opspilot.embedded.simulator.traffic import CHUNK_S, Ints
from opspilot.embedded.telemetry.containers import streams_of
from opspilot.embedded.telemetry.written_lines import WITHIN, Lines, Writer


class LogEvent(NamedTuple):
    """One event: epoch milliseconds, stream, message with its line end."""

    timestamp: int
    stream: str
    message: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes the lines of functions; `formats` says which functions log JSON."""

    seed: int
    region: str
    formats: dict[str, str]

    def lines(self, function: str, trace: ChunkTrace) -> list[LogEvent]:
        """All lines of the function's invocations in a detailed trace, by time."""
        batches = trace.calls_of(function)
        as_json = self.formats.get(function) == "json"
        written: list[list[Lines]] = []
        for batch, names in zip(batches, streams_of(batches, trace.chunk), strict=True):
            writer = Writer(self.seed, self.region, batch, names, trace.chunk, as_json=as_json)
            written.append(list(writer.lines()))
        return _by_time(written) if written else []


def _by_time(written: Sequence[Sequence[Lines]]) -> list[LogEvent]:
    """Events by exact time; of one time first what begins, then what is said, then what ends."""
    kinds = [lines for batch in written for lines in batch]
    order = np.lexsort((_places(written), np.concatenate([lines.at for lines in kinds])))
    columns = (
        np.concatenate([getattr(lines, name) for lines in kinds])[order].tolist()
        for name in ("milliseconds", "streams", "messages", "requests")
    )
    return list(map(LogEvent, *columns))


def _places(written: Sequence[Sequence[Lines]]) -> Ints:
    """Where each line stands among lines of its time: by rank and batch.

    What begins or ends is told invocation by invocation, what is said in between kind by kind.
    """
    most = max(int(lines.owner.max(initial=0)) for batch in written for lines in batch) + 1
    return np.concatenate(
        [
            (lines.rank * len(written) + number) * most + lines.owner * (lines.rank != WITHIN)
            for number, batch in enumerate(written)
            for lines in batch
        ]
    )


def hour_of(milliseconds: int) -> int:
    """The chunk-long hour that a log time falls into."""
    return milliseconds // (CHUNK_S * 1000)
