"""What happened when, from all records together, in the order of the account's clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.components.surroundings import changes_of
from app.formatting import words
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.identity import SYSTEM
from opspilot.domain.views import IncidentView

Kind = Literal["change", "breach", "person", "system"]

_TOO_FINE = (
    "evidence.collected",
    "incident.verdict_reached",
    "incident.plan_proposed",
    "incident.actions_settled",
)
"""Entries that would drown the rest, or only echo another; the audit tab has them all."""


@dataclass(frozen=True)
class Happening:
    """One line of the timeline."""

    at: datetime
    kind: Kind
    who: str
    what: str
    evidence_id: str = ""


def timeline(view: IncidentView) -> tuple[Happening, ...]:
    """Changes, onsets and audited steps, oldest first."""
    told = [*_changes(view), *_onsets(view), *_audited(view)]
    return tuple(sorted(told, key=lambda one: one.at))


def _changes(view: IncidentView) -> Iterator[Happening]:
    for change in changes_of(view.evidence):
        what = f"{change.resource.name}: {change.summary}"
        yield Happening(change.at, "change", change.actor or change.source, what)


def _onsets(view: IncidentView) -> Iterator[Happening]:
    seen: set[tuple[datetime, str, str]] = set()
    for item in view.evidence:
        detail = item.detail
        if not isinstance(detail, MetricDetail) or not detail.anomalous or detail.onset is None:
            continue
        key = (detail.onset, item.resource.arn, detail.signal)
        if key not in seen:
            seen.add(key)
            about = f" (± {detail.onset_uncertainty_seconds or 0:.0f} s)"
            yield Happening(
                detail.onset, "breach", item.resource.name, item.finding + about, item.id
            )


def _audited(view: IncidentView) -> Iterator[Happening]:
    for entry in view.audit:
        if entry.action_type in _TOO_FINE:
            continue
        about = "" if entry.subject == entry.chain else f" {entry.subject}"
        what = words(entry.action_type.replace(".", " ")) + about
        failed = f": {entry.error}" if entry.error else ""
        person = entry.actor.id != SYSTEM.id
        yield Happening(
            entry.at, "person" if person else "system", entry.actor.name, f"{what}{failed}"
        )
