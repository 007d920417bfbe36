"""CloudWatch Logs: groups and streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opspilot.embedded.clock import utc
from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.requests import bounded, encode_token, page_start
from opspilot.embedded.telemetry.loglines import hour_of
from opspilot.embedded.wire import Call, Handler, Params

INVALID = "InvalidParameterException"


def group_arn(call: Call, group: str) -> str:
    """ARN of a log group."""
    return f"arn:aws:logs:{call.account.region}:{call.account.account_id}:log-group:{group}"


def check_group(call: Call, name: str) -> str:
    """A group by name or ARN; ResourceNotFoundException when there is none."""
    if name.startswith("arn:"):
        name = name.split(":log-group:", 1)[-1].removesuffix(":*")
    if not name:
        raise AwsError(INVALID, "A log group name is required.")
    if name not in call.account.logs.groups():
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return name


def known_group(call: Call, params: Params) -> str:
    """The one group that the parameters name."""
    name = params.get("logGroupName") or params.get("logGroupIdentifier") or ""
    return check_group(call, str(name))


def _describe_log_groups(call: Call, params: Params) -> Mapping[str, Any]:
    limit = bounded(params, "limit", 50, 1, 50, INVALID)
    prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
    if prefix and pattern:
        raise AwsError(INVALID, "logGroupNamePrefix and logGroupNamePattern exclude each other.")
    names = [
        name
        for name in call.account.logs.groups()
        if name.startswith(prefix or "") and (pattern or "").lower() in name.lower()
    ]
    first = page_start(params.get("nextToken"), INVALID)
    shown = [_group(call, name) for name in names[first : first + limit]]
    answer: dict[str, Any] = {"logGroups": shown}
    if first + limit < len(names):
        answer["nextToken"] = encode_token(first + limit)
    return answer


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


def _describe_log_streams(call: Call, params: Params) -> Mapping[str, Any]:
    """Streams by name or by their last event; hours are read only until the page is full."""
    group = known_group(call, params)
    limit = bounded(params, "limit", 50, 1, 50, INVALID)
    prefix = str(params.get("logStreamNamePrefix") or "")
    by_time = params.get("orderBy") == "LastEventTime"
    if by_time and prefix:
        raise AwsError(INVALID, "Cannot order by LastEventTime with a logStreamNamePrefix.")
    backwards = bool(params.get("descending"))
    first = page_start(params.get("nextToken"), INVALID)
    found: dict[str, tuple[int, int]] = {}
    for day in _days(call, prefix, backwards=backwards):
        for hour in day:
            _collect(call, group, hour, prefix, found)
            if by_time and backwards and len(found) > first + limit:
                break
        if len(found) > first + limit:
            break
    names = sorted(
        found, key=lambda name: (found[name][1], name) if by_time else name, reverse=backwards
    )
    page = names[first : first + limit]
    answer: dict[str, Any] = {"logStreams": [_stream(call, group, n, found[n]) for n in page]}
    if first + limit < len(names):
        answer["nextToken"] = encode_token(first + limit)
    return answer


def _days(call: Call, prefix: str, *, backwards: bool) -> Iterator[list[int]]:
    """The visible hours, day by day; only those of one day when the prefix names it."""
    start, end = call.account.logs.visible_span(0, 1 << 62, call.now)
    hours = list(range(hour_of(start), hour_of(end) + 1))
    if len(prefix) >= 10:
        # A stream keeps the date of its beginning and may outlive the day by its last invocation.
        hours = [h for h in hours if prefix[:10] in {_date(h), _date(h - 1)}]
    days: dict[str, list[int]] = {}
    for hour in reversed(hours) if backwards else hours:
        days.setdefault(_date(hour), []).append(hour)
    yield from days.values()


def _date(hour: int) -> str:
    return utc(hour * 3600.0).strftime("%Y/%m/%d")


def _collect(
    call: Call, group: str, hour: int, prefix: str, found: dict[str, tuple[int, int]]
) -> None:
    start, end = call.account.logs.visible_span(0, 1 << 62, call.now)
    for event in call.account.logs.hour(group, hour):
        if start <= event.timestamp < end and event.stream.startswith(prefix):
            low, high = found.get(event.stream, (event.timestamp, event.timestamp))
            found[event.stream] = (min(low, event.timestamp), max(high, event.timestamp))


def _stream(call: Call, group: str, name: str, span: tuple[int, int]) -> dict[str, Any]:
    return {
        "logStreamName": name,
        "creationTime": span[0],
        "firstEventTimestamp": span[0],
        "lastEventTimestamp": span[1],
        "lastIngestionTime": span[1] + 1700,
        "uploadSequenceToken": "0",
        "arn": f"{group_arn(call, group)}:log-stream:{name}",
        "storedBytes": 0,
    }


HANDLERS: Mapping[str, Handler] = {
    "DescribeLogGroups": _describe_log_groups,
    "DescribeLogStreams": _describe_log_streams,
}
