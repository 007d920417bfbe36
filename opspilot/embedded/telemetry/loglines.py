"""Log lines of one function within one chunk, in the formats of Lambda and its runtimes.

A line's time and text depend on what had happened by then: a change of configuration never rewrites
what was already visible.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from opspilot.embedded.fleet import Failure, LogLine
from opspilot.embedded.simulator.records import (
    EXITED,
    FAILED,
    KILLED,
    OK,
    TIMED_OUT,
    CallBatch,
    ChunkTrace,
)
from opspilot.embedded.simulator.traffic import CHUNK_S, Floats, Ints, generator
from opspilot.embedded.telemetry.containers import streams_of
from opspilot.embedded.telemetry.failure_lines import (
    exit_text,
    init_report,
    json_error,
    text_error,
)

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
_RUNTIME_ARN = (
    "arn:aws:lambda:{region}::runtime:"
    "0f5e1b7c4e6a6a4b0b7b0d6a0d1c1f7f9f6a3f4a0f2b7f5c9c8d7e6f5a4b3c2d"
)


class LogEvent(NamedTuple):
    """One event: epoch milliseconds, stream, message with its line end."""

    timestamp: int
    stream: str
    message: str
    request_id: str


_Placed = tuple[float, int, LogEvent]
"""An event with its exact time and its rank among events of the same time."""

_OUT_OF_MEMORY = Failure(EXITED, "Runtime exited with error: signal: killed")

_BEGIN, _WITHIN, _END = range(3)


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes the lines of functions; `formats` says which functions log JSON."""

    seed: int
    region: str
    formats: dict[str, str]

    def lines(self, function: str, trace: ChunkTrace) -> list[LogEvent]:
        """All lines of the function's invocations in a detailed trace, by time."""
        batches = trace.calls_of(function)
        streams = streams_of(batches, trace.chunk)
        found: list[_Placed] = []
        for batch, names in zip(batches, streams, strict=True):
            found.extend(_Writer(self, batch, names, trace.chunk).events())
        found.sort(key=itemgetter(0, 1))
        return [event for _, _, event in found]


def request_ids(batch: CallBatch, chunk: int) -> list[str]:
    """Request ids of a batch: the same for the same place, row and chunk."""
    place = zlib.crc32(batch.path.encode())
    high = _mix((np.uint64(chunk) << np.uint64(32)) ^ np.uint64(place), batch.row)
    low = _mix(np.uint64(place) * np.uint64(0x9E3779B1), batch.row + 77_777)
    return [
        f"{h >> 32:08x}-{(h >> 16) & 0xFFFF:04x}-4{h & 0xFFF:03x}-a{(lo >> 48) & 0xFFF:03x}-"
        f"{lo & 0xFFFFFFFFFFFF:012x}"
        for h, lo in zip(high.tolist(), low.tolist(), strict=True)
    ]


def _mix(salt: np.uint64, rows: Ints) -> npt.NDArray[np.uint64]:
    """SplitMix64 of row and salt."""
    with np.errstate(over="ignore"):
        x = rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + salt
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _milliseconds(times: Floats) -> Ints:
    return np.floor(times * 1000.0).astype(np.int64)


def _iso(milliseconds: Ints) -> list[str]:
    text = np.datetime_as_string(milliseconds.astype("datetime64[ms]"))
    return [f"{part}Z" for part in text.tolist()]


class _Writer:
    """Writes one batch."""

    def __init__(
        self, renderer: Renderer, batch: CallBatch, streams: Sequence[str], chunk: int
    ) -> None:
        self._renderer = renderer
        self._batch = batch
        self._streams = streams
        self._chunk = chunk
        self._ids = request_ids(batch, chunk)
        self._json = renderer.formats.get(batch.runtime.function) == "json"
        root = np.uint64(chunk) * np.uint64(1_000_003)
        self._root: list[int] = _mix(root, batch.row).tolist()

    def events(self) -> Iterator[_Placed]:
        """All lines of the batch, unordered."""
        yield from self._starts()
        for number, line in enumerate(self._batch.runtime.build.lines):
            yield from self._application(number, line)
        yield from self._ends()

    def _starts(self) -> Iterator[_Placed]:
        batch, version = self._batch, self._batch.runtime.version
        arn = _RUNTIME_ARN.format(region=self._renderer.region)
        runtime = _runtime_text(version.runtime)
        init = f"INIT_START Runtime Version: {runtime}\tRuntime Version ARN: {arn}\n"
        arrived, began = batch.start.tolist(), batch.begin.tolist()
        cold = (batch.begin > batch.start).tolist()
        failure = batch.runtime.build.init_failure
        for i, request in enumerate(self._ids):
            if cold[i]:
                event = LogEvent(int(arrived[i] * 1000), self._streams[i], init, "")
                yield arrived[i], _BEGIN, event
            if failure is not None:
                yield from self._failed_init(i, failure, began[i], began[i] - arrived[i], "init")
                continue  # START is written after the second attempt, within the invocation
            start = f"START RequestId: {request} Version: {version.version}\n"
            yield began[i], _BEGIN, LogEvent(int(began[i] * 1000), self._streams[i], start, request)

    def _application(self, number: int, line: LogLine) -> Iterator[_Placed]:
        batch = self._batch
        least = batch.runtime.version.environment.get("LOG_LEVEL", "INFO")
        if _LEVELS[line.level] < _LEVELS.get(least, 20) or line.step + 1 >= len(batch.bounds):
            return
        begin, end = batch.bounds[line.step], batch.bounds[line.step + 1]
        at = begin if line.position == 0.0 else begin + line.position * (end - begin)
        written = at < batch.end
        written |= (at == batch.end) & (batch.code == OK)
        if line.chance < 1.0:
            size = int(batch.row.max(initial=0)) + 1
            purpose = f"{batch.path}:line:{number}"
            luck = generator(self._renderer.seed, self._chunk, purpose).random(size)
            written &= luck[batch.row] < line.chance
        chosen = np.flatnonzero(written)
        times = _milliseconds(at[chosen])
        elapsed = _milliseconds((at - begin)[chosen])
        lines = zip(
            chosen.tolist(),
            at[chosen].tolist(),
            times.tolist(),
            _iso(times),
            self._texts(line.text, chosen, elapsed),
            strict=True,
        )
        for i, exact, when, iso, text in lines:
            message = self._line(line.level, iso, self._ids[i], text)
            yield exact, _WITHIN, LogEvent(when, self._streams[i], message, self._ids[i])

    def _texts(self, template: str, chosen: Ints, elapsed: Ints) -> list[str]:
        """The template filled in for each of the chosen invocations."""
        names = re.findall(r"{(\w+)}", template)
        if not names:
            return [template] * chosen.size
        columns = [self._column(name, chosen, elapsed) for name in names]
        pattern = re.sub(r"{\w+}", "%s", template.replace("%", "%%"))
        return [pattern % values for values in zip(*columns, strict=True)]

    def _column(self, name: str, chosen: Ints, elapsed: Ints) -> list[object]:
        if name == "elapsed":
            return list(elapsed.tolist())
        fill = _FIELDS[name]
        where: list[int] = chosen.tolist()
        return [fill(self._root[i], self._ids[i]) for i in where]

    def _line(self, level: str, iso: str, request: str, text: str) -> str:
        if not self._json:
            return f"[{level}]\t{iso}\t{request}\t{text}\n"
        return (
            f'{{"timestamp": "{iso}", "level": "{level}", "message": {json.dumps(text)}, '
            f'"logger": "app", "requestId": "{request}"}}\n'
        )

    def _ends(self) -> Iterator[_Placed]:
        batch = self._batch
        times = _milliseconds(batch.end)
        stamps = _iso(times)
        durations = batch.duration_ms.tolist()
        init = ((batch.begin - batch.start) * 1000.0).tolist()
        if batch.runtime.build.init_failure is not None:
            init = [0.0] * len(init)
        used = _reported_memory(batch)
        ends, codes = batch.end.tolist(), batch.code.tolist()
        status = {code: self._status(code) for code in set(codes)}
        for i, (when, request) in enumerate(zip(times.tolist(), self._ids, strict=True)):
            stream = self._streams[i]
            broken = batch.runtime.build.init_failure
            if broken is not None:
                took = ends[i] - batch.begin[i]
                yield from self._failed_init(i, broken, ends[i], float(took), "invoke")
                start = f"START RequestId: {request} Version: {batch.runtime.version.version}\n"
                yield ends[i], _END, LogEvent(when, stream, start, request)
            elif codes[i] != OK:
                text = self._failure(codes[i], stamps[i], request)
                yield ends[i], _END, LogEvent(when, stream, text, request)
            yield ends[i], _END, LogEvent(when, stream, f"END RequestId: {request}\n", request)
            report = self._report(request, durations[i], init[i], used[i], status[codes[i]])
            yield ends[i], _END, LogEvent(when, stream, report, request)

    def _failed_init(
        self, i: int, failure: Failure, at: float, took_s: float, phase: str
    ) -> Iterator[_Placed]:
        """The exception and the platform's own line about an initialisation that failed."""
        for text in (text_error(failure), init_report(failure, took_s, phase)):
            yield at, _END, LogEvent(int(at * 1000), self._streams[i], text, "")

    def _failure(self, code: int, iso: str, request: str) -> str:
        if code == TIMED_OUT:
            seconds = self._batch.runtime.version.timeout_s
            return f"{iso} {request} Task timed out after {seconds:.2f} seconds\n\n"
        if code == KILLED:
            return exit_text(_OUT_OF_MEMORY, request)
        failure = self._batch.failures[code - FAILED]
        if failure.type == EXITED:
            return exit_text(failure, request)
        return json_error(failure, iso, request) if self._json else text_error(failure)

    def _report(self, request: str, duration: float, init: float, used: int, status: str) -> str:
        size = self._batch.runtime.version.memory_mb
        cold = f"Init Duration: {init:.2f} ms\t" if init > 0 else ""
        return (
            f"REPORT RequestId: {request}\tDuration: {duration:.2f} ms\t"
            f"Billed Duration: {int(-(-(duration + init) // 1))} ms\tMemory Size: {size} MB\t"
            f"Max Memory Used: {used} MB\t{cold}{status}\n"
        )

    def _status(self, code: int) -> str:
        """How the platform calls the end, unless the handler itself answered or raised."""
        if code == TIMED_OUT:
            return "Status: timeout"
        kind = EXITED if code == KILLED else ""
        if code >= FAILED:
            kind = self._batch.failures[code - FAILED].type
        return f"Status: error\tError Type: {kind}" if kind.startswith("Runtime.") else ""


def _reported_memory(batch: CallBatch) -> list[int]:
    size = batch.runtime.version.memory_mb
    used = np.full(batch.row.size, 64.0) if batch.used_mb is None else batch.used_mb
    return np.minimum(np.ceil(used), size).astype(np.int64).tolist()


def _runtime_text(runtime: str) -> str:
    name = runtime.rstrip("0123456789.x")
    build = hashlib.sha256(runtime.encode()).digest()[0]
    return f"{name}:{runtime[len(name) :]}.v{build}"


_FIELDS: dict[str, Callable[[int, str], object]] = {
    "order": lambda root, _: f"o-{root & 0xFFFFFFFF:08x}",
    "customer": lambda root, _: f"c-{(root >> 20) & 0xFFFF:05d}",
    "amount": lambda root, _: f"{5 + ((root >> 8) & 0x3FFF) / 100:.2f}",
    "items": lambda root, _: 1 + (root >> 40) % 7,
    "number": lambda _, request: int(request[:4], 16),
}


def hour_of(milliseconds: int) -> int:
    """The chunk-long hour that a log time falls into."""
    return milliseconds // (CHUNK_S * 1000)
