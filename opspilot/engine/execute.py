"""Execute an approved plan, and take one back; both by the same hand."""

from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.audit import AuditDraft
from opspilot.domain.commands import Command
from opspilot.domain.identity import SYSTEM, Actor
from opspilot.domain.incident import Incident
from opspilot.domain.plan import Plan, PlanStatus, Verification
from opspilot.engine.attest import unlike_record
from opspilot.engine.commands import Desk, persistently
from opspilot.engine.hand import Hand, Progress
from opspilot.engine.journal import Journal
from opspilot.engine.steps import Scope, StepResult
from opspilot.errors import ApprovalDenied, IllegalTransition
from opspilot.lifecycle import Trigger, advance
from opspilot.ports.clock import Clock
from opspilot.remediation import approval_state

_LOOK_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True)
class Executions:
    """The commands of the stage."""

    desk: Desk

    def start(self, plan_id: str, *, actor: Actor) -> Plan:
        """Start an approved plan; its approvals are spent in the same commit.

        Raises:
            NotAllowed: The actor is no responder.
            ApprovalDenied: Not approved, expired, spent, or the plan is not what was approved.
            IllegalTransition: The incident stands elsewhere.
        """
        plan = self.desk.store.plan(plan_id)
        self.desk.require(actor, Command.EXECUTE_PLAN, chain=plan.incident_id, subject=plan_id)
        try:
            return persistently(lambda: self._start(plan_id, plan.incident_id, actor))
        except ApprovalDenied as error:
            self.desk.refuse(
                actor,
                Command.EXECUTE_PLAN,
                error.message,
                chain=plan.incident_id,
                subject=plan_id,
            )
            raise

    def undo(self, plan_id: str, *, actor: Actor) -> Plan:
        """Take the applied actions of a plan back, newest first.

        Raises:
            NotAllowed: The actor is no responder.
            IllegalTransition: Nothing of this plan is in force.
        """
        plan = self.desk.store.plan(plan_id)
        self.desk.require(actor, Command.UNDO_PLAN, chain=plan.incident_id, subject=plan_id)
        return persistently(lambda: self._undo(plan_id, actor))

    def _start(self, plan_id: str, incident_id: str, actor: Actor) -> Plan:
        # The plan is read last: a start that came between is then seen on it.
        incident = self.desk.store.incident(incident_id)
        plan = self.desk.store.plan(plan_id)
        now = self.desk.clock.now()
        if incident.plan_id != plan_id or plan.status is not PlanStatus.APPROVED:
            raise ApprovalDenied(
                f"{plan_id} is {plan.status}; only an approved plan can be started"
            )
        state = approval_state(plan, now)
        if not state.satisfied:
            raise ApprovalDenied(f"{plan_id} is not approved: {state.missing}")
        if differs := unlike_record(self.desk.store, plan):
            raise ApprovalDenied(differs, hint="Verify the audit chain, and ask for a new plan.")
        spent = tuple(one.model_copy(update={"used_at": now}) for one in plan.approvals)
        started = plan.model_copy(
            update={"status": PlanStatus.EXECUTING, "approvals": spent, "executed_by": actor}
        )
        moved = incident.model_copy(
            update={
                "status": advance(incident.status, Trigger.EXECUTION_STARTED),
                "status_since": now,
                "waits_for": "",
                "last_error": "",
            }
        )
        entry = self.desk.journal.entry(
            incident.id,
            actor,
            "plan.execution_started",
            plan_id,
            input={"digest": plan.digest, "approved_by": [one.by.id for one in plan.approvals]},
            result={"status": moved.status},
        )
        self.desk.submit(moved, started, audit=(entry,))
        return self.desk.store.plan(plan_id)

    def _undo(self, plan_id: str, actor: Actor) -> Plan:
        plan = self.desk.store.plan(plan_id)
        incident = self.desk.store.incident(plan.incident_id)
        if incident.plan_id != plan_id or not to_undo(plan):
            raise IllegalTransition(
                f"nothing of {plan_id} is in force", hint="Only applied actions can be undone."
            )
        moved = incident.model_copy(
            update={
                "status": advance(incident.status, Trigger.UNDO_STARTED),
                "status_since": self.desk.clock.now(),
                "undo_requested_by": actor,
                "waits_for": "",
                "last_error": "",
            }
        )
        undoing = plan.model_copy(
            update={
                "status": PlanStatus.UNDOING,
                # An undo that failed is tried afresh; the audit chain keeps how it failed.
                "runs": tuple(
                    run
                    for run in plan.runs
                    if not (run.undo and run.status in ("failed", "skipped"))
                ),
            }
        )
        entry = self.desk.journal.entry(
            incident.id,
            actor,
            "plan.undo_started",
            plan_id,
            input={"digest": plan.digest, "actions": to_undo(plan)},
            result={"status": moved.status},
        )
        self.desk.submit(moved, undoing, audit=(entry,))
        return self.desk.store.plan(plan_id)


def to_undo(plan: Plan) -> list[str]:
    """Ids of actions that took effect and are not taken back yet, newest first."""
    undone = {run.action_id for run in plan.runs if run.undo and run.status == "settled"}
    took_effect = [
        action.id
        for action in plan.actions
        if (run := plan.run_of(action.id)) and run.applied_at is not None
    ]
    return [action_id for action_id in reversed(took_effect) if action_id not in undone]


@dataclass(frozen=True)
class Execution:
    """The step of a remediating incident."""

    hand: Hand
    clock: Clock
    journal: Journal

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """Carry out the actions in order, as far as they go without waiting."""
        plan = _plan_in_force(incident, scope)
        if differs := unlike_record(scope.store, plan):
            return self._stop(incident, plan, differs, voided=_untouched(plan))
        for action in plan.actions:
            run = plan.run_of(action.id)
            if run and run.status == "settled":
                continue
            plan, progress = self.hand.move(plan, action, scope, undo=False)
            if progress is Progress.SETTLED:
                continue
            if progress is Progress.WAITING:
                return StepResult(incident, wake_at=self.clock.now() + _pause(plan, action.id))
            run = plan.run_of(action.id)
            reason = run.error if run else "the action failed"
            return self._stop(incident, plan, reason, voided=not to_undo(plan) and _untouched(plan))
        return self._settled(incident, plan)

    def _settled(self, incident: Incident, plan: Plan) -> StepResult:
        now = self.clock.account_now()
        longest = max(
            criterion.deadline_periods * criterion.numerator.period_seconds
            for criterion in plan.criteria
        )
        observed = plan.model_copy(
            update={
                "status": PlanStatus.EXECUTED,
                "verification": Verification(
                    started_at=now, deadline_at=now + timedelta(seconds=longest)
                ),
            }
        )
        entry = self.journal.entry(
            incident.id,
            SYSTEM,
            "verification.started",
            plan.id,
            input={"criteria": [criterion.text for criterion in plan.criteria]},
            result={"deadline": (now + timedelta(seconds=longest)).isoformat()},
        )
        return StepResult(
            incident, puts=(observed,), audit=(entry,), trigger=Trigger.ACTIONS_SETTLED
        )

    def _stop(self, incident: Incident, plan: Plan, reason: str, *, voided: bool) -> StepResult:
        status = PlanStatus.VOID if voided else PlanStatus.FAILED
        ended = plan.model_copy(update={"status": status, "reason": reason})
        entry = self.journal.entry(
            incident.id,
            SYSTEM,
            f"plan.{status}",
            plan.id,
            input={"digest": plan.digest},
            error=reason,
        )
        waits_for = "somebody to ask for a new plan" if voided else "a person: the execution failed"
        moved = incident.model_copy(
            update={
                "last_error": reason,
                "waits_for": waits_for,
                "plan_id": None if voided else plan.id,
            }
        )
        trigger = Trigger.PLAN_VOIDED if voided else Trigger.EXECUTION_FAILED
        return StepResult(moved, puts=(ended,), audit=(entry,), trigger=trigger)


@dataclass(frozen=True)
class Undoing:
    """The step of an incident that is rolling back."""

    hand: Hand
    clock: Clock
    journal: Journal

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """Take applied actions back, newest first."""
        plan = _plan_in_force(incident, scope)
        actions = {action.id: action for action in plan.actions}
        for action_id in to_undo(plan):
            plan, progress = self.hand.move(plan, actions[action_id], scope, undo=True)
            if progress is Progress.SETTLED:
                continue
            if progress is Progress.WAITING:
                pause = _pause(plan, action_id, undo=True)
                return StepResult(incident, wake_at=self.clock.now() + pause)
            run = plan.run_of(action_id, undo=True)
            return self._end(incident, plan, run.error if run else "the undo failed")
        return self._end(incident, plan, "")

    def _end(self, incident: Incident, plan: Plan, error: str) -> StepResult:
        ended = plan.model_copy(
            update={
                "status": PlanStatus.FAILED if error else PlanStatus.UNDONE,
                "reason": error or "taken back",
            }
        )
        moved = incident.model_copy(
            update={
                "undo_requested_by": None,
                "last_error": error,
                "outcome": "" if error else "undone",
                "plan_id": plan.id if error else None,
                "resolved_at": None,
                "waits_for": "a person: the undo failed" if error else "somebody to ask for a plan",
            }
        )
        entry = self._entry(incident, plan, error)
        trigger = Trigger.UNDO_FAILED if error else Trigger.UNDO_SETTLED
        return StepResult(moved, puts=(ended,), audit=(entry,), trigger=trigger)

    def _entry(self, incident: Incident, plan: Plan, error: str) -> AuditDraft:
        return self.journal.entry(
            incident.id,
            SYSTEM,
            "plan.undo_failed" if error else "plan.undone",
            plan.id,
            input={"digest": plan.digest},
            error=error,
        )


def _pause(plan: Plan, action_id: str, *, undo: bool = False) -> timedelta:
    """Short while a change settles; growing while AWS refuses it for another that is under way."""
    run = plan.run_of(action_id, undo=undo)
    return _LOOK_AGAIN * 2**run.attempts if run and run.status == "pending" else _LOOK_AGAIN


def _plan_in_force(incident: Incident, scope: Scope) -> Plan:
    if incident.plan_id is None:
        raise IllegalTransition(f"{incident.id} is {incident.status} without a plan")
    return scope.store.plan(incident.plan_id)


def _untouched(plan: Plan) -> bool:
    """Whether no run of this plan can have reached AWS."""
    return all(run.status in ("pending", "skipped") for run in plan.runs)
