"""CloudTrail's records, turned into changes; pure.

Source: the CloudTrail record contents reference; Lambda's event names carry the date of an API
version ("UpdateAlias20150331", "UpdateFunctionConfiguration20150331v2"). Lambda leaves environment
variables out of its records, and what slips through is not taken over: that they were set, yes.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from opspilot.adapters.aws.change_kinds import KINDS, WORDS
from opspilot.adapters.aws.change_settings import settings_in
from opspilot.domain.change import Change
from opspilot.domain.resource import Resource, ResourceKind, lambda_function
from opspilot.domain.workload import FunctionVersion

_API_VERSION = re.compile(r"20\d{6}(v\d+)?$")
_READS = ("Get", "List", "Describe", "Lookup", "Head", "BatchGet", "Query", "Scan", "Search")

_MAPPINGS = frozenset(
    {"CreateEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping"}
)
_PARTS_OF_API = ("integrationId", "routeId")
_TAKES_AWAY = frozenset({"DeleteRolePolicy", "DetachRolePolicy"})
_KEPT_WORDS = frozenset({"alias", "policy"})
"""Names rather than values: told even where they did not change."""


@dataclass(frozen=True)
class TrailEvent:
    """One management event that changed something.

    Attributes:
        name: Event name without API version, "UpdateAlias".
        asked: Request parameters; `answered`: response elements.
        names: Names and ARNs of the resources that CloudTrail filed the event under, and of the
            one that the request names.
    """

    id: str
    at: datetime
    name: str
    actor: str
    asked: Mapping[str, Any]
    answered: Mapping[str, Any]
    names: frozenset[str] = frozenset()

    def concerns(self, resource: Resource, kin: Collection[str] = ()) -> bool:
        """Whether the event is about this resource, or about one of those further names."""
        return bool(self.names & {resource.identifier, resource.arn, *kin})

    @property
    def edited_policy(self) -> str:
        """ARN of the managed policy that says something else from now on; empty for no such edit.

        A version that is not made the default changes nothing.
        """
        told = self.name == "SetDefaultPolicyVersion" or (
            self.name == "CreatePolicyVersion"
            and str(self.asked.get("setAsDefault")).lower() == "true"
        )
        return str(self.asked.get("policyArn") or "") if told else ""

    @property
    def polled_for(self) -> str:
        """Name of the function whose event source mapping changed; empty for other events."""
        if self.name not in _MAPPINGS:
            return ""
        told = (self.asked.get("functionName"), self.answered.get("functionArn"))
        return next((_function_name(str(one)) for one in told if one), "")


def to_event(item: Mapping[str, Any]) -> TrailEvent | None:
    """The event of a LookupEvents item; None for reads and for calls that failed."""
    record = _record(item)
    name = _API_VERSION.sub("", str(item.get("EventName") or record.get("eventName") or ""))
    says_read = {str(item.get("ReadOnly")).lower(), str(record.get("readOnly")).lower()}
    if "true" in says_read or name.startswith(_READS) or record.get("errorCode"):
        return None
    asked: dict[str, Any] = record.get("requestParameters") or {}
    answered: dict[str, Any] = record.get("responseElements") or {}
    filed = {str(each.get("ResourceName")) for each in item.get("Resources") or ()}
    return TrailEvent(
        id=str(item.get("EventId") or record.get("eventID") or ""),
        at=cast(datetime, item["EventTime"]).astimezone(UTC),
        name=name,
        actor=str(item.get("Username") or ""),
        asked=asked,
        answered=answered,
        names=frozenset(filed | _named_in(asked, answered)),
    )


def _named_in(*elements: Mapping[str, Any]) -> set[str]:
    """Names in a request or answer; a function may be named by an ARN, and qualified."""
    found: set[str] = set()
    for one in elements:
        found |= {
            _function_name(str(one.get(key) or "")) for key in ("functionName", "functionArn")
        }
        found.add(str(one.get("queueUrl") or "").rpartition("/")[2])
        found |= {str(one.get(key) or "") for key in _NAMING}
        found.add(_source_name(str(one.get("eventSourceArn") or "")))
    return found - {""}


_NAMING = (
    "tableName",
    "streamName",
    "roleName",
    "restApiId",
    "apiId",
    "uUID",
    "uuid",
    "eventSourceArn",
)


def _function_name(text: str) -> str:
    return text.rpartition("function:")[2].partition(":")[0]


def _source_name(arn: str) -> str:
    """Of a queue, a stream, or the table whose stream it is."""
    rest = arn.split(":", 5)[-1]
    return rest.split("/")[1] if "/" in rest else rest


def _record(item: Mapping[str, Any]) -> dict[str, Any]:
    try:
        record: Any = json.loads(str(item.get("CloudTrailEvent") or "{}"))
    except ValueError:
        return {}
    return cast(dict[str, Any], record) if isinstance(record, dict) else {}


def to_changes(resource: Resource, events: Sequence[TrailEvent]) -> list[Change]:
    """Changes of a resource, oldest first, from its events, newest first.

    Times are whole seconds, so within one second the order of the events is kept. What was there
    before is taken from the preceding event of the same alias or setting, so events from before
    the window may be given as well; where there is none, `before` stays empty.
    """
    known: dict[str, dict[str, str]] = {}
    changes: list[Change] = []
    oldest_first = list(reversed(events))
    oldest_first.sort(key=lambda event: event.at)
    for event in oldest_first:
        so_far = known.setdefault(_subject(event), {})
        before, after = _difference(so_far, _after(event))
        so_far.update({**settings_in(event.name, event.answered), **_after(event)})
        if event.name in _TAKES_AWAY:
            before, after = after, {}
        if event.asked.get("environment") is not None:
            after = {**after, "environment": "set"}
        changes.append(
            Change(
                at=event.at,
                resource=_owner(event, resource),
                kind=KINDS.get(event.name, "other"),
                summary=_summary(event, before, after),
                actor=event.actor,
                before=before,
                after=after,
                source="cloudtrail",
                event_id=event.id,
            )
        )
    return changes


def published(resource: Resource, version: FunctionVersion) -> Change:
    """The publishing of a version, as the list of versions tells it."""
    return Change(
        at=version.published_at,
        resource=resource,
        kind="other",
        summary=f"version {version.version} published",
        after={"version": version.version},
        source="lambda.versions",
        event_id=f"{resource.name}:{version.version}",
    )


def lacks_before(change: Change) -> bool:
    """Whether a change moved an alias from a version that its events do not tell."""
    return change.kind == "release" and "alias" in change.after and "version" not in change.before


def _owner(event: TrailEvent, resource: Resource) -> Resource:
    """Whose change it is: that of a mapping is the function's, whoever was asked about."""
    function = event.polled_for
    if not function or resource.kind is ResourceKind.FUNCTION:
        return resource
    return lambda_function(resource.account, resource.region, function)


def _subject(event: TrailEvent) -> str:
    """What an event is about: one alias, one mapping, or the resource's own settings."""
    if event.name in _MAPPINGS:
        known = (event.asked.get(key) or event.answered.get(key) for key in ("uUID", "uuid"))
        return f"mapping {next((one for one in known if one), event.id)}"
    if event.name in {"UpdateAlias", "CreateAlias", "DeleteAlias"}:
        return f"alias {event.asked.get('name') or event.answered.get('name') or ''}"
    if event.name == "PublishVersion":
        return f"version {event.id}"
    # Each integration, route and stage of an HTTP API has settings of its own.
    parts = (str(event.asked.get(key) or event.answered.get(key) or "") for key in _PARTS_OF_API)
    return next((f"part {part}" for part in parts if part), "settings")


def _after(event: TrailEvent) -> dict[str, str]:
    if event.name in {"UpdateAlias", "CreateAlias"}:
        return _alias_after(event)
    if event.name == "PublishVersion":
        version = event.answered.get("version")
        return {"version": str(version)} if version else {}
    after = settings_in(event.name, event.asked)
    sha256 = event.answered.get("codeSha256")
    if event.name == "UpdateFunctionCode" and sha256:
        after["code_sha256"] = str(sha256)
    return after


def _alias_after(event: TrailEvent) -> dict[str, str]:
    version = event.asked.get("functionVersion") or event.answered.get("functionVersion")
    alias = event.asked.get("name") or event.answered.get("name")
    after = {"alias": str(alias)} if alias else {}
    return {**after, "version": str(version)} if version else after


def _difference(
    known: Mapping[str, str], asked: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What was there and what is there now, without what stayed; an alias keeps its name."""
    after = {
        name: value
        for name, value in asked.items()
        if name in _KEPT_WORDS or known.get(name) != value
    }
    return {name: known[name] for name in after if name in known and name not in _KEPT_WORDS}, after


def _summary(event: TrailEvent, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    if event.name in {"UpdateAlias", "CreateAlias"} and "version" in after:
        origin = f" from version {before['version']}" if "version" in before else ""
        return f"alias {after.get('alias', '?')} moved{origin} to version {after['version']}"
    if event.name == "PublishVersion":
        return f"version {after['version']} published" if after else "a version published"
    changed = [
        f"{name} {before[name]} to {value}" if name in before else f"{name} {value}"
        for name, value in after.items()
        if name not in ("code_sha256", "environment")
    ]
    if "environment" in after:
        changed.append("environment variables")
    if event.name in _TAKES_AWAY:
        changed = [f"{name} {value}" for name, value in before.items()]
    what = WORDS.get(event.name, event.name)
    return f"{what}: {', '.join(changed)}" if changed else what
