"""Makes the fingerprint of an incident from its record, when it is measured, undone or closed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import cast

from opspilot.domain.audit import AuditEntry
from opspilot.domain.evidence import Evidence, LogDetail, MetricDetail
from opspilot.domain.fingerprint import Fingerprint, Treatment
from opspilot.domain.incident import Incident
from opspilot.domain.model import Json
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.engine.ledger import ledger_of
from opspilot.lifecycle import Trigger
from opspilot.ports.store import Row, Store

_MOST = 24
_LONGEST = 160


ENDS = frozenset(
    {Trigger.RECOVERED, Trigger.NOT_RECOVERED, Trigger.UNDO_SETTLED, Trigger.UNDO_FAILED}
)
"""What happens to an incident after which there is something new to learn from it."""


def left_behind(
    store: Store, now: datetime, incident: Incident, puts: Sequence[Row] = ()
) -> tuple[Fingerprint, ...]:
    """The fingerprint to commit beside these rows; none of an incident that taught nothing.

    Args:
        store: What is on record.
        now: Account time.
        incident: As it will stand.
        puts: Rows of the same commit; a plan among them counts instead of the stored one.
    """
    changed = {row.id: row for row in puts if isinstance(row, Plan)}
    plans = [changed.get(one.id, one) for one in store.plans(incident.id)]
    made = _fingerprint(store, incident, plans)
    if not (made.cause_class or made.signals or made.errors or made.treatments):
        return ()
    kept = store.fingerprint(incident.id)
    return (made.model_copy(update={"kept_at": now, "version": kept.version if kept else 0}),)


def fingerprint_now(store: Store, incident: Incident) -> Fingerprint:
    """How an incident looks as it stands, whether it has ended or not."""
    return _fingerprint(store, incident, store.plans(incident.id))


def _fingerprint(store: Store, incident: Incident, plans: Sequence[Plan]) -> Fingerprint:
    investigation = store.investigation(incident.id)
    verdict = investigation.verdict if investigation else None
    cause = verdict.cause if verdict else None
    evidence = store.evidence(incident.id)
    ledger = ledger_of(evidence, investigation.number) if investigation else []
    logs = [item.detail for item in ledger if isinstance(item.detail, LogDetail)]
    return Fingerprint(
        incident_id=incident.id,
        title=incident.title,
        resource=incident.resource,
        kind=incident.resource.kind,
        cause_class=cause.cause_class if cause else "",
        cause_kind=cause.resource.kind if cause else "",
        also=tuple(one.cause_class for one in verdict.causes[1:]) if verdict else (),
        setting=cause.setting if cause else "",
        errors=_bounded(name for log in logs for name in _grown(log)),
        stacks=_bounded(name for log in logs for name in log.stacks),
        patterns=_bounded(one.pattern for log in logs for one in log.patterns),
        signals=_bounded(_moved(ledger, incident)),
        treatments=_treatments(store, incident, plans),
        outcome=incident.outcome,
        opened_at=incident.opened_at,
        kept_at=incident.opened_at,
    )


def _grown(log: LogDetail) -> Iterator[str]:
    """Error types that are more frequent than before."""
    for name, count in log.errors.items():
        if count > log.errors_baseline.get(name, 0):
            yield name


def _moved(ledger: Sequence[Evidence], incident: Incident) -> Iterator[str]:
    for item in ledger:
        detail = item.detail
        if isinstance(detail, MetricDetail) and detail.anomalous:
            where = "own" if item.resource == incident.resource else "near"
            yield f"{where} {detail.signal} {detail.direction}"


def _bounded(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({word[:_LONGEST] for word in words})[:_MOST])


def _treatments(store: Store, incident: Incident, plans: Sequence[Plan]) -> tuple[Treatment, ...]:
    executed = [plan for plan in plans if any(not run.undo for run in plan.runs)]
    if not executed:
        return ()
    named = _causes(store.entries(incident.id, limit=10_000))
    return tuple(
        Treatment(
            plan_id=plan.id,
            cause_class=named.get(plan.id, ""),
            actions=tuple(action.change.type for action in plan.actions),
            summaries=tuple(action.summary for action in plan.actions),
            outcome=plan.verification.outcome if plan.verification else None,
            undone=plan.status is PlanStatus.UNDONE,
        )
        for plan in executed
    )


def _causes(chain: Sequence[AuditEntry]) -> dict[str, str]:
    """Plan to the cause that the verdict before it named; an earlier verdict may be another."""
    found: dict[str, str] = {}
    cause = ""
    for entry in chain:
        if entry.action_type == "verdict.reached":
            result = cast("dict[str, Json]", entry.result or {})
            cause = str(result.get("cause_class") or "")
        elif entry.action_type == "plan.proposed":
            found[entry.subject] = cause
    return found
