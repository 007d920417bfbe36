"""Logs Insights: an event as a row of fields, and values as text and number."""

from __future__ import annotations

import base64
import json
import re
from typing import cast

from opspilot.embedded.clock import utc
from opspilot.embedded.telemetry.loglines import LogEvent

Scalar = float | str | bool | None


class Instant(float):
    """Epoch milliseconds that results show as a time."""


_REPORT = re.compile(
    r"REPORT RequestId: \S+\tDuration: (?P<duration>[\d.]+) ms\t"
    r"Billed Duration: (?P<billedDuration>[\d.]+) ms\tMemory Size: (?P<memorySize>\d+) MB\t"
    r"Max Memory Used: (?P<maxMemoryUsed>\d+) MB(?:\tInit Duration: (?P<initDuration>[\d.]+) ms)?"
)
_TYPES = ("START", "END", "REPORT", "INIT_START")


class Row:
    """An event with its fields, found when asked for, and those that the query has added."""

    __slots__ = ("_event", "_found", "_log", "_message", "added")

    def __init__(self, event: LogEvent | None, log: str, added: dict[str, Scalar]) -> None:
        self._event = event
        self._log = log
        self._found: dict[str, Scalar] | None = None
        self._message: dict[str, Scalar] | None = None
        self.added = added

    @property
    def size(self) -> int:
        """Characters of the message with its line end."""
        return len(self._event.message.rstrip("\n")) + 1 if self._event else 0

    def get(self, name: str) -> Scalar:
        """The value of a field; None when the event does not have it."""
        if name in self.added:
            return self.added[name]
        event = self._event
        if event is None:
            return None
        if name == "@message":
            return event.message.rstrip("\n")
        if name == "@timestamp":
            return Instant(event.timestamp)
        if name.startswith("@"):
            return self._system().get(name)
        if self._message is None:
            self._message = _json_fields(event.message)
        return self._message.get(name)

    def _system(self) -> dict[str, Scalar]:
        if self._found is None and self._event is not None:
            self._found = _system_fields(self._event, self._log)
        return self._found or {}


def _system_fields(event: LogEvent, log: str) -> dict[str, Scalar]:
    pointer = f"{log}/{event.stream}/{event.timestamp}/{event.request_id}/{event.message[:24]}"
    fields: dict[str, Scalar] = {
        "@logStream": event.stream,
        "@log": log,
        "@ingestionTime": Instant(event.timestamp + 1700),
        "@ptr": base64.b64encode(pointer.encode()).decode(),
    }
    if event.request_id:
        fields["@requestId"] = event.request_id
    kind = event.message.split(" ", 1)[0]
    if kind in _TYPES:
        fields["@type"] = kind
    if kind == "REPORT" and (found := _REPORT.match(event.message)):
        for name, text in found.groupdict().items():
            if text is not None:
                scale = 1e6 if name in ("memorySize", "maxMemoryUsed") else 1.0
                fields[f"@{name}"] = float(text) * scale
    return fields


def _json_fields(message: str) -> dict[str, Scalar]:
    """Fields of a message that is a JSON object, nested ones with dots."""
    if not message.startswith("{"):
        return {}
    try:
        parsed = cast("object", json.loads(message))
    except ValueError:
        return {}
    fields: dict[str, Scalar] = {}
    _flatten("", parsed, fields)
    return fields


def _flatten(prefix: str, value: object, into: dict[str, Scalar]) -> None:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            _flatten(f"{prefix}.{key}" if prefix else key, inner, into)
    elif isinstance(value, list):
        for number, inner in enumerate(cast("list[object]", value)):
            _flatten(f"{prefix}.{number}", inner, into)
    elif isinstance(value, bool):
        into[prefix] = "1" if value else "0"
    elif isinstance(value, (int, float)):
        into[prefix] = float(value)
    elif isinstance(value, str):
        into[prefix] = value


def number_of(value: Scalar) -> float | None:
    """The number that a value is or spells."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, float):
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def show(value: Scalar) -> str:
    """A value as the results give it: text."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Instant):
        return show_time(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    return "" if value is None else str(value)


def show_time(milliseconds: float) -> str:
    """A time as the results give it."""
    whole, part = divmod(int(milliseconds), 1000)
    return utc(whole).strftime("%Y-%m-%d %H:%M:%S") + f".{part:03d}"
