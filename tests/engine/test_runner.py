"""The runner: leases, conflicts and failures of a job; none loses a command or a step."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.adapters.sqlite import open_store
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.job import Job, JobKind
from opspilot.domain.plan import PlanStatus
from opspilot.engine.runner import LEASE, Runner
from opspilot.engine.steps import JobResult, Scope
from opspilot.entrypoints.worker import run_safely
from opspilot.errors import AwsUnavailable, Conflict, LeaseLost
from opspilot.ports.store import Changeset
from tests.engine.account import ACCOUNT_ID, REGION
from tests.engine.scene import BACK_TO_17, GRACE, ROSA, SECOND, Scene, scene

JOB = "incident:INC-0001"


def job(stage: Scene) -> Job:
    found = stage.store.job(JOB)
    assert found is not None
    return found


def everything(stage: Scene) -> object:
    return (stage.incident(), stage.store.plans("INC-0001"), stage.said())


@dataclass(frozen=True)
class Handler:
    """A job handler made of one function."""

    run: Callable[[Scope], None]

    def __call__(self, job: Job, scope: Scope) -> JobResult:  # noqa: ARG002 - the handlers' shape
        """Run it; due again in a minute."""
        self.run(scope)
        return JobResult(due_at=scope.now() + timedelta(minutes=1))


def with_handler(stage: Scene, run: Callable[[Scope], None]) -> Runner:
    """A runner whose alarm job does this; the job is due."""
    due = Job(id=JobKind.ALARMS, kind=JobKind.ALARMS, due_at=stage.clock.now())
    stage.store.commit(Changeset(puts=(due,)))
    return Runner(stage.store, stage.clock, "me", {JobKind.ALARMS: Handler(run)})


# --- a person's command between a step's reading and its writing ---------------------------------


def test_a_command_given_while_a_step_runs_loses_neither(stage: Scene) -> None:
    plan = stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.VERIFYING)
    stage.account.before("fetch", lambda: stage.bench.executions.undo(plan.id, actor=ROSA))
    stage.step()
    assert stage.status() is IncidentStatus.ROLLING_BACK
    assert job(stage).last_error == ""
    stage.reach(IncidentStatus.DIAGNOSED)
    assert stage.store.plan(plan.id).status is PlanStatus.UNDONE
    stage.assert_sound()


def test_a_withdrawal_at_the_moment_of_expiry_is_one_end_and_not_two(stage: Scene) -> None:
    plan = stage.filed(BACK_TO_17)
    stage.pass_time(minutes=30)
    claimed = stage.claim(JOB)
    assert claimed is not None
    stage.bench.plans.withdraw(plan.id, actor=ROSA)
    run_safely(stage.bench.runner("worker"), claimed)
    assert stage.store.plan(plan.id).status is PlanStatus.WITHDRAWN
    assert stage.status() is IncidentStatus.DIAGNOSED
    assert "plan.expired" not in stage.said()


def test_a_close_while_alarms_join_is_kept(stage: Scene) -> None:
    stage.opened()
    stage.account.ring()
    stage.account.before(
        "transitions", lambda: stage.bench.intake.close("INC-0001", actor=ROSA, reason="false")
    )
    stage.poll_alarms()
    assert stage.status() is IncidentStatus.CLOSED
    stage.pass_time(seconds=5)
    stage.poll_alarms()
    assert [one.id for one in stage.store.incidents().items] == ["INC-0002", "INC-0001"]


def test_a_command_makes_a_waiting_job_due_at_once(stage: Scene) -> None:
    plan = stage.filed(BACK_TO_17)
    while stage.step():
        pass
    assert job(stage).due_at == plan.expires_at
    stage.bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    assert job(stage).due_at == stage.clock.now()


def test_a_command_ends_the_pause_of_a_failing_job(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.VERIFYING)
    stage.account.fail("fetch", AwsUnavailable("down"), times=6)
    stage.work(lambda: job(stage).attempts == 5)
    assert job(stage).due_at == stage.clock.now() + 16 * SECOND
    stage.bench.executions.undo("INC-0001-P1", actor=ROSA)
    assert (job(stage).due_at, job(stage).attempts) == (stage.clock.now(), 0)


# --- leases ---------------------------------------------------------------------------------------


def test_a_step_that_lost_its_lease_writes_nothing(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    mine = stage.claim(JOB, owner="slow")
    assert mine is not None

    def overtaken() -> None:
        stage.pass_time(seconds=LEASE.total_seconds() + 1)
        assert stage.claim(JOB, owner="quick") is not None

    stage.account.before("read", overtaken)
    before = everything(stage)
    run_safely(stage.bench.runner("slow"), mine)
    assert everything(stage) == before
    assert stage.account.effects == []
    assert (job(stage).lease_owner or "").endswith(":quick")


def test_a_worker_overtaken_during_its_call_leaves_the_outcome_to_the_other(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    mine = stage.claim(JOB, owner="slow")
    assert mine is not None

    def overtaken() -> None:
        stage.pass_time(seconds=LEASE.total_seconds() + 1)
        assert stage.step(JOB, owner="quick")

    stage.account.after("apply", overtaken)
    run_safely(stage.bench.runner("slow"), mine)
    stage.reach(IncidentStatus.RESOLVED)
    assert stage.account.effects == [BACK_TO_17]
    said = stage.said()
    assert said.count("action.outcome") + said.count("action.reconciled") == 1
    assert said.count("action.settled") == 1
    stage.assert_sound()


def test_a_job_that_is_held_is_not_claimed_until_its_lease_ends(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    assert stage.claim(JOB, owner="one") is not None
    assert stage.claim(JOB, owner="two") is None
    stage.pass_time(seconds=LEASE.total_seconds())
    assert stage.claim(JOB, owner="two") is not None


def test_a_lease_lost_at_the_very_end_is_told_to_the_caller(stage: Scene) -> None:
    def overtaken(_: Scope) -> None:
        stage.pass_time(seconds=LEASE.total_seconds() + 1)
        assert stage.claim(JobKind.ALARMS, owner="other") is not None

    runner = with_handler(stage, overtaken)
    claimed = runner.claim()
    assert claimed is not None
    with pytest.raises(LeaseLost):
        runner.run(claimed)


# --- failures -------------------------------------------------------------------------------------


def test_a_failing_job_is_tried_again_after_pauses_that_grow_to_a_minute(stage: Scene) -> None:
    def fail(_: Scope) -> None:
        raise AwsUnavailable("down")

    runner = with_handler(stage, fail)
    pauses: list[float] = []
    for _ in range(9):
        claimed = runner.claim(JobKind.ALARMS)
        assert claimed is not None
        runner.run(claimed)
        after = stage.store.job(JobKind.ALARMS)
        assert after is not None
        assert after.due_at is not None
        assert (after.lease_owner, after.last_error) == (None, "down")
        pauses.append((after.due_at - stage.clock.now()).total_seconds())
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_success_forgets_the_failures_before_it(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.account.fail("read", AwsUnavailable("down"), times=3)
    stage.reach(IncidentStatus.VERIFYING)
    assert (job(stage).attempts, job(stage).last_error) == (0, "")


def test_a_bug_in_a_job_is_logged_put_on_the_job_and_does_not_end_the_worker(
    stage: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(_: Scope) -> None:
        raise ZeroDivisionError("0")

    runner = with_handler(stage, bug)
    claimed = runner.claim()
    assert claimed is not None
    with caplog.at_level(logging.ERROR):
        run_safely(runner, claimed)
    after = stage.store.job(JobKind.ALARMS)
    assert after is not None
    assert after.last_error == "internal error: ZeroDivisionError"
    assert after.lease_owner is None
    assert "must not end the worker" in caplog.text


def test_a_conflict_is_no_failure_and_the_step_runs_again_at_once(stage: Scene) -> None:
    def conflict(_: Scope) -> None:
        raise Conflict("somebody wrote first")

    runner = with_handler(stage, conflict)
    claimed = runner.claim()
    assert claimed is not None
    runner.run(claimed)
    after = stage.store.job(JobKind.ALARMS)
    assert after is not None
    assert (after.due_at, after.attempts, after.last_error) == (stage.clock.now(), 0, "")


def test_an_incident_that_waits_for_a_person_has_no_due_job(diagnosed: Scene) -> None:
    while diagnosed.step():
        pass
    assert job(diagnosed).due_at is None
    assert job(diagnosed).blocked_on == "somebody to ask for a plan"
    assert not job(diagnosed).done


def test_two_workers_share_many_jobs_and_each_runs_once(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db", account=f"{ACCOUNT_ID}/{REGION}")
    stage = scene(tmp_path, store=store)
    names = [f"job-{number:02d}" for number in range(40)]
    due = stage.clock.now()
    store.commit(Changeset(puts=[Job(id=one, kind=JobKind.ALARMS, due_at=due) for one in names]))
    ran: list[str] = []

    def handle(job: Job, scope: Scope) -> JobResult:  # noqa: ARG001 - the handlers' shape
        ran.append(job.id)
        return JobResult(due_at=None)

    def work(owner: str) -> int:
        runner = Runner(store, stage.clock, owner, {JobKind.ALARMS: handle})
        mine = 0
        while job := runner.claim():
            run_safely(runner, job)
            mine += 1
        return mine

    with ThreadPoolExecutor(2) as pool:
        shares = list(pool.map(work, ("one", "two")))
    assert sorted(ran) == names
    assert sum(shares) == 40
    store.close()
