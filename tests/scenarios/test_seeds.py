"""Every fault in several worlds: the cause is found in each, and no other cause is named."""

from pathlib import Path

import pytest

from opspilot.domain.hypothesis import VerdictStatus
from tests.scenarios.world import world

pytestmark = pytest.mark.timeout(180)

CAUSES = {
    "slow-dependency": ("lambda.slow_dependency", "payments"),
    "out-of-memory": ("lambda.out_of_memory", "fraud-score"),
    "wrong-table": ("lambda.bad_environment", "checkout"),
}


@pytest.mark.parametrize("seed", range(101, 106))
@pytest.mark.parametrize("fault", list(CAUSES))
def test_the_cause_is_confirmed_and_the_other_faults_causes_are_ruled_out_or_not_even_raised(
    tmp_path: Path, fault: str, seed: int
) -> None:
    with world(tmp_path, fault=fault, seed=seed) as here:
        verdict = here.verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert (verdict.cause.cause_class, verdict.cause.resource.name) == CAUSES[fault]
    others = {cause for name, (cause, _) in CAUSES.items() if name != fault}
    alive = {one.cause_class for one in verdict.hypotheses if one.status != "ruled_out"}
    assert not alive & others
