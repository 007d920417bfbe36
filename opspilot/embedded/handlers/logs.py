"""CloudWatch Logs: groups, streams, filtering and reading."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.requests import bounded, decode_token, encode_token, page_start
from opspilot.embedded.telemetry.filter_pattern import compile_filter
from opspilot.embedded.telemetry.loglines import LogEvent, hour_of
from opspilot.embedded.wire import Call, Handler, Params

_INVALID = "InvalidParameterException"
_PAGE_BYTES = 1_048_576
_PAGE_EVENTS = 10_000
_SCAN_EVENTS = 60_000
_EVENT_OVERHEAD = 26
_HOUR_MS = 3_600_000


def group_arn(call: Call, group: str) -> str:
    """ARN of a log group."""
    return f"arn:aws:logs:{call.account.region}:{call.account.account_id}:log-group:{group}"


def known_group(call: Call, params: Params) -> str:
    """The group that the parameters name, by name or ARN; ResourceNotFoundException otherwise."""
    name = str(params.get("logGroupName") or params.get("logGroupIdentifier") or "")
    if name.startswith("arn:"):
        name = name.split(":log-group:", 1)[-1].removesuffix(":*")
    if not name:
        raise AwsError(_INVALID, "A log group name is required.")
    if name not in call.account.logs.groups():
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return name


def _describe_log_groups(call: Call, params: Params) -> Mapping[str, Any]:
    limit = bounded(params, "limit", 50, 1, 50, _INVALID)
    prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
    if prefix and pattern:
        raise AwsError(_INVALID, "logGroupNamePrefix and logGroupNamePattern exclude each other.")
    names = [
        name
        for name in call.account.logs.groups()
        if name.startswith(prefix or "") and (pattern or "").lower() in name.lower()
    ]
    first = page_start(params.get("nextToken"), _INVALID)
    result: dict[str, Any] = {
        "logGroups": [_group(call, name) for name in names[first : first + limit]]
    }
    if first + limit < len(names):
        result["nextToken"] = encode_token(first + limit)
    return result


def _group(call: Call, name: str) -> dict[str, Any]:
    world = call.account.world
    arn = group_arn(call, name)
    born = world.origin.epoch - (world.fleet.history_days + 30) * 86400
    return {
        "logGroupName": name,
        "creationTime": int(born * 1000),
        "retentionInDays": call.account.logs.retention_days,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": 0,
        "logGroupClass": "STANDARD",
    }


def _filter_log_events(call: Call, params: Params) -> Mapping[str, Any]:
    group = known_group(call, params)
    matches = compile_filter(str(params.get("filterPattern") or ""))
    in_stream = _stream_filter(params)
    start = int(params.get("startTime") or 0)
    end = int(params["endTime"]) + 1 if params.get("endTime") is not None else 1 << 62
    if end <= start:
        raise AwsError(_INVALID, "startTime must not be after endTime.")
    limit = bounded(params, "limit", _PAGE_EVENTS, 1, _PAGE_EVENTS, _INVALID)
    start, end = call.account.logs.visible_span(start, end, call.now)
    scan = _Scan(call, group, start, end)
    found, token = scan.page(
        params.get("nextToken"), limit, lambda e: in_stream(e.stream) and matches(e.message)
    )
    result: dict[str, Any] = {"events": found, "searchedLogStreams": []}
    if token:
        result["nextToken"] = token
    return result


def _stream_filter(params: Params) -> Callable[[str], bool]:
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    if names and prefix:
        raise AwsError(_INVALID, "logStreamNames and logStreamNamePrefix exclude each other.")
    if names:
        if len(names) > 100:
            raise AwsError(_INVALID, "At most 100 log streams may be named.")
        wanted = frozenset(names)
        return lambda stream: stream in wanted
    return lambda stream: stream.startswith(prefix or "")


class _Scan:
    """Reads a span of a group in pages; a page ends when it is full or enough was scanned."""

    def __init__(self, call: Call, group: str, start: int, end: int) -> None:
        self._call = call
        self._group = group
        self._start = start
        self._end = end

    def page(
        self, token: str | None, limit: int, wanted: Callable[[LogEvent], bool]
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Events of one page and the token of the next; an empty page with a token may occur."""
        if self._end <= self._start:
            return [], None
        hour, position = self._cursor(token)
        found: list[dict[str, Any]] = []
        size = scanned = 0
        while hour <= hour_of(self._end - 1):
            events = self._call.account.logs.hour(self._group, hour)
            for index in range(position, len(events)):
                event = events[index]
                scanned += 1
                if event.timestamp < self._start or not wanted(event):
                    continue
                if event.timestamp >= self._end:
                    return found, None
                size += len(event.message) + _EVENT_OVERHEAD
                if len(found) >= limit or size > _PAGE_BYTES:
                    return found, encode_token(self._group, hour, index)
                found.append(_filtered(event, index))
            hour, position = hour + 1, 0
            if scanned >= _SCAN_EVENTS and hour <= hour_of(self._end - 1):
                return found, encode_token(self._group, hour, 0)
        return found, None

    def _cursor(self, token: str | None) -> tuple[int, int]:
        if token is None:
            return hour_of(self._start), 0
        message = "The specified nextToken is invalid."
        group, hour, position = decode_token(token, 3, _INVALID, message)
        if group != self._group or not hour.isdigit() or not position.isdigit():
            raise AwsError(_INVALID, message)
        return int(hour), int(position)


def event_id(event: LogEvent, position: int) -> str:
    """A 56-digit event id: by time, unique, the same at every reading."""
    salt = int(hashlib.sha256(event.stream.encode()).hexdigest()[:8], 16)
    return f"3{event.timestamp:015d}{salt:010d}{position:030d}"


def _filtered(event: LogEvent, position: int) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.timestamp + 1700,
        "eventId": event_id(event, position),
    }


HANDLERS: Mapping[str, Handler] = {
    "DescribeLogGroups": _describe_log_groups,
    "FilterLogEvents": _filter_log_events,
}
