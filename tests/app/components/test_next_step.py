"""What stands beside the next step once a plan is over."""

import pytest

from app.components.next_step import dropped_before
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.domain.views import IncidentView
from tests import builders


def after(plan: Plan, status: IncidentStatus = IncidentStatus.DIAGNOSED) -> IncidentView:
    """The incident once this was its newest plan."""
    return builders.view(builders.incident(status), plans=(plan,))


def test_a_plan_that_was_undone_is_told_where_the_next_one_is_asked_for() -> None:
    undone = builders.executed().model_copy(update={"status": PlanStatus.UNDONE})
    assert "was undone" in str(dropped_before(after(undone)))


def test_a_rejection_is_told_with_its_reason() -> None:
    rejected = builders.plan(PlanStatus.REJECTED, reason=f"not at peak {builders.HOSTILE}")
    told = str(dropped_before(after(rejected)))
    assert "is rejected: Not at peak" in told
    assert "<img" not in told


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        (builders.plan(), IncidentStatus.AWAITING_APPROVAL),
        (builders.executed(), IncidentStatus.RESOLVED),
        (builders.plan(PlanStatus.REJECTED, reason="no"), IncidentStatus.INVESTIGATING),
    ],
)
def test_while_a_plan_stands_or_something_runs_nothing_is_told_of_it(
    plan: Plan, status: IncidentStatus
) -> None:
    assert dropped_before(after(plan, status)) is None
