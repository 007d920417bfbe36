"""A review tells who decided on each plan, also where the decision was no."""

import pytest

from opspilot.domain.audit import AuditDraft, link
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import PlanStatus
from opspilot.engine.review import Record, draft
from tests import builders


@pytest.mark.parametrize("status", [PlanStatus.REJECTED, PlanStatus.WITHDRAWN])
def test_a_plan_that_was_dropped_names_who_dropped_it(status: PlanStatus) -> None:
    plan = builders.plan(status, reason="Not at peak")
    dropped = AuditDraft(
        chain="INC-0042",
        actor=builders.GRACE,
        action_type=f"plan.{status}",
        subject=plan.id,
        at=builders.ago(minutes=3),
        wall=builders.ago(minutes=3),
    )
    told = draft(
        Record(
            incident=builders.incident(IncidentStatus.DIAGNOSED),
            investigation=builders.investigation(),
            evidence=(),
            plans=(plan,),
            audit=(link(dropped, None),),
        )
    )["Response"]
    assert f"decided by Grace ({status} " in told
    assert "nobody decided" not in told
    assert "Not at peak." in told


def test_a_plan_that_nobody_looked_at_says_so() -> None:
    expired = builders.plan(PlanStatus.EXPIRED)
    told = draft(Record(builders.incident(), builders.investigation(), (), (expired,), ()))
    assert "nobody decided on it" in told["Response"]


def test_a_change_that_was_taken_back_leaves_nothing_to_decide_on() -> None:
    kept = builders.executed()
    undone = kept.model_copy(update={"status": PlanStatus.UNDONE})
    for plan, asked in ((kept, True), (undone, False)):
        told = draft(Record(builders.incident(), builders.investigation(), (), (plan,), ()))
        assert ("Decide whether this stays" in told["Action items"]) == asked
