"""What the Lambda service itself writes into a function's log: starts, reports, time-outs, deaths.

Both forms are read: text lines ("REPORT RequestId: ...") and the JSON log format, in which the
platform writes records such as {"type": "platform.report", "record": {...}}.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import numpy as np

from opspilot.analysis.logs.stacks import stack_fingerprint
from opspilot.domain.telemetry import LogLine

_REPORT = re.compile(
    r"REPORT RequestId: (?P<id>\S+)\s.*?Duration: (?P<duration>[\d.]+) ms"
    r"(?:.*?Billed Duration: (?P<billed>[\d.]+) ms)?"
    r".*?Memory Size: (?P<size>\d+) MB\s+Max Memory Used: (?P<used>\d+) MB"
    r"(?:.*?Init Duration: (?P<init>[\d.]+) ms)?(?:.*?Status: (?P<status>\w+))?"
    r"(?:.*?Error Type: (?P<error>[\w.]+))?",
    re.DOTALL,
)
_START = re.compile(r"START RequestId: (?P<id>\S+) Version: (?P<version>\S+)")
_TIMED_OUT = re.compile(
    r"(?:(?P<id>[0-9a-f-]{36}) )?Task timed out after (?P<seconds>[\d.]+) seconds"
)
_KILLED = re.compile(
    r"(?:RequestId: (?P<id>\S+) )?Error: Runtime exited with error: signal: killed", re.DOTALL
)
_ERROR_LINE = re.compile(
    r"^(?:\[ERROR\]\s+(?:\S+Z\s+\S+\s+)?"
    r"|.*?\tERROR\t(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)\s+"
    r".*?\"errorType\":\s*\")(?P<type>[A-Za-z_][\w.$]*)",
    re.DOTALL,
)
_JAVA_ERROR = re.compile(
    r"^(?P<type>(?:[a-z_]\w*\.)+[A-Z][\w$]*(?:Exception|Error))\b.*?(?:\r?\n|\r)\s*at ", re.DOTALL
)
_EXCEPTION_NAME = re.compile(r"(?:Error|Exception|Fault|Exit|Interrupt|ExitError|[a-z]\.[A-Z]\w+)$")


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
    record = _as_record(message)
    return record is not None and str(record.get("type", "")).startswith("platform.")


def _read_text(line: LogLine, seen: RunStatistics) -> None:
    message = line.message
    if found := _START.search(message):
        _started(seen, found["version"], line.at)
    elif found := _REPORT.search(message):
        _reported(seen, found)
        _judge(line, seen, found["id"], found["status"] or "", found["error"] or "")
    elif found := _TIMED_OUT.search(message):
        seen.timed_out.setdefault(found["id"] or f"{line.stream}@{line.at.isoformat()}", line.at)
        seen.timeout_seconds = float(found["seconds"])
    elif found := _KILLED.search(message):
        seen.killed.add(found["id"] or f"{line.stream}@{line.at.isoformat()}")
    elif (found := _JAVA_ERROR.match(message)) or (
        (found := _ERROR_LINE.match(message)) and _EXCEPTION_NAME.search(found["type"])
    ):
        _failed(seen, found["type"], message.replace("\\n", "\n"))


def _reported(seen: RunStatistics, found: re.Match[str]) -> None:
    seen.durations_ms.append(float(found["duration"]))
    seen.billed_ms += float(found["billed"] or 0.0)
    if found["init"] is not None:
        seen.cold_starts += 1
        seen.init_ms.append(float(found["init"]))
    _memory(seen, int(found["size"]), int(found["used"]))


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
        full = seen.memory_size_mb is not None and seen.memory_used_max_mb == seen.memory_size_mb
        if error == "Runtime.OutOfMemory" or full:
            seen.killed.add(request)


def _as_record(message: str) -> Mapping[str, object] | None:
    """The JSON object that the line is, if it is one."""
    text = message.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        parsed = json.loads(text)
    except ValueError:
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
    if isinstance(duration, int | float):
        seen.durations_ms.append(float(duration))
    if isinstance(size, int) and isinstance(used, int):
        _memory(seen, size, used)
    billed, init = metrics.get("billedDurationMs"), metrics.get("initDurationMs")
    seen.billed_ms += float(billed) if isinstance(billed, int | float) else 0.0
    seen.cold_starts += "initDurationMs" in metrics
    if isinstance(init, int | float):
        seen.init_ms.append(float(init))
    status, error = str(inner.get("status", "")), str(inner.get("errorType", ""))
    _judge(line, seen, str(inner.get("requestId", line.at.isoformat())), status, error)


def _read_application_record(
    line: LogLine, record: Mapping[str, object], seen: RunStatistics
) -> None:
    """A line of the function itself, or of the runtime, in the JSON log format."""
    message = str(record.get("message", record.get("errorMessage", "")))
    request = str(record.get("requestId", f"{line.stream}@{line.at.isoformat()}"))
    if found := _TIMED_OUT.search(message):
        seen.timed_out.setdefault(found["id"] or request, line.at)
        seen.timeout_seconds = float(found["seconds"])
    elif "signal: killed" in message:
        seen.killed.add(request)
    elif isinstance(error := record.get("errorType"), str) and error:
        _failed(seen, error, _stack_text(record))


def _stack_text(record: Mapping[str, object]) -> str:
    """The frames of an error record: a list under `stackTrace` or `stack`, or one text."""
    stack = record.get("stackTrace", record.get("stack", ""))
    if isinstance(stack, list):
        return "\n".join(str(frame) for frame in cast("list[object]", stack))
    return str(stack)
