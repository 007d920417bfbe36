"""The inbox: what waits for whom, told from what is stored; no rows of its own.

Every active incident that does not move by itself gives one item, by its status. Besides, an
incident that nobody has taken on is escalated after a time that depends on its severity, and a job
that keeps failing is told of. All times here are wall times: people wait by the wall's clock.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.domain.commands import Command, permits
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.identity import Actor
from opspilot.domain.inbox import Errand, Inbox, InboxItem
from opspilot.domain.incident import Incident, IncidentStatus, Severity
from opspilot.domain.job import Job, JobKind
from opspilot.domain.plan import Plan, PlanStatus, VerificationOutcome
from opspilot.domain.wording import plural
from opspilot.engine.commands import incident_job_id
from opspilot.engine.execute import to_undo
from opspilot.engine.intake import ACTIVE
from opspilot.engine.plan import NOTHING_TO_PROPOSE
from opspilot.engine.runner import pause_after
from opspilot.errors import ApprovalDenied
from opspilot.ports.store import Store
from opspilot.remediation import approval_state, check_approval

OWNER_WITHIN: Mapping[Severity, timedelta] = {
    Severity.CRITICAL: timedelta(minutes=5),
    Severity.HIGH: timedelta(minutes=15),
    Severity.MEDIUM: timedelta(hours=1),
    Severity.LOW: timedelta(hours=4),
}
"""How long an incident may be active before it is missed that nobody has taken it on."""

FAILING_AFTER = 3
"""Failed runs in a row from which a job counts as failing; fewer are a moment's trouble."""

_LOOKED_AT = 200
_RESPONDER = "a responder"
_SEVERITIES = list(Severity)
_LAPSED = (PlanStatus.EXPIRED, PlanStatus.VOID)
_WORKBENCH_JOBS = {
    JobKind.ALARMS: "alarms cannot be read",
    JobKind.CHECKPOINT: "the audit trail cannot be signed",
}
_NOT_RECOVERED = {
    VerificationOutcome.WORSE: "the signal got worse after {plan}",
    VerificationOutcome.NO_EFFECT: "{plan} had no effect on the signal",
    VerificationOutcome.IMPROVING: "the signal improved after {plan}, but did not recover",
    VerificationOutcome.TOO_LITTLE_DATA: "too little data to tell whether {plan} helped",
}
_AFTER_VERDICT = {
    VerdictStatus.INCONCLUSIVE: (
        Errand.INCONCLUSIVE,
        "the evidence does not settle the cause",
        Command.INVESTIGATE,
    ),
    VerdictStatus.NO_INCIDENT: (
        Errand.NOTHING_FOUND,
        "nothing abnormal was found",
        Command.CLOSE_INCIDENT,
    ),
}


@dataclass(frozen=True)
class _Asking:
    """Who asks, and when (wall time)."""

    store: Store
    actor: Actor
    now: datetime


def inbox(store: Store, actor: Actor, now: datetime) -> Inbox:
    """What waits for whom now.

    Args:
        store: Where everything is.
        actor: Whose own items are marked and come first.
        now: Wall time.
    """
    asking = _Asking(store, actor, now)
    page = store.incidents(ACTIVE, limit=_LOOKED_AT)
    found = [item for incident in page.items for item in _of_incident(incident, asking)]
    found += _of_workbench(asking)
    return Inbox(items=tuple(sorted(found, key=_order)), more=page.cursor is not None)


def _order(item: InboxItem) -> tuple[bool, int, datetime]:
    severity = item.severity or Severity.HIGH
    return not item.mine, _SEVERITIES.index(severity), item.since


def _of_incident(incident: Incident, asking: _Asking) -> Iterator[InboxItem]:
    standing = _STANDING.get(incident.status)
    item = standing(incident, asking) if standing else None
    if item:
        yield item
    if not incident.waits_for:
        yield from _failing_step(incident, asking)
    within = OWNER_WITHIN[incident.severity]
    if incident.owner is None and asking.now - incident.opened_wall >= within:
        minutes = int(within.total_seconds() // 60)
        yield _item(
            incident,
            asking,
            Errand.NO_OWNER,
            f"nobody has taken it on within {plural(minutes, 'minute')}",
            Command.ASSIGN_INCIDENT,
            since=incident.opened_wall,
        )


def _open(incident: Incident, asking: _Asking) -> InboxItem:
    what = "nobody has looked for the cause yet"
    return _item(incident, asking, Errand.INVESTIGATION_WANTED, what, Command.INVESTIGATE)


def _diagnosed(incident: Incident, asking: _Asking) -> InboxItem | None:
    if incident.plan_requested_by is not None:
        return None
    if incident.waits_for == NOTHING_TO_PROPOSE:
        said = incident.last_error or "there is no plan to propose"
        return _item(incident, asking, Errand.NO_PLAN, said, Command.INVESTIGATE)
    investigation = asking.store.investigation(incident.id)
    judged = investigation.ended_wall if investigation else None
    last = next(reversed(asking.store.plans(incident.id)), None)
    if last and last.status in _LAPSED and (judged is None or last.requested_at > judged):
        return _lapsed(incident, last, asking)
    verdict = investigation.verdict if investigation else None
    errand, what, command = _AFTER_VERDICT.get(
        verdict.status if verdict else VerdictStatus.CONFIRMED,
        (Errand.PLAN_WANTED, "the cause is found, and no plan is open", Command.PROPOSE_PLAN),
    )
    return _item(incident, asking, errand, what, command)


def _lapsed(incident: Incident, plan: Plan, asking: _Asking) -> InboxItem:
    expired = plan.status is PlanStatus.EXPIRED
    what = f"{plan.id} expired" if expired else f"{plan.id} is void: {plan.reason}"
    since = plan.expires_at if expired else _since(incident)
    return _item(
        incident, asking, Errand.PLAN_LAPSED, what, Command.PROPOSE_PLAN, plan=plan, since=since
    )


def _awaiting(incident: Incident, asking: _Asking) -> InboxItem | None:
    plan = asking.store.plan(incident.plan_id) if incident.plan_id else None
    if plan is None or asking.now >= plan.expires_at:
        return None  # the worker drops an expired plan at once
    state = approval_state(plan, asking.now)
    since = max((one.decided_at for one in plan.approvals), default=plan.requested_at)
    does = plan.actions[0].summary if plan.actions else plan.id
    if state.satisfied:
        what = f"{plan.id} is approved and waits to be executed: {does}"
        return _item(
            incident,
            asking,
            Errand.EXECUTION_WANTED,
            what,
            Command.EXECUTE_PLAN,
            plan=plan,
            since=since,
        )
    item = _item(
        incident,
        asking,
        Errand.APPROVAL_WANTED,
        f"{plan.id} waits for {state.missing}: {does}",
        Command.APPROVE_PLAN,
        plan=plan,
        since=since,
    )
    wanted = f"an approver other than {plan.requested_by.name}"
    open_to_asker = state.missing == "an approval"
    return item.model_copy(
        update={
            "waits_for": "an approver" if open_to_asker else wanted,
            "mine": _may_approve(plan, asking),
        }
    )


def _may_approve(plan: Plan, asking: _Asking) -> bool:
    try:
        check_approval(plan, asking.actor, plan.digest, asking.now)
    except ApprovalDenied:
        return False
    return True


def _failed(incident: Incident, asking: _Asking) -> InboxItem:
    plan = asking.store.plan(incident.plan_id) if incident.plan_id else None
    if plan is None or not plan.runs:
        said = incident.last_error or "the investigation failed"
        return _item(incident, asking, Errand.INVESTIGATION_FAILED, said, Command.INVESTIGATE)
    errand, what = _why_failed(incident, plan)
    command = Command.UNDO_PLAN if to_undo(plan) else Command.INVESTIGATE
    return _item(incident, asking, errand, what, command, plan=plan)


def _why_failed(incident: Incident, plan: Plan) -> tuple[Errand, str]:
    if any(run.undo and run.status == "failed" for run in plan.runs):
        return Errand.ROLLBACK_FAILED, f"{plan.id} could not be taken back: {plan.reason}"
    outcome = plan.verification.outcome if plan.verification else None
    if outcome is not None and outcome in _NOT_RECOVERED:
        return Errand.NOT_RECOVERED, _NOT_RECOVERED[outcome].format(plan=plan.id)
    return Errand.EXECUTION_FAILED, f"{plan.id} failed: {plan.reason or incident.last_error}"


_STANDING: dict[IncidentStatus, Callable[[Incident, _Asking], InboxItem | None]] = {
    IncidentStatus.OPEN: _open,
    IncidentStatus.DIAGNOSED: _diagnosed,
    IncidentStatus.AWAITING_APPROVAL: _awaiting,
    IncidentStatus.FAILED: _failed,
}


def _failing_step(incident: Incident, asking: _Asking) -> Iterator[InboxItem]:
    job = asking.store.job(incident_job_id(incident.id))
    if job is not None and job.attempts >= FAILING_AFTER:
        yield _item(
            incident,
            asking,
            Errand.JOB_FAILING,
            f"its step failed {job.attempts} times in a row: {job.last_error}",
            None,
            since=_failing_since(job, asking.now),
        )


def _of_workbench(asking: _Asking) -> Iterator[InboxItem]:
    for kind, what in _WORKBENCH_JOBS.items():
        job = asking.store.job(kind)
        if job is not None and job.attempts >= FAILING_AFTER:
            yield InboxItem(
                errand=Errand.JOB_FAILING,
                what=f"{what}: {job.last_error}",
                waits_for=_RESPONDER,
                since=_failing_since(job, asking.now),
                mine=permits(asking.actor, Command.INVESTIGATE),
            )


def _failing_since(job: Job, now: datetime) -> datetime:
    """About when it began to fail: the pauses between its attempts, counted back."""
    pauses = sum((pause_after(number) for number in range(job.attempts)), timedelta())
    return min((job.due_at or now) - pauses, now)


def _since(incident: Incident) -> datetime:
    return incident.status_since or incident.opened_wall


def _item(
    incident: Incident,
    asking: _Asking,
    errand: Errand,
    what: str,
    command: Command | None,
    *,
    plan: Plan | None = None,
    since: datetime | None = None,
) -> InboxItem:
    owner, actor = incident.owner, asking.actor
    able = permits(actor, command or Command.INVESTIGATE)
    return InboxItem(
        errand=errand,
        incident_id=incident.id,
        plan_id=plan.id if plan else "",
        title=incident.title,
        severity=incident.severity,
        what=what,
        waits_for=owner.name if owner else _RESPONDER,
        since=since or _since(incident),
        command=command,
        mine=able and (owner is None or owner.id == actor.id),
    )
