"""Approvals: what was approved is what runs; whatever is in doubt is a no."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.adapters.sqlite import open_store
from opspilot.domain.identity import Actor
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Instruction, Plan, PlanStatus, Risk
from opspilot.errors import ApprovalDenied, InputError, OpsPilotError
from opspilot.ports.store import Changeset
from tests.engine.account import ACCOUNT_ID, CHECKOUT, REGION
from tests.engine.scene import ADA, BACK_TO_17, GRACE, LONGER, ROSA, Scene, scene

TIMEOUT_OF_800 = Instruction(
    type="lambda.set_timeout", resource=CHECKOUT, parameters={"timeout_seconds": 800}
)


def approve(stage: Scene, plan: Plan, actor: Actor = GRACE, digest: str = "") -> Plan:
    return stage.bench.approvals.approve(plan.id, digest=digest or plan.digest, actor=actor)


def execute(stage: Scene, plan: Plan) -> Plan:
    return stage.bench.executions.start(plan.id, actor=ROSA)


def tamper(stage: Scene, plan: Plan) -> Plan:
    """Somebody with a hand in the store asks for far more than what was proposed."""
    stored = stage.store.plan(plan.id)
    action = stored.actions[0].model_copy(update={"change": TIMEOUT_OF_800})
    stage.store.commit(Changeset(puts=(stored.model_copy(update={"actions": (action,)}),)))
    return stage.store.plan(plan.id)


def refused(stage: Scene) -> list[str]:
    return [entry.error for entry in stage.trail() if entry.action_type == "command.refused"]


def test_an_approval_binds_to_the_digest_and_lasts_no_longer_than_the_plan(stage: Scene) -> None:
    plan = stage.filed(LONGER)
    stage.pass_time(minutes=10)
    (approval,) = approve(stage, plan).approvals
    assert (approval.by, approval.digest) == (GRACE, plan.digest)
    assert approval.expires_at == plan.expires_at


@pytest.mark.parametrize("digest", ["0" * 64, "", "x"])
def test_another_digest_than_the_plans_is_denied_and_on_record(stage: Scene, digest: str) -> None:
    plan = stage.filed(LONGER)
    with pytest.raises(ApprovalDenied, match="digest"):
        stage.bench.approvals.approve(plan.id, digest=digest, actor=GRACE)
    assert stage.store.plan(plan.id).status is PlanStatus.PROPOSED
    assert len(refused(stage)) == 1


def test_a_plan_whose_content_was_changed_cannot_be_approved(stage: Scene) -> None:
    plan = tamper(stage, stage.filed(LONGER))
    with pytest.raises(ApprovalDenied, match="content was changed"):
        approve(stage, plan)
    assert len(refused(stage)) == 1


def test_a_plan_changed_after_its_approval_cannot_be_started(stage: Scene) -> None:
    plan = tamper(stage, stage.approved(LONGER))
    with pytest.raises(ApprovalDenied, match="digest"):
        execute(stage, plan)
    assert stage.account.effects == []


def test_a_plan_changed_after_its_start_is_voided_before_anything_happens(stage: Scene) -> None:
    plan = tamper(stage, stage.started(LONGER))
    incident = stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.store.plan(plan.id).status is PlanStatus.VOID
    assert "digest" in incident.last_error
    assert stage.account.effects == []


def test_a_high_risk_plan_needs_another_person_than_who_asked_for_it(stage: Scene) -> None:
    plan = stage.filed(BACK_TO_17, requested_by=GRACE)
    assert plan.risk is Risk.HIGH
    with pytest.raises(ApprovalDenied, match="another person"):
        approve(stage, plan, GRACE)
    assert approve(stage, plan, ADA).status is PlanStatus.APPROVED


def test_a_medium_risk_plan_may_be_approved_by_who_asked_for_it(stage: Scene) -> None:
    assert approve(stage, stage.filed(LONGER, requested_by=GRACE)).status is PlanStatus.APPROVED


def test_nobody_approves_twice(stage: Scene) -> None:
    plan = stage.approved(LONGER)
    with pytest.raises(ApprovalDenied):
        approve(stage, plan)


def test_an_expired_plan_can_neither_be_approved_nor_started(stage: Scene) -> None:
    plan, approved = stage.filed(LONGER), stage.approved(BACK_TO_17)
    stage.pass_time(minutes=30)
    with pytest.raises(ApprovalDenied, match="expired"):
        approve(stage, plan)
    with pytest.raises(ApprovalDenied, match="expired"):
        execute(stage, approved)
    assert stage.account.effects == []


def test_a_plan_that_nobody_starts_in_time_frees_its_incident(stage: Scene) -> None:
    plan = stage.approved(LONGER)
    incident = stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.store.plan(plan.id).status is PlanStatus.EXPIRED
    assert incident.plan_id is None
    assert stage.clock.now() == plan.expires_at
    assert stage.filed(LONGER, incident=incident).number == 2


def test_an_approval_is_spent_once(stage: Scene) -> None:
    plan = stage.started(LONGER)
    assert [approval.used_at for approval in plan.approvals] == [stage.clock.now()]
    with pytest.raises(ApprovalDenied):
        execute(stage, plan)


def test_an_approval_of_one_plan_says_nothing_about_the_next(stage: Scene) -> None:
    first = stage.approved(LONGER)
    stage.bench.plans.withdraw(first.id, actor=ROSA)
    second = stage.filed(LONGER, incident=stage.incident())
    assert second.digest != first.digest
    with pytest.raises(ApprovalDenied, match="digest"):
        approve(stage, second, digest=first.digest)
    with pytest.raises(ApprovalDenied):
        execute(stage, second)


def test_a_plan_that_is_no_longer_in_force_cannot_be_approved_or_started(stage: Scene) -> None:
    plan = stage.approved(LONGER)
    stage.bench.approvals.reject(plan.id, reason="too early", actor=ADA)
    with pytest.raises(ApprovalDenied, match="rejected"):
        approve(stage, plan, ADA)
    with pytest.raises(ApprovalDenied, match="rejected"):
        execute(stage, plan)
    assert stage.status() is IncidentStatus.DIAGNOSED


def test_a_rejection_needs_a_reason(stage: Scene) -> None:
    plan = stage.filed(LONGER)
    with pytest.raises(InputError, match="reason"):
        stage.bench.approvals.reject(plan.id, reason="  ", actor=GRACE)


def together(*commands: Callable[[], object]) -> list[str]:
    """What becomes of commands given at the same moment: "" or the error's code."""
    barrier = threading.Barrier(len(commands))

    def give(command: Callable[[], object]) -> str:
        barrier.wait()
        try:
            command()
        except OpsPilotError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(len(commands)) as pool:
        return sorted(pool.map(give, commands))


@pytest.fixture
def durable(tmp_path: Path) -> Scene:
    """The scene on SQLite, where commands of many threads really meet."""
    store = open_store(tmp_path / "store.db", account=f"{ACCOUNT_ID}/{REGION}")
    return scene(tmp_path, store=store)


def test_of_many_starts_of_one_plan_exactly_one_is_taken(durable: Scene) -> None:
    plan = durable.approved(LONGER)
    came = together(*[lambda: execute(durable, plan)] * 6)
    assert came == ["", *["approval_denied"] * 5]
    durable.reach(IncidentStatus.RESOLVED)
    assert durable.account.effects == [LONGER]
    durable.assert_sound()


def test_a_plan_is_either_started_or_withdrawn_never_both(durable: Scene) -> None:
    for number in range(1, 6):
        plan = durable.approved(LONGER, incident=durable.put_incident(IncidentStatus.DIAGNOSED))
        came = together(
            lambda plan=plan: execute(durable, plan),
            lambda plan=plan: durable.bench.plans.withdraw(plan.id, actor=ROSA),
        )
        assert came.count("") == 1
        after = durable.store.plan(plan.id)
        status = durable.status(f"INC-{number:04d}")
        assert (after.status, status) in [
            (PlanStatus.EXECUTING, IncidentStatus.REMEDIATING),
            (PlanStatus.WITHDRAWN, IncidentStatus.DIAGNOSED),
        ]


def test_two_approvers_at_once_both_count_or_one_is_told(durable: Scene) -> None:
    plan = durable.filed(BACK_TO_17)
    came = together(*(lambda who=who: approve(durable, plan, who) for who in (ADA, GRACE)))
    assert came == ["", "approval_denied"]
    assert len(durable.store.plan(plan.id).approvals) == 1
    durable.assert_sound()


def test_approvals_expire_by_the_setting_as_well(stage: Scene) -> None:
    plan = stage.filed(LONGER)
    assert plan.expires_at - plan.requested_at == timedelta(minutes=30)
    (approval,) = approve(stage, plan).approvals
    assert approval.expires_at - approval.decided_at == timedelta(minutes=30)
