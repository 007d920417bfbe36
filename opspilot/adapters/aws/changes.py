"""The Changes port on CloudTrail's event history and Lambda's list of versions.

Limits kept: 2 look-ups a second, 50 events a page, one attribute a look-up, 90 days, and a delivery
that may lag by about 15 minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.changes_data import (
    TrailEvent,
    lacks_before,
    published,
    to_changes,
    to_event,
)
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.change import Change, ChangeFeed
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.window import Window
from opspilot.errors import AwsError
from opspilot.ports.clock import Clock

if TYPE_CHECKING:
    from types_boto3_cloudtrail.client import CloudTrailClient
    from types_boto3_cloudtrail.type_defs import LookupEventsRequestTypeDef

RETENTION = timedelta(days=90)
DELIVERY_LAG = timedelta(minutes=15)
_PAGE = 50
_LOOK_BACK = timedelta(days=14)


@dataclass
class _Reading:
    """What one reading of the feeds brought together."""

    changes: list[Change] = field(default_factory=list[Change])
    gaps: list[str] = field(default_factory=list[str])
    errors: list[AwsError] = field(default_factory=list[AwsError])
    answered: bool = False
    trail_down: bool = False
    truncated: bool = False


class AwsChanges:
    """The Changes port."""

    def __init__(
        self, client: "CloudTrailClient", functions: Functions, calls: Calls, clock: Clock
    ) -> None:
        self._client = client
        self._functions = functions
        self._calls = calls
        self._clock = clock

    def changes(self, resources: Sequence[Resource], window: Window) -> ChangeFeed:
        """Changes of these resources in the window, oldest first; see the port."""
        budget = self._calls.budget()
        reading = _Reading()
        now = self._clock.account_now()
        asked = _within_retention(window, now, reading)
        for resource in resources:
            if asked is not None and not reading.trail_down:
                self._read_trail(resource, asked, reading, budget)
            if resource.kind is ResourceKind.FUNCTION:
                self._read_versions(resource, window, reading, budget)
        if reading.errors and not reading.answered:
            raise reading.errors[0]
        return ChangeFeed(
            window=window,
            changes=tuple(_in_order(reading.changes)),
            complete_until=_complete_until(window, now, reading, asked),
            gaps=tuple(reading.gaps),
            truncated=reading.truncated,
            request_ids=tuple(budget.request_ids),
        )

    def _read_trail(
        self, resource: Resource, window: Window, reading: _Reading, budget: Budget
    ) -> None:
        """Add what CloudTrail knows of a resource; after a failure it is not asked again."""
        try:
            events, whole = self._events(resource, window, budget)
        except AwsError as error:
            reading.errors.append(error)
            reading.gaps.append(f"CloudTrail could not be read from {resource.name} on: {error}")
            reading.trail_down = True
            return
        reading.answered = True
        changes = to_changes(resource, events)
        if any(lacks_before(change) for change in changes):
            earlier = self._earlier(resource, window, reading, budget)
            changes = to_changes(resource, [*earlier, *events])
        reading.changes += [change for change in changes if window.contains(change.at)]
        if not whole:
            reading.truncated = True
            reading.gaps.append(f"CloudTrail has more events of {resource.name} than were read")

    def _read_versions(
        self, resource: Resource, window: Window, reading: _Reading, budget: Budget
    ) -> None:
        try:
            versions = self._functions.versions(resource, budget)
        except AwsError as error:
            reading.errors.append(error)
            reading.gaps.append(f"versions of {resource.name} could not be read: {error}")
            return
        reading.answered = True
        told = {
            change.after.get("version")
            for change in reading.changes
            if change.resource == resource and change.summary.endswith("published")
        }
        reading.changes += [
            published(resource, version)
            for version in versions
            if window.contains(version.published_at) and version.version not in told
        ]

    def _events(
        self, resource: Resource, window: Window, budget: Budget
    ) -> tuple[list[TrailEvent], bool]:
        """Changing events of a resource, and whether they are all there.

        CloudTrail files an event under the name as the caller wrote it, so both forms are asked.
        """
        found: dict[str, TrailEvent] = {}
        whole = True
        for name in dict.fromkeys((resource.name, resource.arn)):
            token, seen = "", set[str]()
            while True:
                answer = self._page(name, window, token, budget)
                found.update({event.id: event for event in _to_events(answer)})
                token = str(answer.get("NextToken") or "")
                if not token:
                    break
                if token in seen or budget.spent:
                    whole = False
                    break
                seen.add(token)
        return list(found.values()), whole

    def _earlier(
        self, resource: Resource, window: Window, reading: _Reading, budget: Budget
    ) -> list[TrailEvent]:
        """The newest page of events from before the window, for what an alias pointed at."""
        try:
            return _to_events(self._page(resource.name, window.before(_LOOK_BACK), "", budget))
        except AwsError as error:
            reading.gaps.append(
                f"what aliases of {resource.name} pointed at before could not be read: {error}"
            )
            return []

    def _page(self, name: str, window: Window, token: str, budget: Budget) -> Mapping[str, Any]:
        request = _to_request(name, window, token)
        return self._calls.send(
            operations.LOOKUP_EVENTS,
            budget,
            lambda: self._client.lookup_events(**request),
            resource=name,
        )


def _to_request(name: str, window: Window, token: str) -> "LookupEventsRequestTypeDef":
    request: LookupEventsRequestTypeDef = {
        "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": name}],
        "StartTime": window.start,
        "EndTime": window.end,
        "MaxResults": _PAGE,
    }
    if token:
        request["NextToken"] = token
    return request


def _to_events(answer: Mapping[str, Any]) -> list[TrailEvent]:
    events = (to_event(item) for item in answer.get("Events") or ())
    return [event for event in events if event is not None]


def _within_retention(window: Window, now: datetime, reading: _Reading) -> Window | None:
    """The part of the window that CloudTrail keeps; None when it keeps nothing of it."""
    oldest = now - RETENTION
    if window.start >= oldest:
        return window
    reading.gaps.append(
        f"CloudTrail keeps {RETENTION.days} days: nothing before {oldest.isoformat()} was read"
    )
    return Window(start=oldest, end=window.end) if window.end > oldest else None


def _complete_until(
    window: Window, now: datetime, reading: _Reading, asked: Window | None
) -> datetime:
    if asked is None or reading.trail_down or reading.truncated:
        return window.start
    return max(window.start, min(window.end, now - DELIVERY_LAG))


def _in_order(changes: list[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: (change.at, change.resource.arn, change.event_id))
