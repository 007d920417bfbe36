"""What the screens and the command line read; nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.audit import AuditEntry
from opspilot.domain.commands import PERMITTED, Command, permits
from opspilot.domain.evidence import Evidence, MetricDetail
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.identity import Actor
from opspilot.domain.inbox import Inbox
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.investigation import Investigation
from opspilot.domain.job import JobKind
from opspilot.domain.model import Json
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.domain.telemetry import MetricQuery, MetricSeries
from opspilot.domain.views import (
    IncidentPage,
    IncidentRow,
    IncidentView,
    PlanPage,
    PlanRow,
    WorkerState,
)
from opspilot.domain.window import Window
from opspilot.engine.commands import incident_job_id
from opspilot.engine.execute import to_undo
from opspilot.engine.inbox import inbox
from opspilot.engine.ledger import ledger_of
from opspilot.engine.lookups import filed_by_chat
from opspilot.engine.runner import LEASE
from opspilot.errors import OpsPilotError
from opspilot.lifecycle import Trigger, allowed_triggers
from opspilot.ports.clock import Clock
from opspilot.ports.store import Store
from opspilot.ports.telemetry import Metrics
from opspilot.remediation import approval_state, check_approval

_ALIVE_WITHIN = timedelta(seconds=20)
_SPARKLINE = 40

_NEEDS: dict[Command, tuple[Trigger, str]] = {
    Command.INVESTIGATE: (Trigger.INVESTIGATION_STARTED, "an investigation cannot start"),
    Command.PROPOSE_PLAN: (Trigger.PLAN_PROPOSED, "a plan can be made once there is a verdict"),
    Command.CLOSE_INCIDENT: (Trigger.CLOSED, "it cannot be closed"),
    Command.UNDO_PLAN: (Trigger.UNDO_STARTED, "nothing can be undone"),
    Command.WITHDRAW_PLAN: (Trigger.PLAN_DROPPED, "no plan is open"),
    Command.REJECT_PLAN: (Trigger.PLAN_DROPPED, "no plan is open"),
    Command.APPROVE_PLAN: (Trigger.PLAN_DROPPED, "no plan awaits approval"),
    Command.EXECUTE_PLAN: (Trigger.EXECUTION_STARTED, "no plan is open"),
}

_NOT_WHEN_CLOSED = (Command.SET_SEVERITY, Command.ASSIGN_INCIDENT)


@dataclass(frozen=True)
class Queries:
    """Reads, put together for whoever shows them."""

    store: Store
    clock: Clock
    metrics: Metrics

    def counts(self) -> dict[IncidentStatus, int]:
        """Incidents by status."""
        return self.store.counts()

    def incidents(
        self,
        statuses: Sequence[IncidentStatus] = (),
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> IncidentPage:
        """Newest first."""
        page = self.store.incidents(statuses, limit=limit, cursor=cursor)
        return IncidentPage(rows=tuple(map(self._row, page.items)), cursor=page.cursor)

    def incident(self, incident_id: str, actor: Actor) -> IncidentView:
        """Everything about one incident, as this actor may act on it.

        Raises:
            NotFound: There is none.
        """
        incident = self.store.incident(incident_id)
        investigation = self.store.investigation(incident_id)
        plans = self.store.plans(incident_id)
        plan = next((one for one in plans if one.id == incident.plan_id), None)
        job = self.store.job(incident_job_id(incident_id))
        return IncidentView(
            incident=incident,
            investigation=investigation,
            evidence=_in_view(self.store.evidence(incident_id), investigation, plans),
            plans=tuple(plans),
            plan=plan,
            refusals={
                command: self._refusal(command, incident, investigation, plan, actor)
                for command in Command
            },
            worker=self.worker(),
            job_error=job.last_error if job else "",
            audit=self.audit(incident_id),
            notes=tuple(self.store.notes(incident_id)),
        )

    def inbox(self, actor: Actor) -> Inbox:
        """What waits for whom, this actor's own first."""
        return inbox(self.store, actor, self.clock.now())

    def plans(
        self, statuses: Sequence[PlanStatus] = (), *, limit: int = 25, cursor: str | None = None
    ) -> PlanPage:
        """Plans of every incident, newest first."""
        page = self.store.newest_plans(statuses, limit=limit, cursor=cursor)
        return PlanPage(rows=tuple(map(self._plan_row, page.items)), cursor=page.cursor)

    def worker(self) -> WorkerState:
        """Whether some worker is alive, told by its polling job."""
        job = self.store.job(JobKind.ALARMS)
        if job is None:
            return WorkerState(alive=False)
        now = self.clock.now()
        taken = job.lease_until - LEASE if job.lease_until else None
        seen = max(moment for moment in (taken, job.due_at) if moment is not None)
        return WorkerState(alive=now - seen < _ALIVE_WITHIN, last_seen=min(seen, now))

    def series(self, queries: Sequence[MetricQuery], window: Window) -> list[MetricSeries]:
        """Metrics as AWS has them now.

        Raises:
            AwsError: The account did not answer.
        """
        return self.metrics.fetch(queries, window)

    def audit(self, incident_id: str) -> tuple[AuditEntry, ...]:
        """The audit chain of an incident."""
        return tuple(self.store.entries(incident_id, limit=10_000))

    def _plan_row(self, plan: Plan) -> PlanRow:
        missing = ""
        if plan.status in (PlanStatus.PROPOSED, PlanStatus.APPROVED):
            missing = approval_state(plan, self.clock.now()).missing
        title = self.store.incident(plan.incident_id).title
        return PlanRow(plan=plan, title=title, missing=missing)

    def _row(self, incident: Incident) -> IncidentRow:
        investigation = self.store.investigation(incident.id)
        verdict = investigation.verdict if investigation else None
        return IncidentRow(
            incident=incident,
            verdict=in_few_words(verdict) if verdict else "",
            symptom=_sparkline(incident, self.store.evidence(incident.id)),
        )

    def _refusal(
        self,
        command: Command,
        incident: Incident,
        investigation: Investigation | None,
        plan: Plan | None,
        actor: Actor,
    ) -> str:
        if not permits(actor, command):
            return f"{actor.name} is no {' or '.join(sorted(PERMITTED[command]))}"
        if command is Command.STOP_INVESTIGATION:
            gathering = investigation is not None and investigation.phase == "gathering"
            return "" if gathering else "nothing is being gathered"
        if command in _NOT_WHEN_CLOSED and incident.status is IncidentStatus.CLOSED:
            return "the incident is closed"
        needed = _NEEDS.get(command)
        if needed and needed[0] not in allowed_triggers(incident.status):
            return f"{needed[1]}: the incident is {incident.status.replace('_', ' ')}"
        if command is Command.PROPOSE_PLAN and incident.plan_requested_by is not None:
            return "a plan is being made"
        return self._plan_refusal(command, plan, actor)

    def _plan_refusal(self, command: Command, plan: Plan | None, actor: Actor) -> str:
        if command not in (Command.APPROVE_PLAN, Command.EXECUTE_PLAN, Command.UNDO_PLAN):
            return ""
        if plan is None:
            return "there is no plan in force"
        if command is Command.UNDO_PLAN:
            return "" if to_undo(plan) else "nothing of the plan is in force"
        if command is Command.EXECUTE_PLAN:
            state = approval_state(plan, self.clock.now())
            return "" if state.satisfied else state.missing
        if plan.status is not PlanStatus.PROPOSED:
            return f"the plan is {plan.status}"
        try:
            check_approval(plan, actor, plan.digest, self.clock.now())
        except OpsPilotError as error:
            return error.message
        return ""


def _in_view(
    evidence: Sequence[Evidence], investigation: Investigation | None, plans: Sequence[Plan]
) -> tuple[Evidence, ...]:
    """The newest pass, what conversations read, and what the plans of earlier passes rest on."""
    if investigation is None:
        return tuple(evidence)
    current = {item.id for item in ledger_of(evidence, investigation.number)}
    cited = {one for plan in plans for action in plan.actions for one in action.evidence}
    return tuple(item for item in evidence if item.id in current | cited or filed_by_chat(item))


def in_few_words(verdict: Verdict) -> str:
    """The verdict for a list: status and cause."""
    if verdict.cause is None:
        ended = ", recovered" if verdict.recovered_at else ""
        return f"{verdict.status.replace('_', ' ')}{ended}"
    others = f" and {len(verdict.causes) - 1} more" if len(verdict.causes) > 1 else ""
    kind = verdict.cause.cause_class.split(".", 1)[-1].replace("_", " ")
    return f"{verdict.status}: {kind} in {verdict.cause.resource.name}{others}"


def _sparkline(incident: Incident, evidence: Sequence[Evidence]) -> tuple[float, ...]:
    query = incident.symptom.query
    for item in reversed(evidence):
        request = item.request
        if (
            isinstance(item.detail, MetricDetail)
            and request.source == "metrics"
            and query is not None
            and (request.metric.metric, request.metric.dimensions)
            == (query.metric, query.dimensions)
        ):
            return _values(item.snapshot)[-_SPARKLINE:]
    return ()


def _values(snapshot: Json) -> tuple[float, ...]:
    return tuple(float(value) for value in snapshot.get("values", ()) if value is not None)
