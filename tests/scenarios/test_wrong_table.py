"""A variable of checkout names a table that does not exist: what cures it, what does not."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Instruction, VerificationOutcome
from opspilot.embedded.client import inject_fault
from opspilot.remediation.actions import set_environment, set_memory, set_timeout
from tests.scenarios.world import ADA, GRACE, SETTLED, World, world

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[World]:
    """The fault has been under way for ten minutes."""
    with world(tmp_path, fault="wrong-table") as here:
        yield here


def test_an_alarms_incident_is_diagnosed_and_cured_by_its_plan(tmp_path: Path) -> None:
    with world(tmp_path, fault=None) as here:
        store, bench = here.bench.store, here.bench
        here.poll_alarms()
        here.work(lambda: False, account_minutes=3)
        assert store.incidents().items == ()
        began = inject_fault(here.url, "wrong-table")
        here.work(lambda: bool(store.incidents().items))
        here.work(lambda: False, account_minutes=4)
        (incident,) = store.incidents().items
        assert incident.resource.name == "checkout"
        bench.investigations.start(incident.id, actor=ADA)
        here.reach(IncidentStatus.DIAGNOSED)
        found = store.investigation(incident.id)
        assert found is not None
        assert found.verdict is not None
        cause = found.verdict.cause
        assert cause is not None
        assert (cause.cause_class, cause.resource.name, cause.setting) == (
            "lambda.bad_environment",
            "checkout",
            "ORDERS_TABLE",
        )
        assert cause.onset is not None
        assert abs(cause.onset - began) <= timedelta(minutes=2)

        before = here.place.ports.workloads.describe(here.function("checkout")).environment
        bench.plans.request(incident.id, actor=ADA)
        here.reach(IncidentStatus.AWAITING_APPROVAL)
        plan = store.plan(store.incident(incident.id).plan_id or "")
        (action,) = plan.actions
        assert action.summary == "Set ORDERS_TABLE of checkout: orders-v2 -> orders"
        assert (action.before, action.after) == (
            {"ORDERS_TABLE": "orders-v2"},
            {"ORDERS_TABLE": "orders"},
        )
        assert action.undo.parameters == {"variable": "ORDERS_TABLE", "value": "orders-v2"}
        bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
        bench.executions.start(plan.id, actor=ADA)
        after = here.reach(*SETTLED)
        assert (after.status, after.outcome) == (IncidentStatus.RESOLVED, "recovered")
        now = here.place.ports.workloads.describe(here.function("checkout")).environment
        assert now == {**before, "ORDERS_TABLE": "orders"}
        assert len(store.incidents().items) == 1
        here.assert_sound()


def test_the_undo_of_the_cure_brings_the_captured_value_back(faulty: World) -> None:
    checkout = faulty.function("checkout")
    describe = faulty.place.ports.workloads.describe
    before = describe(checkout).environment
    plan = faulty.carried_out(
        set_environment.instruction(checkout, "ORDERS_TABLE", "orders"),
        faulty.errors_stay_low("checkout", before=1.0),
    )
    assert plan.verification is not None
    assert plan.verification.outcome is VerificationOutcome.RECOVERED
    faulty.bench.executions.undo(plan.id, actor=ADA)
    faulty.reach(IncidentStatus.DIAGNOSED, IncidentStatus.FAILED, IncidentStatus.OPEN)
    assert faulty.bench.store.plan(plan.id).status == "undone"
    assert describe(checkout).environment == before
    faulty.assert_sound()


def wrong_changes(here: World) -> dict[str, Instruction]:
    checkout = here.function("checkout")
    return {
        "another table that does not exist": set_environment.instruction(
            checkout, "ORDERS_TABLE", "orders_v2"
        ),
        "no table": set_environment.instruction(checkout, "ORDERS_TABLE", None),
        "more time": set_timeout.instruction(checkout, 20),
        "more memory": set_memory.instruction(checkout, 2048),
    }


@pytest.mark.parametrize(
    "name",
    ["another table that does not exist", "no table", "more time", "more memory"],
)
def test_a_wrong_change_has_no_effect(faulty: World, name: str) -> None:
    plan = faulty.carried_out(
        wrong_changes(faulty)[name], faulty.errors_stay_low("checkout", before=1.0)
    )
    assert plan.verification is not None
    assert plan.verification.outcome is VerificationOutcome.NO_EFFECT
    assert faulty.bench.store.incident("INC-0001").status is IncidentStatus.FAILED
