"""Builds actions, criteria and plans for the tests of this folder."""

from datetime import UTC, datetime, timedelta

from opspilot.domain.approval import Approval
from opspilot.domain.identity import Actor, Role
from opspilot.domain.plan import Action, Criterion, Instruction, Plan, PlanStatus, PreState, Risk
from opspilot.domain.resource import Resource, lambda_function
from opspilot.domain.signals import query_of, signal_named
from opspilot.remediation import POLICY_VERSION, ProposedAction, build_action, digest
from opspilot.remediation.actions import move_alias, set_memory, set_timeout

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
BILLING, LEDGER = (
    lambda_function("123456789012", "eu-west-1", name) for name in ("billing", "ledger")
)
RESPONDER = Actor(id="ada", name="Ada", roles=(Role.RESPONDER, Role.APPROVER))
APPROVER = Actor(id="grace", name="Grace", roles=(Role.APPROVER,))
THIRD = Actor(id="edsger", name="Edsger", roles=(Role.APPROVER,))
VIEWER = Actor(id="vera", name="Vera", roles=(Role.VIEWER,))


def state(revision: str = "r1", **values: object) -> PreState:
    """A captured state."""
    return PreState(values=values, revision_id=revision, read_at=NOW)


def built(change: Instruction, pre_state: PreState, action_id: str = "A1") -> Action:
    """An action of a plan."""
    return build_action(action_id, ProposedAction(change, "it cures", ("E1",)), pre_state, None)


def timeout_raised(resource: Resource = BILLING, seconds: int = 8) -> Action:
    """Medium risk."""
    return built(set_timeout.instruction(resource, seconds), state(timeout_seconds=3))


def memory_raised(resource: Resource = BILLING) -> Action:
    """Low risk."""
    return built(set_memory.instruction(resource, 512), state(memory_mb=256))


def alias_moved(resource: Resource = LEDGER) -> Action:
    """High risk."""
    pre_state = state(alias="live", version="18", weights={})
    return built(move_alias.instruction(resource, "live", "17"), pre_state)


def criterion(**changes: object) -> Criterion:
    """Errors of billing below 1 %."""
    fields: dict[str, object] = {
        "id": "C1",
        "test": "rate_upper_bound",
        "numerator": query_of(signal_named("lambda.errors"), BILLING),
        "denominator": query_of(signal_named("lambda.invocations"), BILLING),
        "limit": 0.01,
        "text": "errors below 1 %",
    }
    return Criterion.model_validate(fields | changes)


def plan(*actions: Action, risk: Risk | None = None, **changes: object) -> Plan:
    """A proposed plan with its true digest."""
    chosen = actions or (alias_moved(),)
    fields: dict[str, object] = {
        "id": "INC-0001-P1",
        "incident_id": "INC-0001",
        "number": 1,
        "actions": chosen,
        "criteria": (criterion(),),
        "risk": risk or chosen[0].risk,
        "policy_version": POLICY_VERSION,
        "digest": "",
        "requested_by": RESPONDER,
        "requested_at": NOW,
        "requested_at_account": NOW,
        "expires_at": NOW + timedelta(minutes=30),
        "status": PlanStatus.PROPOSED,
    }
    made = Plan.model_validate(fields | changes)
    return made if made.digest else made.model_copy(update={"digest": digest(made)})


def approval(by: Actor, of: Plan, **changes: object) -> Approval:
    """A valid approval of a plan."""
    fields: dict[str, object] = {
        "by": by,
        "decision": "approved",
        "digest": of.digest,
        "decided_at": NOW,
        "expires_at": NOW + timedelta(minutes=30),
    }
    return Approval.model_validate(fields | changes)


def approved(of: Plan, *by: Actor) -> Plan:
    """The plan with these approvals."""
    return of.model_copy(update={"approvals": tuple(approval(one, of) for one in by)})
