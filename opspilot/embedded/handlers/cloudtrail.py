"""CloudTrail: LookupEvents over the management events of this account.

Mutating calls are recorded, refused ones too. Reading calls are not, to keep the trail short. An
event can be looked up two account minutes after it happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from opspilot.embedded.clock import utc
from opspilot.embedded.errors import AwsError
from opspilot.embedded.events import ApiEvent
from opspilot.embedded.handlers.requests import bounded, encode_token, page_start
from opspilot.embedded.identity import principal_id, user_arn
from opspilot.embedded.wire import Call, Handler, Params

DELIVERY_LAG_S = 120.0
_RETENTION_S = 90 * 86400.0

_ATTRIBUTES: Mapping[str, Callable[[ApiEvent, str], bool]] = {
    "EventId": lambda event, value: event.id == value,
    "EventName": lambda event, value: event.name == value,
    "ReadOnly": lambda _, value: value == "false",
    "Username": lambda event, value: event.caller.user == value,
    "ResourceType": lambda event, value: any(kind == value for kind, _ in event.resources),
    "ResourceName": lambda event, value: any(name == value for _, name in event.resources),
    "EventSource": lambda event, value: event.source == value,
    "AccessKeyId": lambda event, value: event.caller.access_key == value,
}


def _lookup_events(call: Call, params: Params) -> Mapping[str, Any]:
    limit = bounded(params, "MaxResults", 50, 1, 50, "InvalidMaxResultsException")
    start = float(params.get("StartTime") or call.now - _RETENTION_S)
    end = float(params.get("EndTime") or call.now)
    if start > end:
        raise AwsError("InvalidTimeRangeException", "StartTime must not be after EndTime.")
    matches = _matcher(params.get("LookupAttributes") or [])
    oldest = max(start, call.now - _RETENTION_S)
    newest = min(end, call.now - DELIVERY_LAG_S)
    events = [
        event
        for event in reversed(call.account.world.events)
        if oldest <= event.at <= newest and matches(event)
    ]
    first = page_start(params.get("NextToken"), "InvalidNextTokenException")
    page = events[first : first + limit]
    result: dict[str, Any] = {"Events": [_event(call, event) for event in page]}
    if first + limit < len(events):
        result["NextToken"] = encode_token(first + limit)
    return result


def _matcher(attributes: list[dict[str, str]]) -> Callable[[ApiEvent], bool]:
    if not attributes:
        return lambda _: True
    if len(attributes) > 1:
        raise AwsError(
            "InvalidLookupAttributesException", "You can specify only one lookup attribute."
        )
    key, value = attributes[0].get("AttributeKey", ""), attributes[0].get("AttributeValue", "")
    if key not in _ATTRIBUTES or not value:
        raise AwsError("InvalidLookupAttributesException", f"Invalid lookup attribute {key!r}.")
    return lambda event: _ATTRIBUTES[key](event, value)


def _event(call: Call, event: ApiEvent) -> dict[str, Any]:
    return {
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": "false",
        "AccessKeyId": event.caller.access_key,
        "EventTime": float(int(event.at)),
        "EventSource": event.source,
        "Username": event.caller.user,
        "Resources": [{"ResourceType": k, "ResourceName": n} for k, n in event.resources],
        "CloudTrailEvent": json.dumps(_detail(call, event)),
    }


def _detail(call: Call, event: ApiEvent) -> dict[str, Any]:
    account = call.account
    detail: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": principal_id(event.caller.user),
            "arn": user_arn(account.account_id, event.caller.user),
            "accountId": account.account_id,
            "accessKeyId": event.caller.access_key,
            "userName": event.caller.user,
        },
        "eventTime": utc(event.at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": event.source,
        "eventName": event.name,
        "awsRegion": account.region,
        "sourceIPAddress": event.caller.address,
        "userAgent": event.caller.agent,
        "requestParameters": dict(event.request),
        "responseElements": dict(event.response) if event.response is not None else None,
        "requestID": event.id[::-1],
        "eventID": event.id,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account.account_id,
        "eventCategory": "Management",
    }
    if event.error is not None:
        detail["errorCode"], detail["errorMessage"] = event.error
    return detail


HANDLERS: Mapping[str, Handler] = {"LookupEvents": _lookup_events}
