"""CloudTrail's event history: who changed what.

Limits kept: 2 look-ups a second, 50 events a page, one attribute a look-up. Several resources are
therefore first asked for together, as all changing events of the account; only where that is too
much to read is each asked for by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.changes_data import TrailEvent, to_event
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.resource import Resource
from opspilot.domain.window import Window
from opspilot.errors import AwsError

if TYPE_CHECKING:
    from types_boto3_cloudtrail.client import CloudTrailClient
    from types_boto3_cloudtrail.literals import LookupAttributeKeyType
    from types_boto3_cloudtrail.type_defs import LookupEventsRequestTypeDef

_PAGE = 50
_PAGES_OF_ACCOUNT = 3
_LOOK_BACK = timedelta(days=14)
_MOST_KIN = 4
_IAM = "iam.amazonaws.com"
_API_GATEWAY = "apigateway.amazonaws.com"


@dataclass
class TrailRecord:
    """What the trail tells of some resources.

    Attributes:
        events: Changing events by ARN, newest first; a resource that was not read is absent.
        cut: Resources of which there is more than could be read in time.
        error: Why the resources that are absent could not be read.
        policies: Edits of managed policies, whoever has them, newest first.
    """

    events: dict[str, list[TrailEvent]] = field(default_factory=dict[str, list[TrailEvent]])
    cut: list[Resource] = field(default_factory=list[Resource])
    error: AwsError | None = None
    policies: list[TrailEvent] = field(default_factory=list[TrailEvent])


class Trail:
    """Reads the event history."""

    def __init__(
        self, client: "CloudTrailClient", calls: Calls, roles: "CloudTrailClient | None" = None
    ) -> None:
        """`roles` is the client of the region that records changes of roles, if another one."""
        self._client = client
        self._calls = calls
        self._roles = Trail(roles, calls) if roles is not None else None

    def read(
        self,
        resources: Sequence[Resource],
        window: Window,
        budget: Budget,
        kin: Mapping[str, frozenset[str]],
    ) -> TrailRecord:
        """Changing events of these resources in a window; a failure is in the record.

        Args:
            resources: Whose changes.
            window: When.
            budget: What the port call may still take.
            kin: Further names by ARN under which changes are filed.
        """
        record = TrailRecord()
        try:
            several = len(resources) > 1 or any(kin.values())
            if not (several and self._read_together(resources, window, record, budget, kin)):
                for resource in resources:
                    self._read_one(resource, window, record, budget, kin)
                if self._roles is None and any(kin.values()):
                    events, _ = self._pages("EventSource", _IAM, window, budget, 1)
                    record.policies = _edits(events)
            if self._roles is not None and any(kin.values()):
                events, _ = self._roles._pages("EventSource", _IAM, window, budget, 1)
                _add(record, events, resources, kin)
                record.policies = _edits(events)
        except AwsError as error:
            record.error = error
        return record

    def before(self, resource: Resource, window: Window, budget: Budget) -> list[TrailEvent]:
        """The newest page of changing events of a resource from the two weeks before a window.

        Raises:
            AwsError: It could not be read.
        """
        earlier = window.before(_LOOK_BACK)
        answer = self._page("ResourceName", resource.identifier, earlier, "", budget)
        return _to_events(answer)

    def _read_together(
        self,
        resources: Sequence[Resource],
        window: Window,
        record: TrailRecord,
        budget: Budget,
        kin: Mapping[str, frozenset[str]],
    ) -> bool:
        """Fill the record from the account's changing events; False when they are too many."""
        events, whole = self._pages("ReadOnly", "false", window, budget, _PAGES_OF_ACCOUNT)
        if whole:
            record.policies = _edits(events)
            record.events = {
                resource.arn: [
                    event for event in events if event.concerns(resource, kin.get(resource.arn, ()))
                ]
                for resource in resources
            }
        return whole

    def _read_one(
        self,
        resource: Resource,
        window: Window,
        record: TrailRecord,
        budget: Budget,
        kin: Mapping[str, frozenset[str]],
    ) -> None:
        """CloudTrail files an event under the name as the caller wrote it: ask for both forms.

        Under no name at all it files what happens to HTTP APIs: ask for all of API Gateway's.
        """
        found: dict[str, TrailEvent] = {}
        further = sorted(kin.get(resource.arn, ()))[:_MOST_KIN]
        asked: list[tuple[LookupAttributeKeyType, str]] = [
            ("ResourceName", name)
            for name in dict.fromkeys((resource.identifier, resource.arn, *further))
        ]
        if resource.is_http_api:
            asked = [("EventSource", _API_GATEWAY)]
        for attribute, name in asked:
            events, whole = self._pages(attribute, name, window, budget)
            theirs = [one for one in events if not resource.is_http_api or one.concerns(resource)]
            found.update({event.id: event for event in theirs})
            if not whole and resource not in record.cut:
                record.cut.append(resource)
        record.events[resource.arn] = list(found.values())

    def _pages(
        self,
        attribute: "LookupAttributeKeyType",
        value: str,
        window: Window,
        budget: Budget,
        most: int | None = None,
    ) -> tuple[list[TrailEvent], bool]:
        """Changing events, and whether the last page was reached within `most` and in time."""
        events: list[TrailEvent] = []
        token, seen = "", set[str]()
        while True:
            answer = self._page(attribute, value, window, token, budget)
            events += _to_events(answer)
            token = str(answer.get("NextToken") or "")
            if not token:
                return events, True
            if token in seen or budget.spent or len(seen) + 1 == most:
                return events, False
            seen.add(token)

    def _page(
        self,
        attribute: "LookupAttributeKeyType",
        value: str,
        window: Window,
        token: str,
        budget: Budget,
    ) -> Mapping[str, Any]:
        request = _to_request(attribute, value, window, token)
        return self._calls.send(
            operations.LOOKUP_EVENTS,
            budget,
            lambda: self._client.lookup_events(**request),
            resource=value if attribute == "ResourceName" else "",
        )


def _add(
    record: TrailRecord,
    events: Sequence[TrailEvent],
    resources: Sequence[Resource],
    kin: Mapping[str, frozenset[str]],
) -> None:
    """Add changes of roles, which are global and recorded in one region alone."""
    for resource in resources:
        theirs = [event for event in events if event.concerns(resource, kin.get(resource.arn, ()))]
        record.events.setdefault(resource.arn, []).extend(theirs)


def _edits(events: Sequence[TrailEvent]) -> list[TrailEvent]:
    return [event for event in events if event.edited_policy]


def _to_request(
    attribute: "LookupAttributeKeyType", value: str, window: Window, token: str
) -> "LookupEventsRequestTypeDef":
    request: LookupEventsRequestTypeDef = {
        "LookupAttributes": [{"AttributeKey": attribute, "AttributeValue": value}],
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
