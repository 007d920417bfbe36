"""A release slows payments down, and checkout's time-out is too small: what cures it, what not."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.bootstrap import open_workbench
from opspilot.config import Settings
from opspilot.domain.evidence import GapDetail, GapReason
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Instruction, VerificationOutcome
from opspilot.embedded.client import inject_fault, list_faults, reset_faults
from opspilot.errors import EmbeddedAccountStopped
from tests.filing import file_plan
from tests.scenarios.world import ADA, GRACE, SETTLED, World, world

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[World]:
    """The fault has been under way for ten minutes."""
    with world(tmp_path) as here:
        yield here


@pytest.fixture
def healthy(tmp_path: Path) -> Iterator[World]:
    """No fault is under way."""
    with world(tmp_path, fault=None) as here:
        yield here


def test_an_alarms_incident_is_diagnosed_and_cured_by_its_plan(faulty: World) -> None:
    store, bench = faulty.bench.store, faulty.bench
    faulty.poll_alarms()
    faulty.work(lambda: bool(store.incidents().items))
    (incident,) = store.incidents().items
    bench.investigations.start(incident.id, actor=ADA)
    faulty.reach(IncidentStatus.DIAGNOSED)
    found = store.investigation(incident.id)
    assert found is not None
    assert found.verdict is not None
    cause, failure = found.verdict.cause, found.verdict.first_failure
    assert found.verdict.status is VerdictStatus.CONFIRMED
    assert cause is not None
    assert (cause.cause_class, cause.resource.name) == ("lambda.slow_dependency", "payments")
    assert failure is not None
    assert failure.resource.name == "checkout"

    bench.plans.request(incident.id, actor=ADA)
    faulty.reach(IncidentStatus.AWAITING_APPROVAL)
    plan = store.plan(store.incident(incident.id).plan_id or "")
    assert plan.actions[0].change.type == "lambda.move_alias"
    assert plan.alternatives[0].change.type == "lambda.set_timeout"
    bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    bench.executions.start(plan.id, actor=ADA)
    after = faulty.reach(*SETTLED)
    assert (after.status, after.outcome) == (IncidentStatus.RESOLVED, "recovered")
    faulty.work(lambda: False, account_minutes=5)
    assert len(store.incidents().items) == 1
    assert store.incident(incident.id).status is IncidentStatus.RESOLVED
    faulty.assert_sound()


def test_a_longer_timeout_of_the_caller_cures_as_well(faulty: World) -> None:
    change = Instruction(
        type="lambda.set_timeout",
        resource=faulty.function("checkout"),
        parameters={"timeout_seconds": 8},
    )
    plan = faulty.carried_out(change, faulty.errors_stay_low("checkout", before=1.0))
    assert plan.verification is not None
    assert plan.verification.outcome is VerificationOutcome.RECOVERED
    described = faulty.place.ports.workloads.describe(change.resource)
    assert described.timeout_seconds == 8


def test_more_memory_for_the_dependency_changes_nothing_and_is_not_called_recovered(
    faulty: World,
) -> None:
    change = Instruction(
        type="lambda.set_memory",
        resource=faulty.function("payments"),
        parameters={"memory_mb": 2048},
    )
    plan = faulty.carried_out(change, faulty.errors_stay_low("checkout", before=1.0))
    assert plan.verification is not None
    assert plan.verification.outcome is VerificationOutcome.NO_EFFECT
    assert faulty.bench.store.incident("INC-0001").status is IncidentStatus.FAILED


def test_a_healthy_account_has_no_incident(healthy: World) -> None:
    healthy.diagnosed()
    found = healthy.bench.store.investigation("INC-0001")
    assert found is not None
    assert found.verdict is not None
    assert found.verdict.status is VerdictStatus.NO_INCIDENT
    gaps = [one for one in healthy.bench.store.evidence("INC-0001") if one.status == "gap"]
    assert gaps == []


def test_a_fault_that_begins_later_opens_exactly_one_incident(healthy: World) -> None:
    store = healthy.bench.store
    healthy.poll_alarms()
    healthy.work(lambda: False, account_minutes=6)
    assert store.incidents().items == ()
    began = inject_fault(healthy.url, "slow-dependency")
    healthy.work(lambda: False, account_minutes=12)
    (incident,) = store.incidents().items
    assert incident.resource.name == "checkout"
    assert timedelta() < incident.opened_at - began < timedelta(minutes=10)
    assert len(incident.alarms) >= 2
    said = [entry.action_type for entry in store.entries(incident.id)]
    assert said.count("incident.opened") == 1
    assert said.count("incident.joined") == len(incident.alarms) - 1
    assert reset_faults(healthy.url) == ["slow-dependency"]
    assert not any(fault.active for fault in list_faults(healthy.url))
    healthy.assert_sound()


def test_denied_logs_and_throttled_changes_are_gaps_under_an_honest_verdict(faulty: World) -> None:
    faulty.api_fault("logs:FilterLogEvents", "AccessDeniedException", 1000)
    faulty.api_fault("cloudtrail:LookupEvents", "ThrottlingException", 1000)
    faulty.diagnosed()
    store = faulty.bench.store
    gaps = [one for one in store.evidence("INC-0001") if isinstance(one.detail, GapDetail)]
    logs = [one.detail for one in gaps if one.request.source == "logs"]
    assert logs
    assert {(one.reason, one.iam_action) for one in logs} == {  # type: ignore[union-attr]
        (GapReason.DENIED, "logs:FilterLogEvents")
    }
    feeds = [one for one in store.evidence("INC-0001") if one.request.source == "changes"]
    assert feeds
    assert all(one.status in ("gap", "partial") for one in feeds)
    found = store.investigation("INC-0001")
    assert found is not None
    assert found.verdict is not None
    assert found.verdict.status in (VerdictStatus.LIKELY, VerdictStatus.INCONCLUSIVE)


def test_denied_metrics_leave_the_cause_open_and_name_the_missing_permission(
    faulty: World,
) -> None:
    faulty.api_fault("cloudwatch:GetMetricData", "AccessDenied", 1000)
    faulty.diagnosed()
    store = faulty.bench.store
    metrics = [one for one in store.evidence("INC-0001") if one.request.source == "metrics"]
    actions = {one.detail.iam_action for one in metrics if isinstance(one.detail, GapDetail)}
    assert actions == {"cloudwatch:GetMetricData"}
    found = store.investigation("INC-0001")
    assert found is not None
    assert found.verdict is not None
    assert found.verdict.status is VerdictStatus.INCONCLUSIVE
    assert found.verdict.next_query


def test_an_execution_outlives_an_account_that_stops_and_comes_back(faulty: World) -> None:
    bench = faulty.bench
    payments = faulty.function("payments")
    change = Instruction(
        type="lambda.move_alias",
        resource=payments,
        parameters={"alias": "live", "version": "17"},
    )
    plan = file_plan(
        bench,
        bench.intake.open_incident("checkout", actor=ADA),
        (change,),
        read=faulty.place.ports.actuator.read,
        requested_by=ADA,
        criterion=faulty.errors_stay_low("checkout", before=1.0),
    )
    bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    bench.executions.start(plan.id, actor=ADA)
    faulty.stop()
    assert faulty.step()
    job = bench.store.job("incident:INC-0001")
    assert job is not None
    assert "connect" in job.last_error.lower()
    assert bench.store.incident("INC-0001").status is IncidentStatus.REMEDIATING

    for settings in (
        Settings(state_dir=faulty.folder),
        Settings(state_dir=faulty.folder, AWS_ENDPOINT_URL=faulty.url),
    ):
        stranded = open_workbench(settings)
        assert isinstance(stranded.problem, EmbeddedAccountStopped)
        assert "opspilot demo" in stranded.account.problem
        assert [row.incident.id for row in stranded.queries.incidents().rows] == ["INC-0001"]
        report = stranded.doctor()
        assert not report.ok
        assert not any(source.ok for source in report.sources)

    faulty.restart()
    assert faulty.reach(*SETTLED).status is IncidentStatus.RESOLVED
    moves = [
        event for event in faulty.account.account.world.events
        if event.name.startswith("UpdateAlias") and event.caller.user == "opspilot"
    ]  # fmt: skip
    assert len(moves) == 1
    faulty.assert_sound()
