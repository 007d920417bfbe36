"""How a resource is configured now against what an earlier ledger kept of it; pure.

CloudTrail leaves environment variables out, lags, and may be denied; what an investigation read
weeks ago is still in its ledger. Both sides are compared as the ledger keeps them: redacted.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from opspilot.domain.change import Change, ChangeKind
from opspilot.domain.evidence import (
    ChangesDetail,
    ChangesRequest,
    ConfigurationDetail,
    Evidence,
    LimitsDetail,
    QueueDetail,
    StreamDetail,
    TableDetail,
)
from opspilot.domain.resource import Resource
from opspilot.domain.window import Window
from opspilot.domain.workload import EventSource, FunctionConfiguration, TableConfiguration
from opspilot.engine.questions import Question
from opspilot.engine.reading import Reading

_SETTINGS: dict[str, tuple[str, ...]] = {
    "function": (
        "runtime", "timeout_seconds", "memory_mb", "reserved_concurrency", "role", "dead_letter",
        "async_max_retries", "async_max_age_seconds",
    ),
    "table": ("billing", "read_capacity", "write_capacity"),
    "queue": (
        "visibility_timeout_seconds", "retention_seconds", "dead_letter", "maximum_receives",
    ),
    "stream": ("shards", "mode", "retention_hours"),
    "limits": ("concurrent_executions",),
}  # fmt: skip
_CAPACITY = ("capacity", "concurrency", "billing", "shards", "concurrent", "scaling")
_OF_LATEST = frozenset({"runtime", "timeout_seconds", "memory_mb", "role", "code", "environment"})
"""What moves a function's own date of modification."""

Settings = dict[str, str]


def earlier_of(
    earlier: Sequence[Evidence], ledger: Sequence[Evidence], until: datetime
) -> dict[Resource, Evidence]:
    """The newest entry from before `until` of each configuration that the ledger holds as well."""
    read = {item.resource for item in ledger if _settings(item) is not None}
    return {
        item.resource: item
        for item in sorted(earlier, key=lambda one: one.collected_at)
        if item.resource in read and item.collected_at <= until and _settings(item) is not None
    }


def compared(question: Question, before: Evidence, ledger: Sequence[Evidence]) -> Reading:
    """What differs, without what a feed of changes has told already."""
    now = next(
        item
        for item in reversed(ledger)
        if item.resource == question.resource and _settings(item) is not None
    )
    was, is_now = _settings(before) or {}, _settings(now) or {}
    told = _told(question.resource, ledger, before.collected_at)
    differing = {
        name for name in was.keys() | is_now.keys() if was.get(name) != is_now.get(name)
    } - told
    changes = tuple(
        _change(kind, names, (before, was), (now, is_now))
        for kind, names in sorted(_by_kind(differing).items())
    )
    detail = ChangesDetail(changes=changes, complete_until=now.collected_at)
    since = f"{before.incident_id} read it at {before.collected_at:%Y-%m-%d %H:%M} UTC"
    said = "; ".join(change.summary for change in changes)
    name = question.resource.name
    return Reading(
        detail=detail,
        finding=f"{name}: {said}, since {since}" if said else f"{name}: as it was when {since}",
        snapshot=detail.model_dump(mode="json"),
        window=Window(start=before.collected_at, end=max(now.collected_at, now.window.end)),
    )


def _settings(item: Evidence) -> Settings | None:
    """What an entry tells of a configuration, flat; None for any other entry."""
    detail = item.detail
    match detail:
        case ConfigurationDetail():
            found = _plain("function", detail.function) | _of_function(detail.function)
        case TableDetail():
            found = _plain("table", detail.table) | _of_table(detail.table)
        case QueueDetail():
            found = _plain("queue", detail.queue) | _sources(detail.queue.consumers)
        case StreamDetail():
            found = _plain("stream", detail.stream) | _sources(detail.stream.consumers)
        case LimitsDetail():
            found = _plain("limits", detail.limits)
        case _:
            return None
    return found


def _plain(kind: str, configuration: object) -> Settings:
    values = {name: getattr(configuration, name) for name in _SETTINGS[kind]}
    return {
        name: value.arn if isinstance(value, Resource) else str(value)
        for name, value in values.items()
        if value not in (None, "")
    }


def _of_function(function: FunctionConfiguration) -> Settings:
    found = {"code": function.code_sha256} if function.code_sha256 else {}
    found |= {
        f"alias {alias.name}": " ".join(
            [alias.version, *(f"{name}:{share:g}" for name, share in sorted(alias.weights.items()))]
        )
        for alias in function.aliases
    }
    if function.environment_read:
        found |= {f"environment {name}": value for name, value in function.environment.items()}
    return found | _sources(function.event_sources)


def _of_table(table: TableConfiguration) -> Settings:
    found: Settings = {}
    for index in table.indexes:
        found[f"{index.name}.read_capacity"] = str(index.read_capacity)
        found[f"{index.name}.write_capacity"] = str(index.write_capacity)
    for one in table.autoscaling:
        found[f"scaling {one.target} {one.dimension}"] = f"{one.minimum} to {one.maximum}"
    return found


def _sources(sources: Iterable[EventSource]) -> Settings:
    found: Settings = {}
    for one in sources:
        place = f"{one.source.name} for {one.function.name}"
        found[f"polling {place}"] = "enabled" if one.enabled else "disabled"
        found[f"batch_size {place}"] = str(one.batch_size)
        found[f"maximum_concurrency {place}"] = str(one.maximum_concurrency)
    return found


def _told(resource: Resource, ledger: Sequence[Evidence], since: datetime) -> set[str]:
    """Settings of which a feed says that they changed since then."""
    told: set[str] = set()
    for item in ledger:
        if not (
            isinstance(item.detail, ChangesDetail) and isinstance(item.request, ChangesRequest)
        ):
            continue
        for change in item.detail.changes:
            if change.resource == resource and change.at >= since:
                told |= {*change.after, *change.before}
                told |= {f"alias {change.after.get('alias')}"} if "alias" in change.after else set()
                told |= {"code"} if "code_sha256" in change.after else set()
    return told


def _by_kind(names: Iterable[str]) -> dict[ChangeKind, list[str]]:
    found: dict[ChangeKind, list[str]] = {}
    for name in sorted(names):
        found.setdefault(_kind(name), []).append(name)
    return found


def _kind(name: str) -> ChangeKind:
    if name == "code" or name.startswith("alias "):
        return "release"
    if name == "role":
        return "permission"
    return "capacity" if any(word in name for word in _CAPACITY) else "configuration"


def _change(
    kind: ChangeKind,
    names: Sequence[str],
    before: tuple[Evidence, Settings],
    now: tuple[Evidence, Settings],
) -> Change:
    variables = [name.partition(" ")[2] for name in names if name.startswith("environment ")]
    plain = [name for name in names if not name.startswith("environment ")]
    (earlier, was), (later, is_now) = before, now
    after = {name: is_now[name] for name in plain if name in is_now}
    said = [f"{name} {was.get(name, 'none')} to {is_now.get(name, 'none')}" for name in plain]
    if variables:
        after["environment"] = ", ".join(variables)
        said.append(f"environment variables {', '.join(variables)}")
    return Change(
        at=_latest(names, earlier, later),
        resource=later.resource,
        kind=kind,
        summary=f"{', '.join(said)} (found by comparing)",
        before={name: was[name] for name in plain if name in was},
        after=after,
        source="ledger",
        event_id=f"{earlier.incident_id}:{earlier.id}:{kind}",
        since=earlier.collected_at,
    )


def _latest(names: Sequence[str], earlier: Evidence, later: Evidence) -> datetime:
    """The moment by which it had happened: what AWS dates, or when it was read."""
    detail = later.detail
    dates: list[datetime | None] = []
    if isinstance(detail, ConfigurationDetail) and all(
        name.partition(" ")[0] in _OF_LATEST for name in names
    ):
        dates.append(detail.function.last_modified)
    if isinstance(detail, TableDetail):
        dates += [detail.table.last_increase_at, detail.table.last_decrease_at]
    fitting = [one for one in dates if one and earlier.collected_at < one <= later.collected_at]
    return max(fitting, default=later.collected_at)
