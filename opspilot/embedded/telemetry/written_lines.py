"""What the invocations of one batch write to their log, as Lambda and its runtimes do.

Lines are made kind by kind in columns, a hundred thousand of them a second and more; only who puts
them into order makes events of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opspilot.embedded.fleet import Failure, LogLine
from opspilot.embedded.simulator.records import EXITED, FAILED, KILLED, OK, TIMED_OUT, CallBatch
from opspilot.embedded.simulator.traffic import Bools, Floats, Ints, generator
from opspilot.embedded.telemetry.failure_lines import (
    exit_text,
    init_report,
    json_error,
    text_error,
)
from opspilot.embedded.telemetry.request_values import FIELDS, request_ids, roots

Texts = npt.NDArray[np.object_]
"""A column of texts."""

BEGIN, WITHIN, END = range(3)
"""Where in its invocation a line stands: rank among the lines of one time."""

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
_RUNTIME_ARN = (
    "arn:aws:lambda:{region}::runtime:"
    "0f5e1b7c4e6a6a4b0b7b0d6a0d1c1f7f9f6a3f4a0f2b7f5c9c8d7e6f5a4b3c2d"
)
_OUT_OF_MEMORY = Failure(EXITED, "Runtime exited with error: signal: killed")
_quoted = json.JSONEncoder().encode


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one kind of one batch; columns have one entry for each line.

    Attributes:
        at: Exact time, epoch seconds; `milliseconds`: the same as the log tells it.
        owner: Number of the invocation within the batch.
        requests: Request ids; empty where a line belongs to none, as those of an initialisation.
    """

    rank: int
    at: Floats
    milliseconds: Ints
    owner: Ints
    streams: Texts
    messages: Texts
    requests: Texts


class Writer:
    """Writes one batch."""

    def __init__(
        self,
        seed: int,
        region: str,
        batch: CallBatch,
        streams: Sequence[str],
        chunk: int,
        *,
        as_json: bool,
    ) -> None:
        self._ids = request_ids(batch, chunk)
        self._requests = _column(self._ids)
        self._streams = _column(streams)
        self._seed = seed
        self._region = region
        self._batch = batch
        self._chunk = chunk
        self._json = as_json
        self._everybody = np.arange(batch.row.size)
        self._root = roots(batch, chunk)

    def lines(self) -> Iterator[Lines]:
        """All lines of the batch; those of one rank and invocation in the order of writing."""
        yield from self._beginnings()
        for number, line in enumerate(self._batch.runtime.build.lines):
            yield from self._application(number, line)
        yield from self._ends()

    def _lines(
        self, rank: int, times: Floats, owner: Ints, messages: list[str], *, named: bool = True
    ) -> Lines:
        """Lines of some invocations, each at its invocation's time."""
        at = times[owner]
        requests = self._requests[owner] if named else np.full(owner.size, "", dtype=object)
        streams = self._streams[owner]
        return Lines(rank, at, _milliseconds(at), owner, streams, _column(messages), requests)

    def _beginnings(self) -> Iterator[Lines]:
        batch, version = self._batch, self._batch.runtime.version
        cold = np.flatnonzero(batch.begin > batch.start)
        arn = _RUNTIME_ARN.format(region=self._region)
        runtime = _runtime_text(version.runtime)
        init = f"INIT_START Runtime Version: {runtime}\tRuntime Version ARN: {arn}\n"
        yield self._lines(BEGIN, batch.start, cold, [init] * cold.size, named=False)
        failure = batch.runtime.build.init_failure
        if failure is None:
            yield self._lines(BEGIN, batch.begin, self._everybody, self._starts())
        else:  # START is written after the second attempt, within the invocation
            took = batch.begin - batch.start
            yield from self._failed_init(BEGIN, batch.begin, failure, took, "init")

    def _starts(self) -> list[str]:
        version = self._batch.runtime.version.version
        return [f"START RequestId: {request} Version: {version}\n" for request in self._ids]

    def _application(self, number: int, line: LogLine) -> Iterator[Lines]:
        batch = self._batch
        least = batch.runtime.version.environment.get("LOG_LEVEL", "INFO")
        if _LEVELS[line.level] < _LEVELS.get(least, 20) or line.step + 1 >= len(batch.bounds):
            return
        begin, end = batch.bounds[line.step], batch.bounds[line.step + 1]
        at = begin if line.position == 0.0 else begin + line.position * (end - begin)
        chosen = np.flatnonzero(self._is_written(number, line, at))
        elapsed = _milliseconds((at - begin)[chosen])
        texts = self._texts(line.text, chosen, elapsed)
        yield self._lines(WITHIN, at, chosen, self._said(line.level, at[chosen], chosen, texts))

    def _is_written(self, number: int, line: LogLine, at: Floats) -> Bools:
        """Which invocations come to the line, and write it."""
        batch = self._batch
        written: Bools = at < batch.end
        written |= (at == batch.end) & (batch.code == OK)
        if line.chance < 1.0:
            size = int(batch.row.max(initial=0)) + 1
            purpose = f"{batch.path}:line:{number}"
            luck = generator(self._seed, self._chunk, purpose).random(size)
            written &= luck[batch.row] < line.chance
        return written

    def _texts(self, template: str, chosen: Ints, elapsed: Ints) -> list[str]:
        """The template filled in for each of the chosen invocations."""
        names = re.findall(r"{(\w+)}", template)
        if not names:
            return [template] * chosen.size
        columns = [self._filled(name, chosen, elapsed) for name in names]
        pattern = re.sub(r"{\w+}", "%s", template.replace("%", "%%"))
        return [pattern % values for values in zip(*columns, strict=True)]

    def _filled(self, name: str, chosen: Ints, elapsed: Ints) -> list[object]:
        if name == "elapsed":
            return list(elapsed.tolist())
        fill = FIELDS[name]
        where: list[int] = chosen.tolist()
        return [fill(self._root[i], self._ids[i]) for i in where]

    def _said(self, level: str, at: Floats, chosen: Ints, texts: list[str]) -> list[str]:
        """Texts as the runtime writes what the application logs."""
        lines = zip(_iso(_milliseconds(at)), chosen.tolist(), texts, strict=True)
        ids = self._ids
        if not self._json:
            return [f"[{level}]\t{iso}\t{ids[i]}\t{text}\n" for iso, i, text in lines]
        return [
            f'{{"timestamp": "{iso}", "level": "{level}", "message": {_quoted(text)}, '
            f'"logger": "app", "requestId": "{ids[i]}"}}\n'
            for iso, i, text in lines
        ]

    def _ends(self) -> Iterator[Lines]:
        batch, everybody = self._batch, self._everybody
        broken = batch.runtime.build.init_failure
        if broken is not None:
            took = batch.end - batch.begin
            yield from self._failed_init(END, batch.end, broken, took, "invoke")
            yield self._lines(END, batch.end, everybody, self._starts())
        else:
            failed = np.flatnonzero(batch.code != OK)
            yield self._lines(END, batch.end, failed, self._failures(failed))
        ends = [f"END RequestId: {request}\n" for request in self._ids]
        yield self._lines(END, batch.end, everybody, ends)
        yield self._lines(END, batch.end, everybody, self._reports())

    def _failed_init(
        self, rank: int, at: Floats, failure: Failure, took_s: Floats, phase: str
    ) -> Iterator[Lines]:
        """The exception and the platform's own line about an initialisation that failed."""
        said = [text_error(failure)] * at.size
        yield self._lines(rank, at, self._everybody, said, named=False)
        told = [init_report(failure, took, phase) for took in took_s.tolist()]
        yield self._lines(rank, at, self._everybody, told, named=False)

    def _failures(self, failed: Ints) -> list[str]:
        stamps = _iso(_milliseconds(self._batch.end[failed]))
        codes: list[int] = self._batch.code[failed].tolist()
        requests: list[str] = self._requests[failed].tolist()
        return [
            self._failure(code, iso, request)
            for code, iso, request in zip(codes, stamps, requests, strict=True)
        ]

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

    def _reports(self) -> list[str]:
        batch = self._batch
        size = batch.runtime.version.memory_mb
        durations, init = batch.duration_ms, (batch.begin - batch.start) * 1000.0
        if batch.runtime.build.init_failure is not None:
            init = np.zeros_like(init)
        status = {code: self._status(code) for code in np.unique(batch.code).tolist()}
        columns = zip(
            self._ids,
            durations.tolist(),
            np.ceil(durations + init).astype(np.int64).tolist(),
            _reported_memory(batch),
            [f"Init Duration: {took:.2f} ms\t" if took > 0 else "" for took in init.tolist()],
            [status[code] for code in batch.code.tolist()],
            strict=True,
        )
        return [
            f"REPORT RequestId: {request}\tDuration: {duration:.2f} ms\t"
            f"Billed Duration: {billed} ms\tMemory Size: {size} MB\t"
            f"Max Memory Used: {used} MB\t{cold}{ended}\n"
            for request, duration, billed, used, cold, ended in columns
        ]

    def _status(self, code: int) -> str:
        """How the platform calls the end, unless the handler itself answered or raised."""
        if code == TIMED_OUT:
            return "Status: timeout"
        kind = EXITED if code == KILLED else ""
        if code >= FAILED:
            kind = self._batch.failures[code - FAILED].type
        return f"Status: error\tError Type: {kind}" if kind.startswith("Runtime.") else ""


def _column(texts: Sequence[str]) -> Texts:
    return np.array(texts, dtype=object)


def _milliseconds(times: Floats) -> Ints:
    return np.floor(times * 1000.0).astype(np.int64)


def _iso(milliseconds: Ints) -> list[str]:
    text = np.datetime_as_string(milliseconds.astype("datetime64[ms]"))
    return [f"{part}Z" for part in text.tolist()]


def _reported_memory(batch: CallBatch) -> list[int]:
    size = batch.runtime.version.memory_mb
    used = np.full(batch.row.size, 64.0) if batch.used_mb is None else batch.used_mb
    return np.minimum(np.ceil(used), size).astype(np.int64).tolist()


def _runtime_text(runtime: str) -> str:
    name = runtime.rstrip("0123456789.x")
    build = hashlib.sha256(runtime.encode()).digest()[0]
    return f"{name}:{runtime[len(name) :]}.v{build}"
