"""The whole loop on the small account, from a person's word to recovered."""

from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.incident import IncidentStatus
from tests.engine.account import PAYMENTS
from tests.engine.scene import BACK_TO_17, GRACE, ROSA, Scene


def test_a_slow_release_is_found_taken_back_and_seen_to_recover(stage: Scene) -> None:
    incident = stage.diagnosed()
    found = stage.store.investigation(incident.id)
    assert found is not None
    assert found.verdict is not None
    assert (found.verdict.status, found.verdict.cause and found.verdict.cause.resource) == (
        VerdictStatus.CONFIRMED,
        PAYMENTS,
    )
    stage.bench.plans.request(incident.id, actor=ROSA)
    waiting = stage.reach(IncidentStatus.AWAITING_APPROVAL)
    plan = stage.store.plan(waiting.plan_id or "")
    assert plan.actions[0].change == BACK_TO_17
    stage.bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    stage.bench.executions.start(plan.id, actor=ROSA)
    stage.reach(IncidentStatus.RESOLVED, IncidentStatus.FAILED)
    assert stage.status() is IncidentStatus.RESOLVED
    assert stage.account.effects == [BACK_TO_17]
    stage.assert_sound()
