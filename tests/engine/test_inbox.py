"""The inbox: every kind of errand, for whom it is, since when, and when it goes away."""

from datetime import timedelta

import pytest

from opspilot.domain.commands import Command
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.identity import Actor
from opspilot.domain.inbox import Errand, InboxItem
from opspilot.domain.incident import IncidentStatus, Severity
from opspilot.domain.investigation import Investigation
from opspilot.domain.job import JobKind
from opspilot.domain.plan import Instruction, PlanStatus
from opspilot.engine.inbox import OWNER_WITHIN
from opspilot.errors import AwsDenied, AwsUnavailable
from opspilot.ports.store import Changeset
from tests import builders
from tests.engine.account import PAYMENTS
from tests.engine.scene import ADA, BACK_TO_17, GRACE, MORE_MEMORY, ROOT, ROSA, VERA, Scene

BOTH = Actor(id="both", name="Bo", roles=(*ROSA.roles, *ADA.roles), source="embedded")


def items(stage: Scene, actor: Actor = ROSA) -> list[InboxItem]:
    return list(stage.bench.queries.inbox(actor).items)


def only(stage: Scene, actor: Actor = ROSA) -> InboxItem:
    (item,) = items(stage, actor)
    return item


def mine(stage: Scene, *people: Actor) -> list[str]:
    """Whose the one item is."""
    return [who.id for who in people if only(stage, who).mine]


def judged(stage: Scene, status: VerdictStatus) -> None:
    """A diagnosed incident with such a verdict."""
    incident = stage.put_incident(IncidentStatus.DIAGNOSED)
    done = Investigation(
        incident_id=incident.id,
        requested_by=ROSA,
        phase="done",
        verdict=builders.verdict(status),
        started_at=stage.clock.account_now(),
        started_wall=stage.clock.now(),
        ended_wall=stage.clock.now(),
    )
    stage.store.commit(Changeset(puts=(done,)))


def test_without_incidents_nothing_waits(stage: Scene) -> None:
    assert items(stage) == []


def test_a_new_incident_waits_for_somebody_to_look(stage: Scene) -> None:
    incident = stage.opened()
    item = only(stage)
    assert (item.errand, item.command) == (Errand.INVESTIGATION_WANTED, Command.INVESTIGATE)
    assert (item.incident_id, item.since) == (incident.id, stage.clock.now())
    assert (item.waits_for, item.mine) == ("a responder", True)
    assert mine(stage, VERA, ROSA, ADA, ROOT) == ["rosa", "ada", "root"]


def test_what_moves_by_itself_waits_for_nobody(stage: Scene) -> None:
    stage.bench.investigations.start(stage.opened().id, actor=ROSA)
    assert items(stage) == []
    stage.reach(IncidentStatus.DIAGNOSED)
    stage.bench.plans.request("INC-0001", actor=ROSA)
    assert items(stage) == []


@pytest.mark.parametrize(
    ("verdict", "errand", "command"),
    [
        (VerdictStatus.CONFIRMED, Errand.PLAN_WANTED, Command.PROPOSE_PLAN),
        (VerdictStatus.LIKELY, Errand.PLAN_WANTED, Command.PROPOSE_PLAN),
        (VerdictStatus.INCONCLUSIVE, Errand.INCONCLUSIVE, Command.INVESTIGATE),
        (VerdictStatus.NO_INCIDENT, Errand.NOTHING_FOUND, Command.CLOSE_INCIDENT),
    ],
)
def test_a_verdict_waits_for_what_it_calls_for(
    stage: Scene, verdict: VerdictStatus, errand: Errand, command: Command
) -> None:
    judged(stage, verdict)
    assert (only(stage).errand, only(stage).command) == (errand, command)


@pytest.mark.parametrize(
    ("change", "waits_for", "whose"),
    [
        (BACK_TO_17, "an approver other than Bo", ["grace", "root"]),
        (MORE_MEMORY, "an approver", ["both", "grace", "root"]),
    ],
    ids=["high risk", "low risk"],
)
def test_a_plan_waits_for_those_who_may_approve_it(
    stage: Scene, change: Instruction, waits_for: str, whose: list[str]
) -> None:
    plan = stage.filed(change, requested_by=BOTH)
    stage.pass_time(minutes=2)
    item = only(stage, GRACE)
    assert (item.errand, item.command) == (Errand.APPROVAL_WANTED, Command.APPROVE_PLAN)
    assert (item.plan_id, item.since) == (plan.id, plan.requested_at)
    assert item.waits_for == waits_for
    assert mine(stage, VERA, ROSA, BOTH, GRACE, ROOT) == whose


def test_an_approved_plan_waits_for_a_responder(stage: Scene) -> None:
    plan = stage.approved(BACK_TO_17)
    item = only(stage)
    assert (item.errand, item.command) == (Errand.EXECUTION_WANTED, Command.EXECUTE_PLAN)
    assert item.since == plan.approvals[0].decided_at
    assert mine(stage, VERA, ROSA, ADA) == ["rosa", "ada"]
    stage.bench.executions.start(plan.id, actor=ROSA)
    assert items(stage) == []


def test_a_plan_that_expired_waits_for_a_new_one_until_there_is_a_new_verdict(
    stage: Scene,
) -> None:
    plan = stage.filed(BACK_TO_17)
    stage.pass_time(minutes=31)
    stage.bench.care.assign("INC-0001", owner=ROSA, actor=ROSA)
    assert items(stage) == []  # the worker has not dropped it yet
    stage.step("incident:INC-0001")
    item = only(stage)
    assert (item.errand, item.command) == (Errand.PLAN_LAPSED, Command.PROPOSE_PLAN)
    assert (item.since, "expired" in item.what) == (plan.expires_at, True)
    stage.bench.investigations.start("INC-0001", actor=ROSA)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert only(stage).errand is Errand.PLAN_WANTED


def test_a_plan_that_drift_made_void_says_why(stage: Scene) -> None:
    stage.approved(BACK_TO_17)
    stage.account.change(PAYMENTS, "version", "16")
    stage.bench.executions.start("INC-0001-P1", actor=ROSA)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.store.plan("INC-0001-P1").status is PlanStatus.VOID
    item = only(stage)
    assert item.errand is Errand.PLAN_LAPSED
    assert "void" in item.what


def test_a_plan_that_could_not_be_made_says_why(stage: Scene) -> None:
    judged(stage, VerdictStatus.CONFIRMED)
    stage.bench.plans.request("INC-0001", actor=ROSA)
    stage.work(lambda: bool(stage.incident().last_error))
    item = only(stage)
    assert item.errand is Errand.NO_PLAN
    assert item.what == stage.incident().last_error


def test_a_signal_that_did_not_recover_waits_for_somebody_to_undo(stage: Scene) -> None:
    stage.started(MORE_MEMORY)
    failed = stage.reach(IncidentStatus.FAILED)
    item = next(one for one in items(stage) if one.errand is not Errand.NO_OWNER)
    assert (item.errand, item.command) == (Errand.NOT_RECOVERED, Command.UNDO_PLAN)
    assert item.since == failed.status_since
    assert failed.opened_wall < item.since <= stage.clock.now()


def test_an_execution_that_failed_says_so(stage: Scene) -> None:
    stage.account.fail("apply", AwsDenied("not allowed", iam_action="lambda:UpdateAlias"))
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.FAILED)
    assert (only(stage).errand, only(stage).command) == (
        Errand.EXECUTION_FAILED,
        Command.INVESTIGATE,
    )
    assert "not allowed" in only(stage).what


def test_an_undo_that_failed_says_so(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.VERIFYING)
    stage.account.fail("apply", AwsDenied("not allowed", iam_action="lambda:UpdateAlias"))
    stage.bench.executions.undo("INC-0001-P1", actor=ROSA)
    stage.reach(IncidentStatus.FAILED)
    item = next(one for one in items(stage) if one.errand is not Errand.NO_OWNER)
    assert (item.errand, item.command) == (Errand.ROLLBACK_FAILED, Command.UNDO_PLAN)


def test_an_investigation_without_any_source_says_so(stage: Scene) -> None:
    stage.put_incident(IncidentStatus.FAILED, last_error="no source could be read: denied")
    assert only(stage).errand is Errand.INVESTIGATION_FAILED
    assert only(stage).what == "no source could be read: denied"


@pytest.mark.parametrize("severity", Severity)
def test_an_incident_that_nobody_takes_on_is_missed_after_a_time_by_its_severity(
    stage: Scene, severity: Severity
) -> None:
    incident = stage.opened()
    stage.bench.care.set_severity(incident.id, severity=severity, actor=ROSA)
    within = OWNER_WITHIN[severity]
    stage.pass_time(seconds=(within - timedelta(seconds=1)).total_seconds())
    assert [one.errand for one in items(stage)] == [Errand.INVESTIGATION_WANTED]
    stage.pass_time(seconds=1)
    item = next(one for one in items(stage) if one.errand is Errand.NO_OWNER)
    assert (item.command, item.since) == (Command.ASSIGN_INCIDENT, incident.opened_wall)
    stage.bench.care.assign(incident.id, owner=ROSA, actor=ROSA)
    assert [one.errand for one in items(stage)] == [Errand.INVESTIGATION_WANTED]


def test_what_an_owner_has_taken_on_waits_for_the_owner_but_an_approval_does_not(
    stage: Scene,
) -> None:
    stage.opened()
    stage.bench.care.assign("INC-0001", owner=ROSA, actor=ADA)
    assert (only(stage).waits_for, mine(stage, ROSA, ADA, ROOT)) == ("Rosa", ["rosa"])
    stage.filed(BACK_TO_17, incident=stage.put_incident(IncidentStatus.DIAGNOSED, owner=ROSA))
    approval = next(one for one in items(stage, GRACE) if one.incident_id == "INC-0002")
    assert (approval.errand, approval.mine) == (Errand.APPROVAL_WANTED, True)


def test_a_step_that_keeps_failing_is_told_of_and_one_that_hiccups_is_not(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.account.fail("read", AwsUnavailable("down"), times=9)
    began = stage.clock.now()
    stage.work(lambda: (stage.store.job("incident:INC-0001").attempts or 0) == 2)  # type: ignore[union-attr]
    assert items(stage) == []
    stage.work(lambda: (stage.store.job("incident:INC-0001").attempts or 0) == 4)  # type: ignore[union-attr]
    item = only(stage)
    assert item.errand is Errand.JOB_FAILING
    assert "4 times in a row: down" in item.what
    assert abs(item.since - began) < timedelta(seconds=5)


def test_alarms_that_cannot_be_read_wait_for_a_responder(stage: Scene) -> None:
    denied = AwsDenied("cloudwatch:DescribeAlarms is denied", iam_action="x")
    stage.account.fail("transitions", denied, times=9)
    stage.poll_alarms()
    stage.work(lambda: (stage.store.job(JobKind.ALARMS).attempts or 0) == 3)  # type: ignore[union-attr]
    item = only(stage)
    assert (item.errand, item.incident_id) == (Errand.JOB_FAILING, "")
    assert "alarms cannot be read" in item.what
    assert mine(stage, VERA, ROSA) == ["rosa"]


def test_one_s_own_come_first_then_the_worst_then_the_oldest(stage: Scene) -> None:
    for severity, owner in (
        (Severity.LOW, None),
        (Severity.CRITICAL, None),
        (Severity.CRITICAL, ADA),
        (Severity.LOW, ROSA),
    ):
        stage.put_incident(IncidentStatus.OPEN, severity=severity, owner=owner)
        stage.pass_time(seconds=10)
    assert [one.incident_id for one in items(stage)] == [
        "INC-0002",
        "INC-0001",
        "INC-0004",
        "INC-0003",
    ]
    assert [one.incident_id for one in stage.bench.queries.inbox(VERA).mine] == []


def test_what_is_over_waits_for_nobody(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.RESOLVED)
    stage.pass_time(hours=9)
    assert items(stage) == []
