"""The digest of a plan: what an approval binds to, and what execution checks again."""

from collections.abc import Sequence

from opspilot.domain.audit import sha256_hex
from opspilot.domain.model import Json
from opspilot.domain.plan import Action, Criterion, Plan, PreState


def digest(plan: Plan) -> str:
    """SHA-256 (hex) over everything that would run, and what it is judged by.

    Covered: incident and plan id, policy version, and of every action its type, resource,
        parameters,
    captured state with revision, undo and risk; of every criterion every field. Not covered: words
    for people, times, approvals and what became of the plan.
    """
    return digest_of(
        incident_id=plan.incident_id,
        plan_id=plan.id,
        policy_version=plan.policy_version,
        actions=plan.actions,
        criteria=plan.criteria,
    )


def digest_of(
    *,
    incident_id: str,
    plan_id: str,
    policy_version: str,
    actions: Sequence[Action],
    criteria: Sequence[Criterion],
) -> str:
    """The digest from its parts; see `digest`."""
    return sha256_hex(
        {
            "incident": incident_id,
            "plan": plan_id,
            "policy": policy_version,
            "actions": [_action(action) for action in actions],
            "criteria": [criterion.model_dump(mode="json") for criterion in criteria],
        }
    )


def _action(action: Action) -> dict[str, Json]:
    return {
        "id": action.id,
        "change": action.change.model_dump(mode="json"),
        "undo": action.undo.model_dump(mode="json"),
        "state": _state(action.pre_state),
        "risk": action.risk.value,
    }


def _state(state: PreState) -> dict[str, Json]:
    return state.model_dump(mode="json", include={"values", "revision_id"})
