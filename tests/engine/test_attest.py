"""A plan is held against its audit chain, not against its own digest alone."""

import pytest

from opspilot.domain.plan import Plan
from opspilot.errors import ApprovalDenied
from opspilot.ports.store import Changeset
from opspilot.remediation import digest
from tests.engine.scene import BACK_TO_17, GRACE, ROSA, Scene


def _rewritten(stage: Scene, plan: Plan) -> Plan:
    """The plan with another version, its digest and approvals made to fit, as a forger would."""
    action = plan.actions[0]
    change = action.change.model_copy(
        update={"parameters": {**action.change.parameters, "version": "15"}}
    )
    other = plan.model_copy(update={"actions": (action.model_copy(update={"change": change}),)})
    fitting = digest(other)
    approvals = tuple(one.model_copy(update={"digest": fitting}) for one in plan.approvals)
    forged = other.model_copy(update={"digest": fitting, "approvals": approvals})
    stage.bench.store.commit(Changeset(puts=(forged,)))
    return forged


def test_a_plan_rewritten_after_its_approval_is_not_started(stage: Scene) -> None:
    forged = _rewritten(stage, stage.approved(BACK_TO_17))
    with pytest.raises(ApprovalDenied, match="not the plan that its audit chain recorded"):
        stage.bench.executions.start(forged.id, actor=ROSA)


def test_a_plan_rewritten_before_its_approval_is_not_approved(stage: Scene) -> None:
    forged = _rewritten(stage, stage.filed(BACK_TO_17))
    with pytest.raises(ApprovalDenied, match="not the plan that its audit chain recorded"):
        stage.bench.approvals.approve(forged.id, digest=forged.digest, actor=GRACE)


def test_an_approval_written_into_the_store_is_none(stage: Scene) -> None:
    plan = stage.approved(BACK_TO_17)
    stranger = GRACE.model_copy(update={"id": "alan"})
    forged = plan.model_copy(
        update={"approvals": (plan.approvals[0].model_copy(update={"by": stranger}),)}
    )
    stage.bench.store.commit(Changeset(puts=(forged,)))
    with pytest.raises(ApprovalDenied, match="did not record"):
        stage.bench.executions.start(plan.id, actor=ROSA)
