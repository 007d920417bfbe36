"""Plan: a typed proposal from the verdict, with the pre-state read and the undo made from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.audit import AuditDraft
from opspilot.domain.commands import Command
from opspilot.domain.evidence import Evidence, TopologyDetail
from opspilot.domain.graph import known_edges
from opspilot.domain.identity import SYSTEM, Actor
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.plan import Action, Plan, PlanStatus
from opspilot.domain.workload import Topology
from opspilot.engine.commands import Desk, persistently
from opspilot.engine.history import rates_of
from opspilot.engine.journal import Journal
from opspilot.engine.ledger import ledger_of
from opspilot.engine.redaction import redact_text
from opspilot.engine.steps import Scope, StepResult
from opspilot.errors import (
    AwsDenied,
    AwsNotFound,
    AwsRejected,
    IllegalTransition,
    InputError,
    PolicyViolation,
)
from opspilot.lifecycle import Trigger, advance
from opspilot.ports.actuator import Actuator
from opspilot.ports.clock import Clock
from opspilot.ports.store import Row
from opspilot.remediation import (
    POLICY_VERSION,
    NoProposal,
    Proposal,
    build_action,
    check_policy,
    digest,
    highest_risk,
    propose,
)

NOTHING_TO_PROPOSE = "a person: there is no plan to propose"
"""What an incident waits for after a plan was asked for and none could be made."""

_OPEN_PLANS = (PlanStatus.PROPOSED, PlanStatus.APPROVED)


@dataclass(frozen=True)
class Plans:
    """The commands of the stage."""

    desk: Desk

    def request(
        self, incident_id: str, *, actor: Actor, via: str = "", also: Sequence[Row] = ()
    ) -> None:
        """Ask for a plan; the worker makes it, in this person's name.

        Args:
            incident_id: What the plan is to cure.
            actor: The requester.
            via: The turn of a conversation in which it was asked for; empty otherwise.
            also: Rows that become durable together with the request.

        Raises:
            NotAllowed: The actor is no responder.
            IllegalTransition: The incident has no verdict to plan from, or has a plan already.
        """
        chain = self.desk.store.incident(incident_id).id
        self.desk.require(actor, Command.PROPOSE_PLAN, chain=chain, subject=incident_id)
        persistently(lambda: self._request(incident_id, actor, via, also))

    def withdraw(self, plan_id: str, *, actor: Actor, reason: str = "withdrawn") -> Plan:
        """Take a proposed or approved plan back.

        Raises:
            NotAllowed: The actor is no responder.
            IllegalTransition: The plan is not open any more.
        """
        chain = self.desk.store.plan(plan_id).incident_id
        self.desk.require(actor, Command.WITHDRAW_PLAN, chain=chain, subject=plan_id)
        return persistently(
            lambda: drop_plan(self.desk, plan_id, PlanStatus.WITHDRAWN, actor, reason)
        )

    def _request(self, incident_id: str, actor: Actor, via: str, also: Sequence[Row]) -> None:
        incident = self.desk.store.incident(incident_id)
        advance(incident.status, Trigger.PLAN_PROPOSED)
        entry = self.desk.journal.entry(
            incident_id, actor, "plan.requested", incident_id, input={"via": via} if via else {}
        )
        asked = incident.model_copy(
            update={"plan_requested_by": actor, "waits_for": "", "last_error": ""}
        )
        self.desk.submit(asked, *also, audit=(entry,))


def drop_plan(desk: Desk, plan_id: str, status: PlanStatus, actor: Actor, reason: str) -> Plan:
    """End an open plan and put its incident back to diagnosed."""
    plan = desk.store.plan(plan_id)
    incident = desk.store.incident(plan.incident_id)
    if plan.status not in _OPEN_PLANS or incident.plan_id != plan_id:
        raise IllegalTransition(
            f"{plan_id} is {plan.status}; only a proposed or approved plan can be dropped"
        )
    moved = incident.model_copy(
        update={
            "status": advance(incident.status, Trigger.PLAN_DROPPED),
            "status_since": desk.clock.now(),
            "plan_id": None,
            "waits_for": "somebody to ask for a plan",
        }
    )
    dropped = plan.model_copy(update={"status": status, "reason": redact_text(reason)})
    entry = desk.journal.entry(
        incident.id,
        actor,
        f"plan.{status}",
        plan_id,
        input={"reason": reason, "digest": plan.digest},
        result={"status": moved.status},
    )
    desk.submit(moved, dropped, audit=(entry,))
    return desk.store.plan(plan_id)


def mutations(plans: Sequence[Plan]) -> int:
    """Mutating actions of these plans that were at least intended; undo does not count."""
    return sum(
        1
        for plan in plans
        for run in plan.runs
        if not run.undo and run.status not in ("pending", "skipped")
    )


@dataclass(frozen=True)
class Planning:
    """The step of a diagnosed incident: waits until somebody asks, then proposes.

    Attributes:
        approval_time: How long the plan may be approved and its approval used (wall time).
    """

    actuator: Actuator
    clock: Clock
    journal: Journal
    approval_time: timedelta

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """File a plan, or say why there is none."""
        requester = incident.plan_requested_by
        if requester is None:
            return StepResult(incident, blocked_on=incident.waits_for)
        current = scope.store.investigation(incident.id)
        if current is None or current.verdict is None:
            return self._none(incident, requester, "there is no verdict to plan from")
        ledger = ledger_of(scope.store.evidence(incident.id), current.number)
        rates = rates_of(scope.store.fingerprints())
        proposal = propose(incident, current.verdict, ledger, rates)
        if isinstance(proposal, NoProposal):
            return self._none(incident, requester, proposal.reason)
        try:
            plan = self._plan(incident, proposal, requester, scope, ledger)
        except (PolicyViolation, InputError, AwsDenied, AwsNotFound, AwsRejected) as error:
            return self._none(incident, requester, redact_text(error.message))
        return StepResult(
            incident.model_copy(
                update={
                    "plan_id": plan.id,
                    "plan_requested_by": None,
                    "waits_for": "an approval",
                }
            ),
            puts=(plan,),
            audit=(self._entry(plan, current),),
            trigger=Trigger.PLAN_PROPOSED,
        )

    def _plan(
        self,
        incident: Incident,
        proposal: Proposal,
        requester: Actor,
        scope: Scope,
        ledger: Sequence[Evidence],
    ) -> Plan:
        earlier = scope.store.plans(incident.id)
        topology = _topology(ledger)
        actions: list[Action] = []
        for index, proposed in enumerate(proposal.actions, start=1):
            pre_state = self.actuator.read(proposed.instruction)
            actions.append(build_action(f"A{index}", proposed, pre_state, topology))
        check_policy(actions, mutations(earlier))
        number = len(earlier) + 1
        now = self.clock.now()
        plan = Plan(
            id=f"{incident.id}-P{number}",
            incident_id=incident.id,
            number=number,
            actions=tuple(actions),
            criteria=proposal.criteria,
            alternatives=proposal.alternatives,
            risk=highest_risk(actions),
            policy_version=POLICY_VERSION,
            digest="",
            requested_by=requester,
            requested_at=now,
            requested_at_account=self.clock.account_now(),
            expires_at=now + self.approval_time,
        )
        return plan.model_copy(update={"digest": digest(plan)})

    def _none(self, incident: Incident, requester: Actor, reason: str) -> StepResult:
        entry = self.journal.entry(
            incident.id,
            SYSTEM,
            "plan.none",
            incident.id,
            input={"asked_by": requester.id},
            error=reason,
        )
        said = incident.model_copy(
            update={
                "plan_requested_by": None,
                "last_error": f"no plan: {reason}",
                "waits_for": NOTHING_TO_PROPOSE,
            }
        )
        return StepResult(said, audit=(entry,), blocked_on=said.waits_for)

    def _entry(self, plan: Plan, investigation: Investigation) -> AuditDraft:
        return self.journal.entry(
            plan.incident_id,
            plan.requested_by,
            "plan.proposed",
            plan.id,
            input={"investigation": investigation.number},
            result={
                "digest": plan.digest,
                "risk": plan.risk,
                "actions": [action.model_dump(mode="json") for action in plan.actions],
                "criteria": [criterion.text for criterion in plan.criteria],
                "expires_at": plan.expires_at.isoformat(),
            },
        )


@dataclass(frozen=True)
class Waiting:
    """The step of an incident that awaits approval: drops the plan when its time is over."""

    desk: Desk

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """Expire the plan in force, or wait on."""
        if incident.plan_id is None:
            raise IllegalTransition(f"{incident.id} awaits approval without a plan")
        plan = scope.store.plan(incident.plan_id)
        if self.desk.clock.now() < plan.expires_at:
            return StepResult(incident, wake_at=plan.expires_at, blocked_on=incident.waits_for)
        expired = plan.model_copy(
            update={"status": PlanStatus.EXPIRED, "reason": "not executed in time"}
        )
        entry = self.desk.journal.entry(
            incident.id, SYSTEM, "plan.expired", plan.id, input={"digest": plan.digest}
        )
        moved = incident.model_copy(
            update={"plan_id": None, "waits_for": "somebody to ask for a plan"}
        )
        return StepResult(moved, puts=(expired,), audit=(entry,), trigger=Trigger.PLAN_DROPPED)


def _topology(ledger: Sequence[Evidence]) -> Topology | None:
    edges = known_edges(item.detail for item in ledger)
    known = edges or any(isinstance(item.detail, TopologyDetail) for item in ledger)
    return Topology(edges=edges) if known else None
