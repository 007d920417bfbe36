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
    stage.bench.plans.request("INC-0001", actor=GRACE)
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


def test_a_plan_takes_the_release_back_and_captures_its_undo(diagnosed: Scene) -> None:
    plan = planned(diagnosed)
    (action,) = plan.actions
    assert action.change == BACK_TO_17
    assert action.undo.parameters["version"] == "18"
    assert action.pre_state.revision_id == diagnosed.account.read(BACK_TO_17).revision_id
    assert plan.requested_by == GRACE
    assert plan.digest == digest(plan)
    assert plan.criteria[0].numerator == diagnosed.incident().symptom.query
    known = {item.id for item in diagnosed.store.evidence("INC-0001")}
    assert set(action.evidence) <= known
    assert action.evidence
    (alternative,) = plan.alternatives
    assert alternative.change.resource == CHECKOUT


def test_the_audit_entry_of_a_plan_holds_all_that_will_run(diagnosed: Scene) -> None:
    plan = planned(diagnosed)
    (entry,) = [one for one in diagnosed.trail() if one.action_type == "plan.proposed"]
    assert entry.actor == GRACE
    assert entry.result["digest"] == plan.digest
    assert entry.result["actions"] == [one.model_dump(mode="json") for one in plan.actions]


def test_no_plan_is_made_unless_somebody_asks(diagnosed: Scene) -> None:
    diagnosed.work()
    assert diagnosed.store.plans("INC-0001") == []
    assert diagnosed.status() is IncidentStatus.DIAGNOSED


def test_without_a_verdict_there_is_no_plan(stage: Scene) -> None:
    standing(stage, "diagnosed")
    assert "no verdict" in refused(stage)


def test_a_cause_that_is_gone_by_now_gets_no_plan_that_changes_nothing(diagnosed: Scene) -> None:
    diagnosed.account.change(PAYMENTS, "version", "17")
    assert "would change nothing" in refused(diagnosed)


@pytest.mark.parametrize(
    "error",
    [AwsDenied("not allowed", iam_action="lambda:GetAlias"), AwsNotFound("no such alias")],
    ids=lambda error: error.code,
)
def test_a_state_that_cannot_be_captured_means_no_plan_and_says_why(
    diagnosed: Scene, error: AwsError
) -> None:
    diagnosed.account.fail("read", error)
    assert error.message in refused(diagnosed)


def test_an_account_that_is_silent_for_a_moment_only_delays_the_plan(diagnosed: Scene) -> None:
    diagnosed.account.fail("read", AwsUnavailable("down"), times=3)
    diagnosed.bench.plans.request("INC-0001", actor=ROSA)
    diagnosed.reach(IncidentStatus.AWAITING_APPROVAL)


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


def test_a_fresh_verdict_after_a_failed_plan_gets_a_plan_of_its_own(diagnosed: Scene) -> None:
    plan = planned(diagnosed)
    diagnosed.bench.approvals.approve(plan.id, digest=plan.digest, actor=ADA)
    diagnosed.account.traffic = 0
    diagnosed.bench.executions.start(plan.id, actor=ROSA)
    diagnosed.reach(IncidentStatus.VERIFYING)
    diagnosed.account.change(PAYMENTS, "version", "18")  # before a minute of it was well
    diagnosed.reach(IncidentStatus.FAILED)
    diagnosed.account.traffic = 20
    diagnosed.bench.investigations.start("INC-0001", actor=ROSA)
    diagnosed.reach(IncidentStatus.DIAGNOSED)
    diagnosed.bench.plans.request("INC-0001", actor=ROSA)
    diagnosed.work(lambda: diagnosed.incident().plan_requested_by is None)
    after = diagnosed.incident()
    assert after.status is IncidentStatus.AWAITING_APPROVAL, after.last_error
    assert after.plan_id == "INC-0001-P2"
