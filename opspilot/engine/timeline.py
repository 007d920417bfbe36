"""What happened when, from all records together, in the order of the account's clock."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from opspilot.domain.audit import AuditEntry
from opspilot.domain.change import Change
from opspilot.domain.evidence import ChangesDetail, Evidence, MetricDetail
from opspilot.domain.identity import SYSTEM
from opspilot.domain.model import Json

Kind = Literal["change", "breach", "person", "system"]

_TOO_FINE = frozenset(
    {
        "evidence.collected",
        "incident.verdict_reached",
        "incident.plan_proposed",
        "incident.actions_settled",
        "incident.execution_started",
        "action.intent",
        "action.outcome",
    }
)
"""Entries that would drown the rest, or only echo another; the audit trail has them all."""


@dataclass(frozen=True)
class Happening:
    """One line of the timeline.

    Attributes:
        at: Account time.
    """

    at: datetime
    kind: Kind
    who: str
    what: str
    evidence_id: str = ""


def timeline(evidence: Sequence[Evidence], audit: Sequence[AuditEntry]) -> tuple[Happening, ...]:
    """Changes, onsets and audited steps, oldest first."""
    told = [*_changes(evidence), *_onsets(evidence), *_audited(audit)]
    return tuple(sorted(told, key=lambda one: one.at))


def changes_of(evidence: Sequence[Evidence]) -> tuple[Change, ...]:
    """All changes that the ledger holds, oldest first, each once."""
    found = {
        (change.at, change.resource.arn, change.summary): change
        for item in evidence
        if isinstance(item.detail, ChangesDetail)
        for change in item.detail.changes
    }
    return tuple(sorted(found.values(), key=lambda change: change.at))


def told_of(entry: AuditEntry) -> str:
    """An audit entry in words, without its actor."""
    tell = _SENTENCES.get(entry.action_type)
    plain = entry.action_type.replace(".", " ").replace("_", " ")
    said = tell(entry) if tell else plain
    about = "" if tell or entry.subject == entry.chain else f" {entry.subject}"
    failed = f": {entry.error}" if entry.error and entry.error not in said else ""
    return f"{said}{about}{failed}"


def _changes(evidence: Sequence[Evidence]) -> Iterator[Happening]:
    for change in changes_of(evidence):
        what = f"{change.resource.name}: {change.summary}"
        yield Happening(change.at, "change", change.actor or change.source, what)


def _onsets(evidence: Sequence[Evidence]) -> Iterator[Happening]:
    seen: set[tuple[datetime, str, str]] = set()
    for item in evidence:
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


def _audited(audit: Sequence[AuditEntry]) -> Iterator[Happening]:
    for entry in audit:
        if entry.action_type not in _TOO_FINE:
            person = entry.actor.id != SYSTEM.id
            kind: Kind = "person" if person else "system"
            yield Happening(entry.at, kind, entry.actor.name, told_of(entry))


def _given(entry: AuditEntry, name: str) -> str:
    return _text(entry.input, name)


def _came(entry: AuditEntry, name: str) -> str:
    return _text(entry.result, name)


def _text(values: Json, name: str) -> str:
    if not isinstance(values, Mapping):
        return ""
    value = cast("Mapping[str, Json]", values).get(name)
    return "" if value is None else str(value).replace("_", " ")


def _because(entry: AuditEntry) -> str:
    reason = _given(entry, "reason") or entry.error
    return f": {reason}" if reason else ""


def _measured(entry: AuditEntry) -> str:
    found: Json = entry.result
    results = cast("list[Json]", found if isinstance(found, list) else [])
    told = [_text(one, "sentence") for one in results]
    return f"measured: {'; '.join(filter(None, told)) or 'no datapoint yet'}"


def _verdict(entry: AuditEntry) -> str:
    cause, arn = _came(entry, "cause_class").rsplit(".", 1)[-1], _came(entry, "resource")
    named = f", {cause} in {arn.rsplit(':', 1)[-1]}" if cause else ""
    return f"reached a verdict: {_came(entry, 'status')}{named}"


_SENTENCES: dict[str, Callable[[AuditEntry], str]] = {
    "incident.opened": lambda one: f"opened the incident{_because(one)}",
    "incident.joined": lambda one: f"added a report to this incident{_because(one)}",
    "incident.alarm_returned": lambda one: f"saw the alarm go back to OK{_because(one)}",
    "incident.severity_set": lambda one: (
        f"changed the severity from {_given(one, 'from')} to {_given(one, 'to')}{_because(one)}"
    ),
    "incident.owner_set": lambda one: (
        f"changed the owner from {_given(one, 'from')} to {_given(one, 'to')}"
    ),
    "note.written": lambda one: f"noted: {one.input.get('text', '')}",
    "incident.closed": lambda one: f"closed the incident{_because(one)}",
    "investigation.started": lambda one: f"started investigation {_given(one, 'number')}",
    "investigation.stopped": lambda one: (
        f"stopped investigation {_given(one, 'number')} with what there was"
    ),
    "investigation.failed": lambda one: f"the investigation failed{_because(one)}",
    "verdict.reached": _verdict,
    "plan.requested": lambda _: "asked for a plan",
    "plan.none": lambda one: f"no plan could be made{_because(one)}",
    "plan.proposed": lambda one: f"got plan {one.subject} proposed, {_came(one, 'risk')} risk",
    "plan.approved": lambda one: f"approved plan {one.subject}",
    "plan.rejected": lambda one: f"rejected plan {one.subject}{_because(one)}",
    "plan.withdrawn": lambda one: f"withdrew plan {one.subject}{_because(one)}",
    "plan.expired": lambda one: f"let plan {one.subject} expire: nobody approved it in time",
    "plan.void": lambda one: f"voided plan {one.subject}{_because(one)}",
    "plan.failed": lambda one: f"gave plan {one.subject} up{_because(one)}",
    "plan.execution_started": lambda one: f"started plan {one.subject}",
    "plan.undo_started": lambda one: f"started to undo plan {one.subject}",
    "plan.undone": lambda one: f"plan {one.subject} is undone",
    "action.settled": lambda one: f"action {one.subject} is in force",
    "action.refused": lambda one: f"action {one.subject} was refused{_because(one)}",
    "action.drift": lambda one: f"found {one.subject} changed since the approval{_because(one)}",
    "action.outcome_unknown": lambda one: f"what became of action {one.subject} is not known",
    "action.reconciled": lambda one: f"action {one.subject} was found as it should be",
    "verification.started": lambda _: "began to observe the original signal",
    "verification.measured": _measured,
    "verification.ended": lambda one: f"ended the observation: {_came(one, 'outcome')}",
    "function.test_intent": lambda one: f"began to test {one.subject}",
    "function.tested": lambda one: f"tested {one.subject}: {_came(one, 'outcome') or 'not sent'}",
    "fault.injected": lambda one: f"injected the fault {one.subject} into the embedded account",
    "fault.reset": lambda _: "took every fault of the embedded account back",
    "clock.set": lambda one: f"let the account's clock run {one.result} times real time",
    "capsule.exported": lambda _: "took the incident out as a capsule",
    "postmortem.saved": lambda one: f"saved the post-mortem, version {_came(one, 'version')}",
    "command.refused": lambda one: f"was refused to {_given(one, 'command')}{_because(one)}",
    "audit.anchor": lambda _: "anchored the ends of the chains",
}
"""By action type; one without a sentence is told by its name."""
