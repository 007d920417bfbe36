"""Approve: a person's word binds to the digest that the person saw; any doubt is a no."""

from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.approval import Approval
from opspilot.domain.commands import Command
from opspilot.domain.identity import Actor
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.engine.attest import unlike_record
from opspilot.engine.commands import Desk, persistently
from opspilot.engine.plan import drop_plan
from opspilot.errors import ApprovalDenied, InputError, OpsPilotError, StoreError
from opspilot.remediation import approval_state, check_approval


@dataclass(frozen=True)
class Approvals:
    """The commands of the stage.

    Attributes:
        approval_time: How long an approval can be used (wall time).
    """

    desk: Desk
    approval_time: timedelta

    def approve(self, plan_id: str, *, digest: str, actor: Actor) -> Plan:
        """Approve exactly the plan with this digest.

        Raises:
            NotAllowed: The actor is no approver.
            ApprovalDenied: Wrong digest, expired, spent, the requester's own high-risk plan, or any
                error at all on the way.
        """
        plan = self.desk.store.plan(plan_id)
        self.desk.require(actor, Command.APPROVE_PLAN, chain=plan.incident_id, subject=plan_id)
        try:
            return persistently(lambda: self._approve(plan_id, digest, actor))
        except StoreError:
            raise
        except OpsPilotError as error:
            self.desk.refuse(
                actor,
                Command.APPROVE_PLAN,
                error.message,
                chain=plan.incident_id,
                subject=plan_id,
                given={"digest": digest},
            )
            if isinstance(error, ApprovalDenied):
                raise
            raise ApprovalDenied(error.message, hint=error.hint) from error

    def reject(self, plan_id: str, *, reason: str, actor: Actor) -> Plan:
        """Reject a plan for good.

        Raises:
            NotAllowed: The actor is no approver.
            InputError: No reason is given.
            IllegalTransition: The plan is not open any more.
        """
        chain = self.desk.store.plan(plan_id).incident_id
        self.desk.require(actor, Command.REJECT_PLAN, chain=chain, subject=plan_id)
        if not reason.strip():
            raise InputError("a rejection needs a reason", hint="Say why in a few words.")
        return persistently(
            lambda: drop_plan(self.desk, plan_id, PlanStatus.REJECTED, actor, reason)
        )

    def _approve(self, plan_id: str, seen: str, actor: Actor) -> Plan:
        plan = self.desk.store.plan(plan_id)
        incident = self.desk.store.incident(plan.incident_id)
        now = self.desk.clock.now()
        if incident.plan_id != plan_id or plan.status is not PlanStatus.PROPOSED:
            raise ApprovalDenied(
                f"{plan_id} is {plan.status}; only the plan in force can be approved",
                hint="Look at the incident again.",
            )
        if differs := unlike_record(self.desk.store, plan):
            raise ApprovalDenied(
                differs, hint="Verify the audit chain, withdraw the plan, and ask for a new one."
            )
        check_approval(plan, actor, seen, now)
        approval = Approval(
            by=actor,
            decision="approved",
            digest=seen,
            decided_at=now,
            expires_at=min(now + self.approval_time, plan.expires_at),
        )
        approved = plan.model_copy(update={"approvals": (*plan.approvals, approval)})
        state = approval_state(approved, now)
        if state.satisfied:
            approved = approved.model_copy(update={"status": PlanStatus.APPROVED})
        waits_for = "somebody to execute the plan" if state.satisfied else state.missing
        entry = self.desk.journal.entry(
            incident.id,
            actor,
            "plan.approved",
            plan_id,
            input={"digest": seen, "risk": plan.risk, "requested_by": plan.requested_by.id},
            result={"satisfied": state.satisfied, "expires_at": approval.expires_at.isoformat()},
        )
        self.desk.submit(
            incident.model_copy(update={"waits_for": waits_for}), approved, audit=(entry,)
        )
        return self.desk.store.plan(plan_id)
