"""Execution: drift, conflicts and refusals stop a plan visibly; nothing is applied in doubt."""

import pytest

from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Instruction, PlanStatus
from opspilot.engine.plan import mutations
from opspilot.errors import (
    AwsConflict,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsRejected,
    AwsThrottled,
    AwsUnavailable,
    PolicyViolation,
)
from opspilot.remediation import check_policy
from tests.engine.account import CHECKOUT, MAIL, PAYMENTS
from tests.engine.scene import BACK_TO_17, LONGER, MORE_MEMORY, ROSA, Scene, runs

BUSY = AwsConflict("an update is in progress")
MAIL_LONGER = Instruction(
    type="lambda.set_timeout", resource=MAIL, parameters={"timeout_seconds": 20}
)


def test_a_plan_runs_its_actions_in_order_and_records_each_step(stage: Scene) -> None:
    plan = stage.started(BACK_TO_17, LONGER)
    stage.reach(IncidentStatus.RESOLVED)
    assert stage.account.effects == [BACK_TO_17, LONGER]
    said = stage.said()
    begin = said.index("plan.execution_started")
    assert said[begin + 1 : begin + 7] == [
        "action.intent", "action.outcome", "action.settled",
        "action.intent", "action.outcome", "action.settled",
    ]  # fmt: skip
    (intent, *_) = [entry for entry in stage.trail() if entry.action_type == "action.intent"]
    assert intent.input["digest"] == plan.digest
    assert intent.input["approved_by"] == ["grace"]
    assert intent.input["executed_by"] == "rosa"


def test_a_change_that_settles_slowly_is_watched_without_being_sent_again(stage: Scene) -> None:
    stage.account.looks_to_settle = 7
    stage.started(LONGER)
    stage.reach(IncidentStatus.VERIFYING)
    assert stage.account.effects == [LONGER]
    assert stage.account.calls.count("settling") == 8


def test_drift_before_the_start_voids_the_plan_and_changes_nothing(stage: Scene) -> None:
    plan = stage.approved(BACK_TO_17)
    stage.account.change(PAYMENTS, "version", "19")
    stage.bench.executions.start(plan.id, actor=ROSA)
    incident = stage.reach(IncidentStatus.DIAGNOSED)
    voided = stage.store.plan(plan.id)
    assert voided.status is PlanStatus.VOID
    assert "19" in voided.reason
    assert incident.last_error == voided.reason
    assert incident.plan_id is None
    assert stage.account.effects == []
    assert {"action.drift", "plan.void", "incident.plan_voided"} <= set(stage.said())
    assert mutations([voided]) == 0


def test_a_revision_that_moved_is_drift_even_where_the_value_is_the_same(stage: Scene) -> None:
    plan = stage.approved(LONGER)
    stage.account.touch(CHECKOUT)
    stage.bench.executions.start(plan.id, actor=ROSA)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.account.effects == []


def test_a_change_that_somebody_else_made_meanwhile_is_not_claimed_as_ours(stage: Scene) -> None:
    plan = stage.approved(BACK_TO_17)
    stage.account.change(PAYMENTS, "version", "17")
    stage.bench.executions.start(plan.id, actor=ROSA)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.store.plan(plan.id).status is PlanStatus.VOID


def test_drift_between_intent_and_call_stops_the_plan_before_the_call(stage: Scene) -> None:
    plan = stage.started(BACK_TO_17)
    stage.account.after("apply", lambda: pytest.fail("nothing may be applied"))
    stage.account.before("read", lambda: None)
    stage.account.before("read", lambda: stage.account.change(PAYMENTS, "version", "19"))
    stage.reach(IncidentStatus.FAILED)
    assert stage.account.effects == []
    assert stage.store.plan(plan.id).status is PlanStatus.FAILED


def test_drift_of_a_later_action_stops_the_plan_and_leaves_the_earlier_undoable(
    stage: Scene,
) -> None:
    plan = stage.started(BACK_TO_17, LONGER)
    stage.account.after("apply", lambda: stage.account.change(CHECKOUT, "timeout_seconds", 5))
    incident = stage.reach(IncidentStatus.FAILED)
    after = stage.store.plan(plan.id)
    assert after.status is PlanStatus.FAILED
    assert runs(after) == [("A1", False, "settled"), ("A2", False, "skipped")]
    assert incident.plan_id == plan.id
    stage.bench.executions.undo(plan.id, actor=ROSA)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.account.value(PAYMENTS, "version") == "18"
    assert stage.account.value(CHECKOUT, "timeout_seconds") == 5


def test_a_busy_function_is_tried_again_after_growing_pauses(stage: Scene) -> None:
    stage.account.fail("apply", BUSY, times=4)
    begun = stage.clock.now()
    plan = stage.started(LONGER)
    stage.reach(IncidentStatus.VERIFYING)
    assert stage.account.effects == [LONGER]
    assert (stage.clock.now() - begun).total_seconds() >= 2 + 4 + 8 + 16
    assert stage.store.plan(plan.id).runs[0].attempts == 5


def test_a_function_that_stays_busy_is_given_up_and_nothing_is_in_force(stage: Scene) -> None:
    stage.account.fail("apply", BUSY, times=20)
    plan = stage.started(LONGER)
    incident = stage.reach(IncidentStatus.FAILED)
    assert "gave up after 5 attempts" in incident.last_error
    assert stage.account.calls.count("apply") == 5
    assert stage.account.effects == []
    refusal = stage.bench.queries.incident(incident.id, ROSA).refusals["undo_plan"]
    assert refusal == "nothing of the plan is in force"
    assert stage.store.plan(plan.id).reason == incident.last_error


@pytest.mark.parametrize(
    "error",
    [
        AwsDenied("not allowed", iam_action="lambda:UpdateAlias", request_id="r-9"),
        AwsRejected("no such version"),
        AwsNotFound("no such alias"),
    ],
    ids=lambda error: error.code,
)
def test_a_change_that_aws_refuses_for_good_is_not_sent_again(
    stage: Scene, error: AwsError
) -> None:
    stage.account.fail("apply", error)
    stage.started(BACK_TO_17)
    incident = stage.reach(IncidentStatus.FAILED)
    assert incident.last_error == error.message
    assert stage.account.calls.count("apply") == 1
    (failed,) = [entry for entry in stage.trail() if entry.action_type == "action.failed"]
    assert failed.error == error.message
    assert failed.aws_request_ids == ((error.request_id,) if error.request_id else ())


@pytest.mark.parametrize(
    "error",
    [AwsUnavailable("time-out"), AwsThrottled("slow down")],
    ids=lambda error: error.code,
)
def test_a_call_that_failed_before_its_effect_is_sent_again(stage: Scene, error: AwsError) -> None:
    stage.account.fail("apply", error)
    plan = stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.RESOLVED)
    assert stage.account.effects == [BACK_TO_17]
    assert stage.store.plan(plan.id).runs[0].reconciled is False
    assert "action.outcome_unknown" in stage.said()


def test_a_call_that_failed_after_its_effect_is_found_in_place_and_not_sent_again(
    stage: Scene,
) -> None:
    def lose_the_answer() -> None:
        raise AwsUnavailable("the connection broke")

    stage.account.after("apply", lose_the_answer)
    plan = stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.RESOLVED)
    assert stage.account.effects == [BACK_TO_17]
    assert stage.account.calls.count("apply") == 1
    assert stage.store.plan(plan.id).runs[0].reconciled is True
    said = stage.said()
    assert said.index("action.outcome_unknown") < said.index("action.reconciled")


def test_an_unknown_outcome_that_reads_as_neither_state_stops_the_plan(stage: Scene) -> None:
    def lose_the_answer() -> None:
        stage.account.change(PAYMENTS, "version", "19")
        raise AwsUnavailable("the connection broke")

    stage.account.after("apply", lose_the_answer)
    plan = stage.started(BACK_TO_17)
    incident = stage.reach(IncidentStatus.FAILED)
    assert "drift" in incident.last_error
    assert stage.account.calls.count("apply") == 1
    assert stage.store.plan(plan.id).status is PlanStatus.FAILED


def test_an_account_that_stays_silent_keeps_the_intent_until_it_answers(stage: Scene) -> None:
    stage.account.fail("apply", AwsUnavailable("down"))
    stage.started(BACK_TO_17)
    stage.step()
    stage.account.fail("read", AwsUnavailable("down"), times=12)
    stage.reach(IncidentStatus.RESOLVED)
    assert stage.account.effects == [BACK_TO_17]


@pytest.mark.parametrize(
    "error",
    [AwsDenied("not allowed", iam_action="lambda:GetAlias"), AwsRejected("malformed")],
    ids=lambda error: error.code,
)
def test_a_state_that_may_not_be_read_voids_the_plan_instead_of_waiting_for_ever(
    stage: Scene, error: AwsError
) -> None:
    plan = stage.started(BACK_TO_17)
    stage.account.fail("read", error)
    incident = stage.reach(IncidentStatus.DIAGNOSED)
    assert incident.last_error == error.message
    assert stage.store.plan(plan.id).status is PlanStatus.VOID
    assert stage.account.effects == []


def test_a_function_that_is_gone_voids_the_plan(stage: Scene) -> None:
    plan = stage.approved(LONGER)
    stage.account.delete(CHECKOUT)
    stage.bench.executions.start(plan.id, actor=ROSA)
    incident = stage.reach(IncidentStatus.DIAGNOSED)
    assert "does not exist" in incident.last_error


def test_a_denied_look_after_an_intent_keeps_the_intent(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.account.fail("apply", AwsUnavailable("down"))
    stage.step()
    stage.account.fail("read", AwsDenied("not allowed", iam_action="lambda:GetAlias"), times=3)
    stage.reach(IncidentStatus.RESOLVED)
    assert stage.account.effects == [BACK_TO_17]
    assert "plan.failed" not in stage.said()


def test_a_change_that_aws_gives_up_while_it_settles_fails_the_plan(stage: Scene) -> None:
    stage.account.looks_to_settle = 1
    stage.started(LONGER)
    stage.step()
    stage.account.change(CHECKOUT, "timeout_seconds", 3)
    incident = stage.reach(IncidentStatus.FAILED)
    assert "settled, but the state reads" in incident.last_error


def test_five_changes_are_all_that_the_plans_of_an_incident_may_make(stage: Scene) -> None:
    incident = stage.put_incident(IncidentStatus.DIAGNOSED)
    for number, changes in enumerate([(BACK_TO_17, LONGER), (MORE_MEMORY, MAIL_LONGER)], start=1):
        plan = stage.started(*changes, incident=stage.incident(incident.id))
        stage.reach(IncidentStatus.VERIFYING)
        stage.bench.executions.undo(plan.id, actor=ROSA)
        stage.reach(IncidentStatus.DIAGNOSED)
        assert mutations(stage.store.plans(incident.id)) == 2 * number
    used = mutations(stage.store.plans(incident.id))
    third = stage.filed(LONGER, incident=stage.incident(incident.id))
    check_policy(third.actions, used)
    with pytest.raises(PolicyViolation, match="at most 5"):
        check_policy(stage.filed(BACK_TO_17, LONGER).actions, used)


def test_the_planner_files_no_plan_that_would_pass_the_limit(diagnosed: Scene) -> None:
    incident = diagnosed.incident()
    for _ in range(5):
        plan = diagnosed.started(MORE_MEMORY, incident=diagnosed.incident(incident.id))
        diagnosed.reach(IncidentStatus.VERIFYING)
        diagnosed.bench.executions.undo(plan.id, actor=ROSA)
        diagnosed.reach(IncidentStatus.DIAGNOSED)
    diagnosed.bench.plans.request(incident.id, actor=ROSA)
    diagnosed.work(lambda: diagnosed.incident(incident.id).plan_requested_by is None)
    after = diagnosed.incident(incident.id)
    assert after.status is IncidentStatus.DIAGNOSED
    assert "at most 5" in after.last_error
    assert "plan.none" in diagnosed.said()
