"""A release of fraud-score is killed for memory behind its alias: what cures it, what does not."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Instruction, VerificationOutcome
from opspilot.embedded.client import inject_fault
from opspilot.errors import PolicyViolation
from opspilot.remediation.actions import (
    move_alias,
    publish_memory,
    set_environment,
    set_memory,
    set_timeout,
)
from tests.scenarios.world import ADA, GRACE, SETTLED, World, world

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[World]:
    """The fault has been under way for ten minutes."""
    with world(tmp_path, fault="out-of-memory") as here:
        yield here


def outcome(here: World, *changes: Instruction) -> VerificationOutcome | None:
    plan = here.carried_out(
        changes[0], here.errors_stay_low("fraud-score", before=0.88), *changes[1:]
    )
    assert plan.verification is not None
    return plan.verification.outcome


def test_an_alarms_incident_is_diagnosed_and_cured_by_its_plan(tmp_path: Path) -> None:
    with world(tmp_path, fault=None) as here:
        store, bench = here.bench.store, here.bench
        here.poll_alarms()
        here.work(lambda: False, account_minutes=3)
        assert store.incidents().items == ()
        began = inject_fault(here.url, "out-of-memory")
        here.work(lambda: bool(store.incidents().items))
        # Who is asked before the alarm's own minute is over sees one minute of trouble.
        here.work(lambda: False, account_minutes=4)
        (incident,) = store.incidents().items
        assert timedelta() < incident.opened_at - began < timedelta(minutes=10)
        bench.investigations.start(incident.id, actor=ADA)
        here.reach(IncidentStatus.DIAGNOSED)
        found = store.investigation(incident.id)
        assert found is not None
        assert found.verdict is not None
        cause, failure = found.verdict.cause, found.verdict.first_failure
        assert cause is not None
        assert (cause.cause_class, cause.resource.name) == ("lambda.out_of_memory", "fraud-score")
        assert cause.onset is not None
        assert abs(cause.onset - began) <= timedelta(minutes=2)
        assert failure is not None
        assert failure.resource.name == "fraud-score"

        bench.plans.request(incident.id, actor=ADA)
        here.reach(IncidentStatus.AWAITING_APPROVAL)
        plan = store.plan(store.incident(incident.id).plan_id or "")
        (action,) = plan.actions
        assert (action.change.type, action.after) == (
            "lambda.move_alias",
            {"alias live": "version 6"},
        )
        (other,) = plan.alternatives
        assert [other.change.type, *(one.type for one in other.then)] == [
            "lambda.set_memory",
            "lambda.publish_memory",
        ]
        bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
        bench.executions.start(plan.id, actor=ADA)
        after = here.reach(*SETTLED)
        assert (after.status, after.outcome) == (IncidentStatus.RESOLVED, "recovered")
        assert len(store.incidents().items) == 1
        here.assert_sound()


def test_publishing_more_memory_cures_as_well_and_its_undo_brings_everything_back(
    faulty: World,
) -> None:
    function = faulty.function("fraud-score")
    describe = faulty.place.ports.workloads.describe
    plan = faulty.carried_out(
        set_memory.instruction(function, 2048),
        faulty.errors_stay_low("fraud-score", before=0.88),
        publish_memory.instruction(function, "live", 2048),
    )
    assert plan.verification is not None
    assert plan.verification.outcome is VerificationOutcome.RECOVERED
    now = describe(function)
    served = now.version(now.aliases[0].version)
    assert served is not None
    assert (now.memory_mb, served.version, served.memory_mb) == (2048, "8", 2048)

    faulty.bench.executions.undo(plan.id, actor=ADA)
    faulty.reach(IncidentStatus.DIAGNOSED, IncidentStatus.FAILED, IncidentStatus.OPEN)
    undone = faulty.bench.store.plan(plan.id)
    assert (undone.status, undone.reason) == ("undone", "taken back")
    now = describe(function)
    assert (now.memory_mb, now.aliases[0].version, now.aliases[0].weights) == (1024, "7", {})
    faulty.assert_sound()


def test_a_move_that_fails_after_publishing_is_made_up_for_without_a_second_version(
    faulty: World,
) -> None:
    function = faulty.function("fraud-score")
    faulty.api_fault("lambda:UpdateAlias", "ServiceException", 2)
    plan = faulty.carried_out(
        set_memory.instruction(function, 2048),
        faulty.errors_stay_low("fraud-score", before=0.88),
        publish_memory.instruction(function, "live", 2048),
    )
    run = plan.run_of("A2")
    assert run is not None
    assert (run.status, plan.status) == ("settled", "executed")
    now = faulty.place.ports.workloads.describe(function)
    assert [one.version for one in now.versions] == ["8", "7", "6"]
    assert now.aliases[0].version == "8"
    published = [
        event for event in faulty.account.account.world.events
        if event.name.startswith("PublishVersion") and event.caller.user == "opspilot"
    ]  # fmt: skip
    assert len(published) == 3
    unknown = [
        entry for entry in faulty.bench.store.entries("INC-0001")
        if entry.action_type == "action.outcome_unknown"
    ]  # fmt: skip
    assert unknown
    faulty.assert_sound()


def test_what_somebody_else_left_in_latest_stops_the_plan_before_it_is_published(
    faulty: World,
) -> None:
    function = faulty.function("fraud-score")
    variable = set_environment.instruction(function, "MODEL", "gbm-next")
    actuator = faulty.place.ports.actuator
    actuator.apply(variable, actuator.read(variable))
    faulty.account.advance(60)
    with pytest.raises(PolicyViolation, match="differs from version 7 in Environment"):
        faulty.carried_out(
            publish_memory.instruction(function, "live", 2048),
            faulty.errors_stay_low("fraud-score", before=0.88),
        )


@pytest.mark.parametrize("name", ["$LATEST alone", "timeout", "another function"])
def test_a_wrong_change_has_no_effect(faulty: World, name: str) -> None:
    function = faulty.function("fraud-score")
    changes = {
        "$LATEST alone": set_memory.instruction(function, 4096),
        "timeout": set_timeout.instruction(function, 60),
        "another function": move_alias.instruction(faulty.function("payments"), "live", "16"),
    }
    assert outcome(faulty, changes[name]) is VerificationOutcome.NO_EFFECT
    assert faulty.bench.store.incident("INC-0001").status is IncidentStatus.FAILED


def test_less_memory_makes_it_worse(faulty: World) -> None:
    function = faulty.function("fraud-score")
    less = set_memory.instruction(function, 896), publish_memory.instruction(function, "live", 896)
    assert outcome(faulty, *less) is VerificationOutcome.WORSE
