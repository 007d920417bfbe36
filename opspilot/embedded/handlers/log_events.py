"""CloudWatch Logs: FilterLogEvents and GetLogEvents.

A cursor is (hour, position among the hour's events): positions do not move once an event is
visible.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.log_groups import INVALID, known_group
from opspilot.embedded.handlers.requests import bounded, decode_token, encode_token, required
from opspilot.embedded.telemetry.filter_pattern import compile_filter
from opspilot.embedded.telemetry.loglines import LogEvent, hour_of
from opspilot.embedded.wire import Call, Handler, Params

_PAGE_BYTES = 1_048_576
_PAGE_EVENTS = 10_000
_SCAN_EVENTS = 60_000
_EVENT_OVERHEAD = 26
_NEWEST_FIRST_FROM_MS = 1_704_067_200_000
_BAD_TOKEN = "The specified nextToken is invalid."  # noqa: S105 - not a secret

Cursor = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Span:
    """A span of a group, in milliseconds, end exclusive."""

    call: Call
    group: str
    start: int
    end: int
    stream: str | None = None

    def walk(self, cursor: Cursor, *, forward: bool) -> Iterator[tuple[Cursor, LogEvent]]:
        """(cursor, event) from a cursor on; the cursor stands before the event."""
        for hour, events, positions in self.hours(cursor, forward=forward):
            for index in positions:
                yield (hour, index), events[index]

    def hours(
        self, cursor: Cursor, *, forward: bool
    ) -> Iterator[tuple[int, list[LogEvent], Sequence[int]]]:
        """(hour, its events, positions of those to read) from a cursor on in the direction."""
        if self.end <= self.start:
            return
        step = 1 if forward else -1
        last = hour_of(self.end - 1) if forward else hour_of(self.start)
        hour, position = cursor
        while (last - hour) * step >= 0:
            events = self.call.account.logs.hour(self.group, hour)
            yield hour, events, self._order(hour, position, events, forward=forward)
            hour, position = hour + step, 0 if forward else 1 << 40

    def _order(
        self, hour: int, position: int, events: list[LogEvent], *, forward: bool
    ) -> Sequence[int]:
        """Positions of an hour that lie in the span, from `position` on in the direction."""
        low = bisect.bisect_left(events, self.start, key=_time)
        high = bisect.bisect_left(events, self.end, key=_time)
        low, high = (max(low, position), high) if forward else (low, min(high, position))
        if self.stream is None:
            return range(low, high) if forward else range(high - 1, low - 1, -1)
        mine = self.call.account.logs.positions(self.group, hour, self.stream)
        chosen = mine[bisect.bisect_left(mine, low) : bisect.bisect_left(mine, high)]
        return chosen if forward else chosen[::-1]

    def edge(self, *, forward: bool) -> Cursor:
        """Where a walk in that direction begins."""
        return (hour_of(self.start), 0) if forward else (hour_of(self.end - 1), 1 << 40)


def _span(call: Call, params: Params, group: str) -> _Span:
    start = int(params.get("startTime") or 0)
    end = int(params["endTime"]) + 1 if params.get("endTime") is not None else 1 << 62
    if start < 0 or end <= start:
        raise AwsError(INVALID, "startTime must be before endTime, and neither negative.")
    return _Span(call, group, *call.account.logs.visible_span(start, end, call.now))


def _filter_log_events(call: Call, params: Params) -> Mapping[str, Any]:
    group = known_group(call, params)
    pattern = str(params.get("filterPattern") or "")
    matches = compile_filter(pattern)
    in_stream = _stream_filter(params)
    limit = bounded(params, "limit", _PAGE_EVENTS, 1, _PAGE_EVENTS, INVALID)
    span = _span(call, params, group)
    if len(params.get("logStreamNames") or []) == 1:
        span = _stream_span(span, params["logStreamNames"][0])
    forward = params.get("startFromHead") is not False
    if not forward and int(params.get("startTime") or 0) < _NEWEST_FIRST_FROM_MS:
        raise AwsError(INVALID, "startFromHead false needs a startTime on or after Jan 1, 2024.")
    cursor = span.edge(forward=forward)
    if params.get("nextToken"):
        cursor, forward = _decode(str(params["nextToken"]), group)
    return _Page(span, forward, limit, in_stream, matches if pattern.strip() else None).read(cursor)


def _decode(token: str, group: str) -> tuple[Cursor, bool]:
    name, direction, hour, position = decode_token(token, 4, INVALID, _BAD_TOKEN)
    if name != group or direction not in "fb" or not (hour.isdigit() and position.isdigit()):
        raise AwsError(INVALID, _BAD_TOKEN)
    return (int(hour), int(position)), direction == "f"


def _stream_filter(params: Params) -> Callable[[str], bool] | None:
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    if names and prefix:
        raise AwsError(INVALID, "logStreamNames and logStreamNamePrefix exclude each other.")
    if names:
        if len(names) > 100:
            raise AwsError(INVALID, "At most 100 log streams may be named.")
        wanted = frozenset(names)
        return lambda stream: stream in wanted
    return (lambda stream: stream.startswith(prefix)) if prefix else None


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of FilterLogEvents: it ends when it is full or enough was scanned."""

    span: _Span
    forward: bool
    limit: int
    in_stream: Callable[[str], bool] | None
    matches: Callable[[str], bool] | None

    def read(self, cursor: Cursor) -> Mapping[str, Any]:
        """The page; it may be empty and yet have a token."""
        found: list[dict[str, Any]] = []
        size = scanned = 0
        for hour, events, positions in self.span.hours(cursor, forward=self.forward):
            for position in positions:
                event = events[position]
                scanned += 1
                if self._wanted(event):
                    size += len(event.message) + _EVENT_OVERHEAD
                    if len(found) >= self.limit or size > _PAGE_BYTES:
                        return self._answer(found, self._before((hour, position)))
                    found.append(_filtered(event, position))
                if scanned >= _SCAN_EVENTS:
                    return self._answer(found, self._after((hour, position)))
        return self._answer(found, None)

    def _wanted(self, event: LogEvent) -> bool:
        """Whether the event's stream and its message are asked for."""
        if self.in_stream is not None and not self.in_stream(event.stream):
            return False
        return self.matches is None or self.matches(event.message)

    def _before(self, at: Cursor) -> Cursor:
        """From here the event is read again."""
        return at if self.forward else (at[0], at[1] + 1)

    def _after(self, at: Cursor) -> Cursor:
        """From here the event is not read again."""
        return (at[0], at[1] + 1) if self.forward else at

    def _answer(self, found: list[dict[str, Any]], resume: Cursor | None) -> Mapping[str, Any]:
        answer: dict[str, Any] = {"events": found, "searchedLogStreams": []}
        if resume is not None:
            direction = "f" if self.forward else "b"
            answer["nextToken"] = encode_token(self.span.group, direction, *resume)
        return answer


def event_id(event: LogEvent, position: int) -> str:
    """A 56-digit event id: by time, unique, the same at every reading."""
    return f"3{event.timestamp:015d}{_salt(event.stream)}{position:030d}"


@lru_cache(maxsize=4096)
def _salt(stream: str) -> str:
    """Ten digits of a stream's own."""
    return f"{int(hashlib.sha256(stream.encode()).hexdigest()[:8], 16):010d}"


def _filtered(event: LogEvent, position: int) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.timestamp + 1700,
        "eventId": event_id(event, position),
    }


_time = attrgetter("timestamp")


_DATE = re.compile(r"(\d{4})/(\d\d)/(\d\d)/\[")


def _get_log_events(call: Call, params: Params) -> Mapping[str, Any]:
    """Events of one stream; the end is reached when the same token comes back."""
    group = known_group(call, params)
    stream = str(required(params, "logStreamName", INVALID))
    limit = bounded(params, "limit", _PAGE_EVENTS, 1, _PAGE_EVENTS, INVALID)
    span = _stream_span(_span(call, params, group), stream)
    forward = bool(params.get("startFromHead"))
    cursor = span.edge(forward=forward)
    if params.get("nextToken"):
        cursor, forward = _decode(str(params["nextToken"]), group)
    found = _read_stream(span, cursor, limit, forward=forward)
    if not found and not params.get("nextToken") and not _exists(call, group, stream):
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    low, high = (found[0][0], found[-1][0]) if found else (cursor, (cursor[0], cursor[1] - 1))
    return {
        "events": [_plain(event) for _, event in found],
        "nextForwardToken": encode_token(group, "f", high[0], high[1] + 1),
        "nextBackwardToken": encode_token(group, "b", *low),
    }


def _read_stream(
    span: _Span, cursor: Cursor, limit: int, *, forward: bool
) -> list[tuple[Cursor, LogEvent]]:
    found: list[tuple[Cursor, LogEvent]] = []
    size = 0
    for at, event in span.walk(cursor, forward=forward):
        size += len(event.message) + _EVENT_OVERHEAD
        if len(found) >= limit or size > _PAGE_BYTES:
            break
        found.append((at, event))
    return found if forward else found[::-1]


def _stream_span(span: _Span, stream: str) -> _Span:
    """A stream's events lie in the day of its name and shortly after."""
    start, end = span.start, span.end
    if found := _DATE.match(stream):
        day = _day_ms(int(found[1]), int(found[2]), int(found[3]))
        start, end = max(start, day), min(end, day + 26 * 3_600_000)
    return replace(span, start=start, end=max(end, start), stream=stream)


def _day_ms(year: int, month: int, day: int) -> int:
    try:
        return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return 0


def _exists(call: Call, group: str, stream: str) -> bool:
    bounds = call.account.logs.visible_span(0, 1 << 62, call.now)
    span = _stream_span(_Span(call, group, *bounds), stream)
    return bool(_read_stream(span, span.edge(forward=True), 1, forward=True))


def _plain(event: LogEvent) -> dict[str, Any]:
    return {
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.timestamp + 1700,
    }


HANDLERS: Mapping[str, Handler] = {
    "FilterLogEvents": _filter_log_events,
    "GetLogEvents": _get_log_events,
}
