"""A second fault soon after a cured one: what was cured is not named again."""

from pathlib import Path

import pytest

from opspilot.domain.incident import IncidentStatus
from opspilot.embedded.client import inject_fault
from tests.scenarios.world import ADA, GRACE, SETTLED, World, world

pytestmark = pytest.mark.timeout(120)

SECOND = {
    "wrong-table": ("lambda.bad_environment", "checkout"),
    "out-of-memory": ("lambda.out_of_memory", "fraud-score"),
}


def cured(here: World) -> None:
    """The first incident, from its alarm to recovered and closed."""
    store, bench = here.bench.store, here.bench
    here.poll_alarms()
    here.work(lambda: bool(store.incidents().items))
    (first,) = store.incidents().items
    bench.investigations.start(first.id, actor=ADA)
    here.reach(IncidentStatus.DIAGNOSED)
    bench.plans.request(first.id, actor=ADA)
    here.reach(IncidentStatus.AWAITING_APPROVAL)
    plan = store.plan(store.incident(first.id).plan_id or "")
    bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    bench.executions.start(plan.id, actor=ADA)
    assert here.reach(*SETTLED).status is IncidentStatus.RESOLVED
    bench.intake.close(first.id, actor=ADA, reason="recovered")


@pytest.mark.parametrize(("fault", "healthy_minutes"), [("wrong-table", 4), ("out-of-memory", 12)])
def test_the_second_of_two_faults_within_an_hour_is_found(
    tmp_path: Path, fault: str, healthy_minutes: int
) -> None:
    with world(tmp_path) as here:
        store, bench = here.bench.store, here.bench
        cured(here)
        here.work(lambda: False, account_minutes=healthy_minutes)
        inject_fault(here.url, fault)
        here.work(lambda: len(store.incidents().items) > 1)
        here.work(lambda: False, account_minutes=4)
        second = store.incidents().items[0]
        bench.investigations.start(second.id, actor=ADA)
        here.reach(IncidentStatus.DIAGNOSED, incident_id=second.id)
        found = store.investigation(second.id)
        assert found is not None
        assert found.verdict is not None
        cause = found.verdict.cause
        assert cause is not None
        assert (cause.cause_class, cause.resource.name) == SECOND[fault]
