"""What the Lambda service itself writes into a function's log: starts, reports, time-outs, deaths.

Both forms are read: text lines ("REPORT RequestId: ...") and the JSON log format, in which the
platform writes records such as {"type": "platform.report", "record": {...}}.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard, cast

import numpy as np

from opspilot.analysis.error_types import error_type
from opspilot.analysis.logs.stacks import stack_fingerprint
from opspilot.domain.telemetry import LogLine

_LONGEST = 20_000
"""Characters of a text line that are looked at; every expression goes over them in linear time."""
_NUMBER = r"\d{1,15}(?:\.\d{1,9})?"
_FIGURE = re.compile(_NUMBER)
_REPORT = re.compile(r"REPORT RequestId: (?P<id>\S+)\s")
_REPORTED = re.compile(
    r"(?P<name>(?:Billed |Init |Restore |Billed Restore )?Duration|Memory Size|Max Memory Used"
    rf"|Status|Error Type): (?:(?P<figure>{_NUMBER}) (?:ms|MB)\b|(?P<word>[\w.]+))"
)
_STARTS = frozenset({"Init Duration", "Restore Duration"})
"""What a cold start took; one from a snapshot is restored instead."""
_STARTS_OF_RECORDS = frozenset({"initDurationMs", "restoreDurationMs"})
_START = re.compile(r"START RequestId: (?P<id>\S+) Version: (?P<version>\S+)")
_TIMED_OUT = re.compile(
    rf"(?:(?P<id>[0-9a-f-]{{36}}) )?Task timed out after (?P<seconds>{_NUMBER}) seconds"
)
_KILLED = re.compile(
    r"(?:RequestId: (?P<id>\S+) )?Error: Runtime exited with error: signal: killed", re.DOTALL
)
_DIED = re.compile(
    r"(?:RequestId: \S+ )?(?:Error: )?(?:Runtime exited with error: )?signal: killed"
)
_HEADER_WORDS = frozenset({"RequestId:", "Error:", "ERROR", "[ERROR]", "WARN", "[WARN]"})
_OUT_OF_MEMORY = frozenset({"java.lang.OutOfMemoryError", "MemoryError"})


_TELLING = (
    *("START RequestId", "REPORT RequestId", "Task timed out", "signal: killed"),
    *("platform.", "errorType", "ERROR", "Error", "Exception"),
)
"""Lines without any of these, in either form, say nothing of a run; most hold none."""


@dataclass(slots=True)
class RunStatistics:
    """What the platform's lines of one window say.

    Attributes:
        durations_ms: One per REPORT.
        timed_out: Ids of invocations that hit the limit (or the line's own place when it has no
            id).
        killed: Ids of invocations killed for memory.
        billed_ms: Sum over the REPORTs that name it.
        init_ms: One per cold start whose length is told.
        errors: Error type to count.
        stacks: Error type and fingerprint of its stack to count.
        versions: Version to time of its first START.
    """

    durations_ms: list[float] = field(default_factory=list[float])
    timed_out: dict[str, datetime] = field(default_factory=dict[str, datetime])
    timeout_seconds: float | None = None
    killed: set[str] = field(default_factory=set[str])
    billed_ms: float = 0.0
    init_ms: list[float] = field(default_factory=list[float])
    errors: Counter[str] = field(default_factory=Counter[str])
    stacks: Counter[str] = field(default_factory=Counter[str])
    versions: dict[str, datetime] = field(default_factory=dict[str, datetime])
    cold_starts: int = 0
    memory_size_mb: int | None = None
    memory_used_max_mb: int | None = None

    @property
    def first_timeout(self) -> datetime | None:
        """Time of the first line that says so."""
        return min(self.timed_out.values(), default=None)

    def duration_quantile(self, q: float) -> float | None:
        """A quantile of the reported durations; None without any."""
        return float(np.quantile(self.durations_ms, q)) if self.durations_ms else None


def read_report_lines(lines: Iterable[LogLine]) -> RunStatistics:
    """Statistics of the platform's lines among `lines`; other lines are passed over."""
    seen = RunStatistics()
    for line in lines:
        if not any(map(line.message.__contains__, _TELLING)):
            continue
        record = _as_record(line.message)
        if record is None:
            _read_text(line, seen)
        else:
            _read_record(line, record, seen)
    return seen


def is_platform_line(message: str) -> bool:
    """Whether the Lambda service wrote the line, one per invocation, as a matter of routine."""
    if message.startswith(
        ("START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START")
    ):
        return True
    record = _as_record(message) if "platform." in message else None
    return record is not None and str(record.get("type", "")).startswith("platform.")


def _read_text(line: LogLine, seen: RunStatistics) -> None:
    message = line.message[:_LONGEST]
    if found := _START.search(message):
        _started(seen, found["version"], line.at)
    elif (found := _REPORT.search(message)) and _reported(line, seen, found):
        return
    elif (found := _TIMED_OUT.search(message)) and leads(message, found):
        seen.timed_out.setdefault(found["id"] or f"{line.stream}@{line.at.isoformat()}", line.at)
        seen.timeout_seconds = float(found["seconds"])
    elif (found := _KILLED.search(message)) and leads(message, found):
        seen.killed.add(found["id"] or f"{line.stream}@{line.at.isoformat()}")
    elif error := error_type(message):
        _failed(seen, error, _stack_of(message))
        if error in _OUT_OF_MEMORY:
            seen.killed.add(f"{line.stream}@{line.at.isoformat()}")


def leads(message: str, found: re.Match[str]) -> bool:
    """Whether nothing but a header (time, id, level) stands before a match, so the line is its own.

    A caller's line that quotes the answer of a function which timed out is no time-out of its own.
    """
    head = message[: found.start()].split()
    return all(word in _HEADER_WORDS or any(map(str.isdigit, word)) for word in head)


def _stack_of(message: str) -> str:
    """The frames in a runtime's line: one a line, whatever parted them, or a list in a record."""
    record = _as_record(message[message.find("{") :]) if "\tERROR\t" in message else None
    if record is not None:
        return _stack_text(record)
    return message.replace("\\n", "\n").replace("\r", "\n")


def _reported(line: LogLine, seen: RunStatistics, begin: re.Match[str]) -> bool:
    """Take in a report; False if it has no duration or no memory, and so is none."""
    said = dict[str, str]()
    for found in _REPORTED.finditer(line.message[:_LONGEST], begin.end()):
        said.setdefault(found["name"], found["figure"] or found["word"])
    figures = {name: float(text) for name, text in said.items() if _FIGURE.fullmatch(text)}
    if not figures.keys() >= {"Duration", "Memory Size", "Max Memory Used"}:
        return False
    seen.durations_ms.append(figures["Duration"])
    seen.billed_ms += figures.get("Billed Duration", 0.0)
    for name in figures.keys() & _STARTS:
        seen.cold_starts += 1
        seen.init_ms.append(figures[name])
    _memory(seen, int(figures["Memory Size"]), int(figures["Max Memory Used"]))
    _judge(line, seen, begin["id"], said.get("Status", ""), said.get("Error Type", ""))
    return True


def _failed(seen: RunStatistics, error: str, text: str) -> None:
    seen.errors[error] += 1
    stack = stack_fingerprint(text)
    if stack is not None:
        seen.stacks[f"{error} {stack}"] += 1


def _memory(seen: RunStatistics, size: int, used: int) -> None:
    seen.memory_size_mb = size
    seen.memory_used_max_mb = max(used, seen.memory_used_max_mb or 0)


def _started(seen: RunStatistics, version: str, at: datetime) -> None:
    seen.versions[version] = min(at, seen.versions.get(version, at))


def _judge(line: LogLine, seen: RunStatistics, request: str, status: str, error: str) -> None:
    """What a report's own status says; the separate line may have said it already."""
    if status == "timeout":
        seen.timed_out.setdefault(request, line.at)
    elif error == "Runtime.OutOfMemory" or (status == "error" and error == "Runtime.ExitError"):
        full = (
            seen.memory_size_mb is not None
            and (seen.memory_used_max_mb or 0) >= seen.memory_size_mb
        )
        if error == "Runtime.OutOfMemory" or full:
            seen.killed.add(request)


def _as_record(message: str) -> Mapping[str, object] | None:
    """The JSON object that the line is, if it is one."""
    text = message.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("Mapping[str, object]", parsed) if isinstance(parsed, dict) else None


def _inner(record: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = record.get(key)
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _read_record(line: LogLine, record: Mapping[str, object], seen: RunStatistics) -> None:
    kind = str(record.get("type", ""))
    inner = _inner(record, "record")
    if kind == "platform.start":
        _started(seen, str(inner.get("version", "$LATEST")), line.at)
    elif kind == "platform.report":
        _read_report_record(line, inner, seen)
    elif not kind.startswith("platform."):
        _read_application_record(line, record, seen)


def _read_report_record(line: LogLine, inner: Mapping[str, object], seen: RunStatistics) -> None:
    metrics = _inner(inner, "metrics")
    duration, size, used = (
        metrics.get(key) for key in ("durationMs", "memorySizeMB", "maxMemoryUsedMB")
    )
    if _is_figure(duration):
        seen.durations_ms.append(float(duration))
    if isinstance(size, int) and isinstance(used, int):
        _memory(seen, size, used)
    billed = metrics.get("billedDurationMs")
    seen.billed_ms += float(billed) if _is_figure(billed) else 0.0
    for name in metrics.keys() & _STARTS_OF_RECORDS:
        seen.cold_starts += 1
        if _is_figure(length := metrics[name]):
            seen.init_ms.append(float(length))
    status, error = str(inner.get("status", "")), str(inner.get("errorType", ""))
    _judge(line, seen, str(inner.get("requestId", line.at.isoformat())), status, error)


def _is_figure(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def _read_application_record(
    line: LogLine, record: Mapping[str, object], seen: RunStatistics
) -> None:
    """A line of the function itself, or of the runtime, in the JSON log format."""
    message = str(record.get("message", record.get("errorMessage", "")))
    request = str(record.get("requestId", f"{line.stream}@{line.at.isoformat()}"))
    if (found := _TIMED_OUT.search(message)) and leads(message, found):
        seen.timed_out.setdefault(found["id"] or request, line.at)
        seen.timeout_seconds = float(found["seconds"])
    elif (found := _DIED.search(message)) and leads(message, found):
        seen.killed.add(request)
    elif isinstance(error := record.get("errorType"), str) and error:
        _failed(seen, error, _stack_text(record))
        if error in _OUT_OF_MEMORY:
            seen.killed.add(request)


def _stack_text(record: Mapping[str, object]) -> str:
    """The frames of an error record: a list under `stackTrace` or `stack`, or one text."""
    stack = record.get("stackTrace", record.get("stack", ""))
    if isinstance(stack, list):
        return "\n".join(_frame_text(frame) for frame in cast("list[object]", stack))
    return str(stack)


def _frame_text(frame: object) -> str:
    """A frame as it stands; of Go, whose frames are records, in the form of the other runtimes."""
    if not isinstance(frame, dict):
        return str(frame)
    told = cast("Mapping[str, object]", frame)
    return f"at {told.get('label', '')} ({told.get('path', '')})"
