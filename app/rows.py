"""What the linked charts draw: rows made from ledger entries, and changes with their letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from string import ascii_uppercase
from typing import cast

from opspilot.domain.alarm import Alarm
from opspilot.domain.change import Change
from opspilot.domain.evidence import Evidence, MetricDetail, MetricRequest
from opspilot.domain.incident import Incident
from opspilot.domain.resource import ResourceKind
from opspilot.domain.signals import signal_of_query
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window

MOST_ROWS = 7
FIRST_ROWS = 4
"""So many rows are shown unless more are asked for."""

_SAME_ONSET = timedelta(seconds=150)
_NO_ONSET = 10**9


@dataclass(frozen=True)
class Points:
    """A metric with its band, as the ledger keeps it; missing points are absent."""

    times: tuple[datetime, ...]
    values: tuple[float | None, ...]
    lower: tuple[float | None, ...] = ()
    expected: tuple[float | None, ...] = ()
    upper: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row of the linked charts.

    Attributes:
        label: What it is, for the hover; `subtitle`: the same with statistic and period.
        title: The finding.
        threshold: A line that means something on this row, with its words; None without one.
        onset: With its half-width in seconds.
    """

    label: str
    title: str
    subtitle: str
    points: Points
    period: timedelta
    unit: str
    threshold: tuple[float, str] | None = None
    onset: tuple[datetime, float] | None = None


@dataclass(frozen=True)
class Marked:
    """A change with the letter that names it in the chart and in the list."""

    letter: str
    change: Change


def lettered(changes: Sequence[Change], window: Window) -> tuple[Marked, ...]:
    """The changes of a window, oldest first, each with a letter; only the newest when many."""
    inside = sorted((one for one in changes if window.contains(one.at)), key=lambda one: one.at)
    newest = inside[-len(ascii_uppercase) :]
    return tuple(Marked(letter, one) for letter, one in zip(ascii_uppercase, newest, strict=False))


def points_of(item: Evidence) -> Points | None:
    """The stored points of a metric; None when the entry is no metric or holds no point."""
    if not isinstance(item.detail, MetricDetail) or not isinstance(item.snapshot, dict):
        return None
    snapshot = cast("dict[str, list[object]]", item.snapshot)
    times = tuple(datetime.fromisoformat(str(at)) for at in snapshot.get("times", []))

    def column(name: str) -> tuple[float | None, ...]:
        values = cast("list[float | None]", snapshot.get(name) or [])
        return tuple(values) if len(values) == len(times) else ()

    return Points(
        times, column("values"), column("lower"), column("expected"), column("upper")
    ) if times else None  # fmt: skip


def telling(evidence: Sequence[Evidence], incident: Incident) -> list[Evidence]:
    """The metrics worth a row: the symptom first, then what else is anomalous, by onset.

    Onsets that one period cannot tell apart count as one; then what moved most comes first.
    """
    drawable = [item for item in evidence if points_of(item)]
    symptom = [item for item in drawable if _query_of(item) == incident.symptom.query]
    others = [item for item in drawable if item not in symptom and _stands_out(item)]
    onsets = [onset for item in others if (onset := _onset(item))]
    first = min(onsets, default=incident.window.start)
    # What the account as a whole shows repeats what its functions show one by one.
    ordered = sorted(
        others,
        key=lambda item: (
            item.resource.kind is ResourceKind.ACCOUNT,
            _periods_after(first, item),
            -_effect(item),
        ),
    )
    return [*symptom[:1], *ordered]


def most_telling(chosen: Sequence[Evidence]) -> list[Evidence]:
    """The first few of these, of each metric of a resource the statistic that moved most."""
    kept: dict[tuple[str, str], Evidence] = {}
    for item in chosen:
        query = _query_of(item)
        key = (item.resource.arn, query.metric if query else "")
        kept[key] = max(kept.get(key, item), item, key=_effect)
    return list(kept.values())[:FIRST_ROWS]


def row_of(item: Evidence, alarms: Sequence[Alarm] = ()) -> Row | None:
    """One ledger entry as a row; None when it holds no points."""
    points, detail, query = points_of(item), item.detail, _query_of(item)
    if points is None or query is None or not isinstance(detail, MetricDetail):
        return None
    onset = (
        (detail.onset, detail.onset_uncertainty_seconds or 0.0)
        if detail.anomalous and detail.onset
        else None
    )
    return Row(
        label=label(query, item.resource.name),
        title=f"{item.id}  {item.finding}",
        subtitle=subtitle(query, item.resource.name),
        points=points,
        period=timedelta(seconds=query.period_seconds),
        unit=detail.unit,
        threshold=_threshold(query, alarms),
        onset=onset,
    )


def label(query: MetricQuery, resource: str) -> str:
    """What a metric is: "Duration p99 of payments"."""
    signal = signal_of_query(query)
    name = signal.title if signal else f"{query.metric} {query.statistic}"
    return f"{name} of {resource}"


def subtitle(query: MetricQuery, resource: str) -> str:
    """Name, statistic and period: "Duration p99 of payments, p99 per 1 min"."""
    period = query.period_seconds
    length = f"{period // 60} min" if period % 60 == 0 else f"{period} s"
    return f"{label(query, resource)}, {query.statistic} per {length}"


def _query_of(item: Evidence) -> MetricQuery | None:
    return item.request.metric if isinstance(item.request, MetricRequest) else None


def _stands_out(item: Evidence) -> bool:
    return isinstance(item.detail, MetricDetail) and item.detail.anomalous


def _effect(item: Evidence) -> float:
    return abs(item.detail.effect_size) if isinstance(item.detail, MetricDetail) else 0.0


def _onset(item: Evidence) -> datetime | None:
    return item.detail.onset if isinstance(item.detail, MetricDetail) else None


def _periods_after(first: datetime, item: Evidence) -> int:
    """Onset in steps of what one cannot tell apart; metrics without one come last."""
    onset = _onset(item)
    return int((onset - first) / _SAME_ONSET) if onset else _NO_ONSET


def _threshold(query: MetricQuery, alarms: Sequence[Alarm]) -> tuple[float, str] | None:
    alarm = next((one for one in alarms if one.query == query), None)
    return (alarm.threshold, f"alarm {alarm.comparator} {alarm.threshold:,.3g}") if alarm else None
