"""Carries out one instruction of an approved plan; a kill at any point loses and doubles nothing.

The order is: read and compare, write the intent, call AWS, write the outcome, watch it settle. An
intent that has no outcome was interrupted. It is never blindly applied again: the real state is
read, and either the change is found in place (reconciled), or the captured state is still there
and a new intent is written, or neither holds, which is drift and stops the plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from opspilot.domain.audit import AuditDraft
from opspilot.domain.identity import SYSTEM
from opspilot.domain.model import Json
from opspilot.domain.plan import Action, ActionRun, Instruction, Plan, PreState
from opspilot.engine.journal import Journal
from opspilot.engine.redaction import redact_text
from opspilot.engine.steps import Scope
from opspilot.errors import AwsConflict, AwsDenied, AwsError, AwsNotFound, AwsRejected
from opspilot.ports.actuator import Actuator
from opspilot.ports.clock import Clock
from opspilot.remediation import holds, in_force

_MOST_ATTEMPTS = 5


class Progress(Enum):
    """How far one instruction has come."""

    WAITING = "waiting"
    SETTLED = "settled"
    DRIFTED = "drifted"
    FAILED = "failed"


@dataclass(frozen=True)
class Hand:
    """Moves one run (of an action, or of its undo) as far as it goes without waiting."""

    actuator: Actuator
    clock: Clock
    journal: Journal

    def move(
        self, plan: Plan, action: Action, scope: Scope, *, undo: bool
    ) -> tuple[Plan, Progress]:
        """Advance one run; every step of it is durable before the next begins.

        Raises:
            AwsError: AWS did not answer clearly; the intent stays and is reconciled next time.
            Conflict, LeaseLost: The plan moved, or the job is not ours any more.
        """
        run = plan.run_of(action.id, undo=undo) or ActionRun(action_id=action.id, undo=undo)
        if run.status in ("pending", "intended"):
            plan, run, ready = self._prepare(plan, action, run, scope)
            if not ready:
                return plan, _progress(run)
            plan, run = self._apply(plan, action, run, scope)
        if run.status == "applied":
            plan, run = self._settle(plan, action, run, scope)
        return plan, _progress(run)

    def _prepare(
        self, plan: Plan, action: Action, run: ActionRun, scope: Scope
    ) -> tuple[Plan, ActionRun, bool]:
        """Compare the real state with the captured one; True when an intent is durable."""
        wanted = _instruction(action, run)
        try:
            actual = self.actuator.read(wanted)
        except (AwsDenied, AwsNotFound, AwsRejected) as error:
            if run.status == "intended" and not isinstance(error, AwsNotFound):
                raise  # what became of the intent is not known until it can be read
            kind = "action.drift" if isinstance(error, AwsNotFound) else "action.refused"
            return *self._not_begun(plan, action, run, error.message, scope, kind), False
        if run.status == "intended" and in_force(wanted, actual):
            return *self._found_in_place(plan, action, run, actual, scope), False
        if not _as_expected(action, run, actual):
            return *self._drifted(plan, action, run, actual, scope), False
        if run.attempts >= _MOST_ATTEMPTS:
            reason = f"gave up after {run.attempts} attempts"
            return *self._fail(plan, action, run, reason, scope), False
        intended = run.model_copy(
            update={
                "status": "intended",
                "attempts": run.attempts + 1,
                "intended_wall": self.clock.now(),
            }
        )
        entry = self._entry(
            plan,
            "action.intent",
            action,
            intended,
            result={"state": actual.values, "revision_id": actual.revision_id},
            request_ids=actual.request_ids,
        )
        return self._save(plan, intended, scope, entry), intended, True

    def _apply(
        self, plan: Plan, action: Action, run: ActionRun, scope: Scope
    ) -> tuple[Plan, ActionRun]:
        wanted = _instruction(action, run)
        actual = self.actuator.read(wanted)
        if not _as_expected(action, run, actual):
            return self._drifted(plan, action, run, actual, scope)
        try:
            receipt = self.actuator.apply(wanted, actual)
        except AwsConflict as error:
            return self._again(plan, action, run, error, scope)
        except (AwsDenied, AwsRejected, AwsNotFound) as error:
            return self._fail(plan, action, run, error.message, scope, error)
        except AwsError as error:
            entry = self._entry(plan, "action.outcome_unknown", action, run, error=error.message)
            self._save(plan, run, scope, entry)
            raise
        applied = run.model_copy(
            update={
                "status": "applied",
                "applied_at": self.clock.account_now(),
                "request_ids": (*run.request_ids, *receipt.request_ids),
            }
        )
        entry = self._entry(
            plan,
            "action.outcome",
            action,
            applied,
            result={"applied": True, "revision_id": receipt.revision_id},
            request_ids=receipt.request_ids,
        )
        return self._save(plan, applied, scope, entry), applied

    def _settle(
        self, plan: Plan, action: Action, run: ActionRun, scope: Scope
    ) -> tuple[Plan, ActionRun]:
        wanted = _instruction(action, run)
        state = self.actuator.settling(wanted)
        if state.failed:
            return self._fail(plan, action, run, f"AWS gave the change up: {state.detail}", scope)
        if not state.settled:
            return plan, run
        actual = self.actuator.read(wanted)
        if not in_force(wanted, actual):
            reason = f"settled, but the state reads {actual.values}"
            return self._fail(plan, action, run, reason, scope)
        settled = run.model_copy(
            update={"status": "settled", "settled_at": self.clock.account_now()}
        )
        entry = self._entry(plan, "action.settled", action, settled, result=actual.values)
        return self._save(plan, settled, scope, entry), settled

    def _found_in_place(
        self, plan: Plan, action: Action, run: ActionRun, actual: PreState, scope: Scope
    ) -> tuple[Plan, ActionRun]:
        found = run.model_copy(
            update={
                "status": "applied",
                "reconciled": True,
                "applied_at": self.clock.account_now(),
            }
        )
        entry = self._entry(
            plan, "action.reconciled", action, found, result={"state": actual.values}
        )
        return self._save(plan, found, scope, entry), found

    def _again(
        self, plan: Plan, action: Action, run: ActionRun, error: AwsConflict, scope: Scope
    ) -> tuple[Plan, ActionRun]:
        """AWS refused and changed nothing: look again at the next step, drift shows then."""
        pending = run.model_copy(update={"status": "pending", "error": redact_text(error.message)})
        entry = self._entry(
            plan, "action.outcome", action, pending, result={"applied": False}, error=error.message
        )
        return self._save(plan, pending, scope, entry), pending

    def _drifted(
        self, plan: Plan, action: Action, run: ActionRun, actual: PreState, scope: Scope
    ) -> tuple[Plan, ActionRun]:
        expected = action.after if run.undo else action.pre_state.values
        name = action.change.resource.name
        reason = f"drift: {name} was to be {_words(expected)}, is {_words(actual.values)}"
        if not run.undo and expected == actual.values:
            reason = f"drift: {name} was changed and changed back since it was read (its revision)"
        return self._not_begun(plan, action, run, reason, scope, "action.drift")

    def _not_begun(
        self, plan: Plan, action: Action, run: ActionRun, reason: str, scope: Scope, kind: str
    ) -> tuple[Plan, ActionRun]:
        """The change must not begin; without an intent nothing of it can have reached AWS."""
        status = "failed" if run.attempts else "skipped"
        refused = run.model_copy(update={"status": status, "error": redact_text(reason)})
        entry = self._entry(plan, kind, action, refused, error=reason)
        return self._save(plan, refused, scope, entry), refused

    def _fail(
        self,
        plan: Plan,
        action: Action,
        run: ActionRun,
        reason: str,
        scope: Scope,
        error: AwsError | None = None,
    ) -> tuple[Plan, ActionRun]:
        failed = run.model_copy(update={"status": "failed", "error": redact_text(reason)})
        ids = (error.request_id,) if error and error.request_id else ()
        entry = self._entry(plan, "action.failed", action, failed, error=reason, request_ids=ids)
        return self._save(plan, failed, scope, entry), failed

    def _save(self, plan: Plan, run: ActionRun, scope: Scope, entry: AuditDraft) -> Plan:
        kept = tuple(
            one for one in plan.runs if (one.action_id, one.undo) != (run.action_id, run.undo)
        )
        changed = plan.model_copy(update={"runs": (*kept, run)})
        scope.save(changed, audit=(entry,))
        return changed.model_copy(update={"version": changed.version + 1})

    def _entry(
        self,
        plan: Plan,
        action_type: str,
        action: Action,
        run: ActionRun,
        *,
        result: Json = None,
        error: str = "",
        request_ids: tuple[str, ...] = (),
    ) -> AuditDraft:
        wanted = _instruction(action, run)
        return self.journal.entry(
            plan.incident_id,
            SYSTEM,
            action_type,
            f"{plan.id}/{action.id}",
            input={
                "type": wanted.type,
                "resource": wanted.resource.arn,
                "parameters": wanted.parameters,
                "undo": run.undo,
                "attempt": run.attempts,
                "digest": plan.digest,
                "executed_by": plan.executed_by.id if plan.executed_by else "",
                "approved_by": [approval.by.id for approval in plan.approvals],
            },
            result=result,
            error=error,
            request_ids=request_ids,
        )


def _words(values: Mapping[str, Json]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value not in ({}, ""))


def _instruction(action: Action, run: ActionRun) -> Instruction:
    return action.undo if run.undo else action.change


def _as_expected(action: Action, run: ActionRun, actual: PreState) -> bool:
    """Before a change: the captured state. Before an undo: the state that the change made."""
    if run.undo:
        return in_force(action.change, actual)
    return holds(action.change.type, action.pre_state, actual)


def _progress(run: ActionRun) -> Progress:
    if run.status == "settled":
        return Progress.SETTLED
    if run.status == "skipped":
        return Progress.DRIFTED
    return Progress.FAILED if run.status == "failed" else Progress.WAITING
