"""The Changes port on CloudTrail's event history and Lambda's list of versions.

CloudTrail keeps 90 days, and delivers with a lag of about 15 minutes: an empty feed of the last
quarter of an hour is no evidence that nothing changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from opspilot.adapters.aws.changes_data import (
    TrailEvent,
    lacks_before,
    published,
    to_changes,
)
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.kinship import Kinship
from opspilot.adapters.aws.policies import Policies
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.adapters.aws.trail import Trail, TrailRecord
from opspilot.domain.change import Change, ChangeFeed
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.window import Window
from opspilot.errors import AwsError
from opspilot.ports.clock import Clock

RETENTION = timedelta(days=90)
DELIVERY_LAG = timedelta(minutes=15)


@dataclass
class _Reading:
    """What one reading of the feeds brought together."""

    changes: list[Change] = field(default_factory=list[Change])
    gaps: list[str] = field(default_factory=list[str])
    errors: list[AwsError] = field(default_factory=list[AwsError])
    answered: bool = False
    trail_whole: bool = True
    truncated: bool = False


class AwsChanges:
    """The Changes port."""

    def __init__(
        self,
        trail: Trail,
        functions: Functions,
        calls: Calls,
        clock: Clock,
        kinship: Kinship | None = None,
        policies: Policies | None = None,
    ) -> None:
        """`kinship` finds changes of roles and event source mappings; None leaves them out.

        `policies` finds those of managed policies likewise.
        """
        self._kinship = kinship
        self._policies = policies
        self._trail = trail
        self._functions = functions
        self._calls = calls
        self._clock = clock

    def changes(self, resources: Sequence[Resource], window: Window) -> ChangeFeed:
        """Changes of these resources in the window, oldest first; see the port."""
        budget = self._calls.budget()
        reading = _Reading()
        now = self._clock.account_now()
        asked = _within_retention(window, now, reading)
        if asked is not None:
            self._read_trail(resources, asked, reading, budget)
        for resource in resources:
            if resource.kind is ResourceKind.FUNCTION:
                self._read_versions(resource, window, reading, budget)
        if reading.errors and not reading.answered:
            raise reading.errors[0]
        return ChangeFeed(
            window=window,
            changes=tuple(_in_order(reading.changes)),
            complete_until=_complete_until(window, now, reading),
            gaps=tuple(reading.gaps),
            truncated=reading.truncated,
            request_ids=tuple(budget.request_ids),
        )

    def _read_trail(
        self, resources: Sequence[Resource], window: Window, reading: _Reading, budget: Budget
    ) -> None:
        kin = self._kin(resources, reading, budget)
        record = self._trail.read(resources, window, budget, kin)
        if record.error is not None:
            reading.errors.append(record.error)
            reading.gaps.append(f"CloudTrail could not be read: {record.error}")
            reading.trail_whole = False
        for resource in record.cut:
            reading.truncated, reading.trail_whole = True, False
            reading.gaps.append(f"CloudTrail has more events of {resource.name} than were read")
        edits = self._policy_edits(resources, record, reading, budget)
        for resource in resources:
            if resource.arn in record.events:
                reading.answered = True
                events = [*record.events[resource.arn], *edits.get(resource.arn, ())]
                self._take(resource, events, window, reading, budget)

    def _policy_edits(
        self, resources: Sequence[Resource], record: TrailRecord, reading: _Reading, budget: Budget
    ) -> dict[str, list[TrailEvent]]:
        """Edits of managed policies by ARN of the function whose role has them."""
        if self._policies is None or self._kinship is None or not record.policies:
            return {}
        functions = [one for one in resources if one.kind is ResourceKind.FUNCTION]
        try:
            roles = {one.arn: self._kinship.role(one, budget) for one in functions}
        except AwsError:
            # That the account could not be listed is told where its names were asked for.
            return {}
        asked = [role for role in roles.values() if role]
        matched = self._policies.edits_of(asked, record.policies, budget)
        reading.gaps += matched.gaps
        return {arn: matched.by_role.get(role, []) for arn, role in roles.items()}

    def _kin(
        self, resources: Sequence[Resource], reading: _Reading, budget: Budget
    ) -> dict[str, frozenset[str]]:
        if self._kinship is None:
            return {}
        try:
            return {one.arn: self._kinship.names(one, budget) for one in resources}
        except AwsError as error:
            reading.gaps.append(f"changes of roles and event sources were not looked for: {error}")
            return {}

    def _take(
        self,
        resource: Resource,
        events: list[TrailEvent],
        window: Window,
        reading: _Reading,
        budget: Budget,
    ) -> None:
        """Add the changes of one resource; look further back for what a moved alias left."""
        changes = to_changes(resource, events)
        if any(lacks_before(change) for change in changes):
            try:
                earlier = self._trail.before(resource, window, budget)
            except AwsError as error:
                reading.gaps.append(
                    f"what aliases of {resource.name} pointed at before could not be read: {error}"
                )
            else:
                changes = to_changes(resource, [*events, *earlier])
        reading.changes += [change for change in changes if window.contains(change.at)]

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


def _within_retention(window: Window, now: datetime, reading: _Reading) -> Window | None:
    """The part of the window that CloudTrail keeps; None when it keeps nothing of it."""
    oldest = now - RETENTION
    if window.start >= oldest:
        return window
    reading.trail_whole = window.end > oldest
    reading.gaps.append(
        f"CloudTrail keeps {RETENTION.days} days: nothing before {oldest.isoformat()} was read"
    )
    return Window(start=oldest, end=window.end) if window.end > oldest else None


def _complete_until(window: Window, now: datetime, reading: _Reading) -> datetime:
    if not reading.trail_whole:
        return window.start
    return max(window.start, min(window.end, now - DELIVERY_LAG))


def _in_order(changes: list[Change]) -> list[Change]:
    # Stable: within one second the feed's own order is kept.
    once = {
        (change.resource.arn, change.source, change.event_id, change.summary): change
        for change in changes
    }
    return sorted(once.values(), key=lambda change: (change.at, change.resource.arn))
