"""How far an answer in the ledger goes, what falls short and why, and over which time it was asked.

A metric without a datapoint is an answer, and none that speaks for health: it counts on its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.formatting import words
from opspilot.domain.evidence import Evidence, GapDetail, LogDetail, LogRequest, MetricDetail
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Task
from opspilot.domain.telemetry import CallUsage
from opspilot.domain.window import Window
from opspilot.domain.wording import plural

READ, IN_PART, NO_DATA = "read", "in part", "no data"

_MOST_NAMES = 4
_LEAST_USD = 0.0001
_KB, _MB, _GB = 1e3, 1e6, 1e9
_SOURCES = {"metric": "metrics"}
_AS_IT_STANDS = frozenset({"configuration", "limits", "topology"})
_HOURS_OF_A_DAY = 24


@dataclass(frozen=True)
class Shortfall:
    """Answers of one source that fall short in one way.

    Attributes:
        standing: As `standing` says it.
        about: What was asked, "logs of checkout, payments".
        iam_action: The missing permission; empty where that is not why.
        ids: Of the entries, in order.
    """

    standing: str
    about: str
    iam_action: str
    ids: tuple[str, ...]


def standing(item: Evidence) -> str:
    """How far an answer goes: read, in part, no data, or why there is none ("denied")."""
    if isinstance(item.detail, GapDetail):
        return words(item.detail.reason)
    if item.status == "partial":
        return IN_PART
    return NO_DATA if _is_empty(item) else READ


def _is_empty(item: Evidence) -> bool:
    detail = item.detail
    if isinstance(detail, MetricDetail):
        return detail.points == 0
    return isinstance(detail, LogDetail) and detail.lines_incident == 0


def shortfalls(evidence: Iterable[Evidence]) -> list[Shortfall]:
    """What falls short, by way, source and permission; answers without data come last."""
    groups: dict[tuple[str, str, str], list[Evidence]] = {}
    for item in evidence:
        how = standing(item)
        if how != READ:
            action = item.detail.iam_action if isinstance(item.detail, GapDetail) else ""
            groups.setdefault((how, item.request.source, action), []).append(item)
    found = [
        Shortfall(how, f"{words(source)} of {_names(items)}", action, tuple(i.id for i in items))
        for (how, source, action), items in groups.items()
    ]
    return sorted(found, key=lambda one: one.standing == NO_DATA)


def _names(items: Sequence[Evidence]) -> str:
    names = list(dict.fromkeys(item.resource.name for item in items))
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def asked_over(task: Task, item: Evidence | None, incident: Incident) -> str:
    """The source of a question and the time that it is asked about: "metrics, 10:33 to 14:15 UTC".

    Args:
        task: The question.
        item: Its answer; without one the windows are those that the incident gives.
        incident: Whose windows these are.
    """
    kind = task.key.partition(":")[0]
    source = words(_SOURCES.get(kind, kind))
    if kind == "ahead":
        return ""
    if kind in _AS_IT_STANDS:
        return f"{source}, as it stands"
    if kind == "alarms":
        return f"{source}, now and since {_hours(incident.baseline)[0]} UTC"
    if kind == "logs":
        return f"{source}, {_log_windows(item, incident)}"
    window = item.window if item else incident.baseline.joined(incident.window)
    return f"{source}, {between(window)}"


def _log_windows(item: Evidence | None, incident: Incident) -> str:
    if item is None or not isinstance(item.request, LogRequest):
        return f"{between(incident.window)} against as long before"
    asked = item.request
    return f"{between(asked.incident.window)} against {between(asked.baseline.window)}"


def between(window: Window) -> str:
    """A window in hours, with the days where it is longer than one: "10:33 to 14:15 UTC"."""
    start, end = _hours(window)
    return f"{start} to {end} UTC"


def _hours(window: Window) -> tuple[str, str]:
    long = window.length.total_seconds() >= _HOURS_OF_A_DAY * 3600
    pattern = "%-d %b %H:%M" if long else "%H:%M"
    return window.start.strftime(pattern), window.end.strftime(pattern)


def cost(usage: CallUsage) -> str:
    """What reading cost: calls, bytes of logs and dollars, none of them left out."""
    calls = plural(usage.api_calls, "AWS call")
    return f"{calls}, {data_volume(usage.bytes_scanned)} of logs scanned, {dollars(usage.usd)}"


def spent(usage: CallUsage) -> str:
    """What one question cost, in short; empty where it cost no call of its own."""
    if not usage.api_calls:
        return ""
    scanned = f", {data_volume(usage.bytes_scanned)}" if usage.bytes_scanned else ""
    return f"{plural(usage.api_calls, 'call')}{scanned}"


def data_volume(count: float) -> str:
    """Bytes in their largest fitting unit: "0 bytes", "820 kB", "12.4 MB"."""
    for unit, size in (("GB", _GB), ("MB", _MB), ("kB", _KB)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return plural(count, "byte")


def dollars(usd: float) -> str:
    """An estimate in dollars, never rounded to nothing."""
    if usd <= 0:
        return "0 USD"
    return f"about {usd:.4f} USD" if usd >= _LEAST_USD else f"below {_LEAST_USD:.4f} USD"
