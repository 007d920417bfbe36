"""Plans: made on request, in the requester's name, from the verdict; or the reason why not."""

import pytest

from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.errors import (
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsUnavailable,
    IllegalTransition,
)
from opspilot.remediation import digest
from tests.engine.account import CHECKOUT, PAYMENTS
from tests.engine.scene import ADA, BACK_TO_17, GRACE, LONGER, ROSA, Scene
from tests.engine.standing import standing


def planned(stage: Scene) -> Plan:
    """The plan that the planner files."""
    incident = stage.diagnosed()
    stage.bench.plans.request(incident.id, actor=GRACE)
    stage.reach(IncidentStatus.AWAITING_APPROVAL)
    return stage.store.plan("INC-0001-P1")


def refused(stage: Scene) -> str:
    """Why there is no plan."""
    stage.bench.plans.request("INC-0001", actor=ROSA)
    stage.work(lambda: stage.incident().plan_requested_by is None)
    assert stage.status() is IncidentStatus.DIAGNOSED
    assert stage.store.plans("INC-0001") == []
    assert "plan.none" in stage.said()
    return stage.incident().last_error


def test_a_plan_takes_the_release_back_and_captures_its_undo(stage: Scene) -> None:
    plan = planned(stage)
    (action,) = plan.actions
    assert action.change == BACK_TO_17
    assert action.undo.parameters["version"] == "18"
    assert action.pre_state.revision_id == stage.account.read(BACK_TO_17).revision_id
    assert plan.requested_by == GRACE
    assert plan.digest == digest(plan)
    assert plan.criteria[0].numerator == stage.incident().symptom.query
    known = {item.id for item in stage.store.evidence("INC-0001")}
    assert set(action.evidence) <= known
    assert action.evidence
    (alternative,) = plan.alternatives
    assert alternative.change.resource == CHECKOUT


def test_the_audit_entry_of_a_plan_holds_all_that_will_run(stage: Scene) -> None:
    plan = planned(stage)
    (entry,) = [one for one in stage.trail() if one.action_type == "plan.proposed"]
    assert entry.actor == GRACE
    assert entry.result["digest"] == plan.digest
    assert entry.result["actions"] == [one.model_dump(mode="json") for one in plan.actions]


def test_no_plan_is_made_unless_somebody_asks(stage: Scene) -> None:
    stage.diagnosed()
    stage.work()
    assert stage.store.plans("INC-0001") == []
    assert stage.status() is IncidentStatus.DIAGNOSED


def test_without_a_verdict_there_is_no_plan(stage: Scene) -> None:
    standing(stage, "diagnosed")
    assert "no verdict" in refused(stage)


def test_a_cause_that_is_gone_by_now_gets_no_plan_that_changes_nothing(stage: Scene) -> None:
    stage.diagnosed()
    stage.account.change(PAYMENTS, "version", "17")
    assert "would change nothing" in refused(stage)


@pytest.mark.parametrize(
    "error",
    [AwsDenied("not allowed", iam_action="lambda:GetAlias"), AwsNotFound("no such alias")],
    ids=lambda error: error.code,
)
def test_a_state_that_cannot_be_captured_means_no_plan_and_says_why(
    stage: Scene, error: AwsError
) -> None:
    stage.diagnosed()
    stage.account.fail("read", error)
    assert error.message in refused(stage)


def test_an_account_that_is_silent_for_a_moment_only_delays_the_plan(stage: Scene) -> None:
    stage.diagnosed()
    stage.account.fail("read", AwsUnavailable("down"), times=3)
    stage.bench.plans.request("INC-0001", actor=ROSA)
    stage.reach(IncidentStatus.AWAITING_APPROVAL)


def test_a_withdrawn_or_rejected_plan_frees_its_incident(stage: Scene) -> None:
    first = stage.filed(LONGER)
    stage.bench.plans.withdraw(first.id, actor=ROSA)
    second = stage.filed(LONGER, incident=stage.incident())
    stage.bench.approvals.reject(second.id, reason="not at night", actor=GRACE)
    assert [one.status for one in stage.store.plans("INC-0001")] == [
        PlanStatus.WITHDRAWN,
        PlanStatus.REJECTED,
    ]
    assert stage.store.plan(second.id).reason == "not at night"
    assert (stage.status(), stage.incident().plan_id) == (IncidentStatus.DIAGNOSED, None)


def test_a_plan_under_way_cannot_be_withdrawn(stage: Scene) -> None:
    plan = stage.started(LONGER)
    with pytest.raises(IllegalTransition):
        stage.bench.plans.withdraw(plan.id, actor=ROSA)
    with pytest.raises(IllegalTransition):
        stage.bench.approvals.reject(plan.id, reason="too late", actor=GRACE)


def test_a_fresh_verdict_after_a_failed_plan_gets_a_plan_of_its_own(stage: Scene) -> None:
    plan = planned(stage)
    stage.bench.approvals.approve(plan.id, digest=plan.digest, actor=ADA)
    stage.account.traffic = 0
    stage.bench.executions.start(plan.id, actor=ROSA)
    stage.reach(IncidentStatus.FAILED)
    stage.account.traffic = 20
    stage.account.change(PAYMENTS, "version", "18")
    stage.bench.investigations.start("INC-0001", actor=ROSA)
    stage.reach(IncidentStatus.DIAGNOSED)
    stage.bench.plans.request("INC-0001", actor=ROSA)
    stage.work(lambda: stage.incident().plan_requested_by is None)
    after = stage.incident()
    assert after.status is IncidentStatus.AWAITING_APPROVAL, after.last_error
    assert after.plan_id == "INC-0001-P2"
