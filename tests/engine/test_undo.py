"""Undo: the captured state comes back, in reverse order, and never over somebody else's change."""

import pytest

from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import PlanStatus
from opspilot.errors import AwsConflict, AwsDenied, AwsUnavailable, IllegalTransition
from tests.engine.account import CHECKOUT, PAYMENTS
from tests.engine.scene import BACK_TO_17, LONGER, MORE_MEMORY, ROSA, Scene, runs

PLAN = "INC-0001-P1"


def undo(stage: Scene) -> None:
    stage.bench.executions.undo(PLAN, actor=ROSA)


def test_an_undo_restores_the_captured_state_newest_change_first(stage: Scene) -> None:
    plan = stage.started(BACK_TO_17, LONGER)
    stage.reach(IncidentStatus.RESOLVED)
    undo(stage)
    incident = stage.reach(IncidentStatus.DIAGNOSED)
    assert [one.resource for one in stage.account.effects] == [
        PAYMENTS, CHECKOUT, CHECKOUT, PAYMENTS,
    ]  # fmt: skip
    for action in plan.actions:
        assert stage.account.read(action.change).values == action.pre_state.values
    assert stage.store.plan(PLAN).status is PlanStatus.UNDONE
    assert (incident.plan_id, incident.resolved_at) == (None, None)
    assert incident.outcome == "undone"
    stage.assert_sound()


def test_an_undo_is_refused_when_somebody_changed_the_resource_since(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.RESOLVED)
    stage.account.change(PAYMENTS, "version", "20")
    undo(stage)
    incident = stage.reach(IncidentStatus.FAILED)
    assert "drift" in incident.last_error
    assert stage.account.value(PAYMENTS, "version") == "20"
    assert incident.plan_id == PLAN
    assert stage.store.plan(PLAN).status is PlanStatus.FAILED


def test_an_undo_that_failed_can_be_asked_for_again(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.RESOLVED)
    stage.account.fail("apply", AwsDenied("not allowed", iam_action="lambda:UpdateAlias"))
    undo(stage)
    assert stage.reach(IncidentStatus.FAILED).last_error == "not allowed"
    undo(stage)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.account.value(PAYMENTS, "version") == "18"
    assert stage.said().count("plan.undo_failed") == 1


def test_an_undo_refused_for_drift_goes_through_once_the_drift_is_gone(stage: Scene) -> None:
    stage.started(LONGER)
    stage.reach(IncidentStatus.RESOLVED)
    stage.account.change(CHECKOUT, "timeout_seconds", 9)
    undo(stage)
    stage.reach(IncidentStatus.FAILED)
    stage.account.change(CHECKOUT, "timeout_seconds", 8)
    undo(stage)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.account.value(CHECKOUT, "timeout_seconds") == 3


def test_an_undo_interrupted_after_its_effect_is_found_in_place(stage: Scene) -> None:
    def lose_the_answer() -> None:
        raise AwsUnavailable("the connection broke")

    stage.started(LONGER)
    stage.reach(IncidentStatus.RESOLVED)
    stage.account.after("apply", lose_the_answer)
    undo(stage)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert len(stage.account.effects) == 2
    run = stage.store.plan(PLAN).run_of("A1", undo=True)
    assert run is not None
    assert run.reconciled


def test_a_busy_function_delays_an_undo_and_does_not_end_it(stage: Scene) -> None:
    stage.started(LONGER)
    stage.reach(IncidentStatus.RESOLVED)
    stage.account.fail("apply", AwsConflict("an update is in progress"), times=3)
    undo(stage)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.account.value(CHECKOUT, "timeout_seconds") == 3


def test_a_change_can_be_taken_back_while_it_is_still_observed(stage: Scene) -> None:
    stage.started(MORE_MEMORY)
    stage.reach(IncidentStatus.VERIFYING)
    undo(stage)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.account.value(PAYMENTS, "memory_mb") == 512
    assert "verification.ended" not in stage.said()


def test_only_what_took_effect_is_taken_back(stage: Scene) -> None:
    stage.started(BACK_TO_17, LONGER)
    stage.account.after(
        "apply",
        lambda: stage.account.fail("apply", AwsDenied("no", iam_action="lambda:Update")),
    )
    stage.reach(IncidentStatus.FAILED)
    undo(stage)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert runs(stage.store.plan(PLAN)) == [
        ("A1", False, "settled"), ("A2", False, "failed"), ("A1", True, "settled"),
    ]  # fmt: skip


def test_nothing_is_undone_twice(stage: Scene) -> None:
    stage.started(LONGER)
    stage.reach(IncidentStatus.RESOLVED)
    undo(stage)
    stage.reach(IncidentStatus.DIAGNOSED)
    with pytest.raises(IllegalTransition, match="in force"):
        undo(stage)


def test_an_undone_incident_can_be_planned_for_again(stage: Scene) -> None:
    stage.started(MORE_MEMORY)
    stage.reach(IncidentStatus.VERIFYING)
    undo(stage)
    incident = stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.filed(BACK_TO_17, incident=incident).id == "INC-0001-P2"
