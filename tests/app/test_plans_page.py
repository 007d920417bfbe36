"""The plans of every incident, through the app's entry, on a real store."""

import pytest
from streamlit.testing.v1 import AppTest

from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.ports.store import Row
from tests import builders
from tests.app.conftest import ENTRY, Fill, current, opened, said

PLANS_PAGE = str(ENTRY.parent.parent / "pages" / "plans.py")
OTHER = "INC-0043"


def awaiting() -> tuple[Row, ...]:
    """An incident whose plan waits for a second person."""
    plan = current(builders.plan())
    incident = builders.incident(IncidentStatus.AWAITING_APPROVAL, plan_id=plan.id)
    return (incident, builders.investigation(), *builders.ledger(), plan)


def ended(status: PlanStatus, **more: object) -> tuple[Row, ...]:
    """Another incident with a plan that is over."""
    plan = builders.plan(status, id=f"{OTHER}-P1", incident_id=OTHER, **more)
    return (builders.incident(IncidentStatus.DIAGNOSED, id=OTHER, title="mail: late"), plan)


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def test_without_plans_the_page_says_how_they_come_about(fill: Fill) -> None:
    fill()
    app = opened(PLANS_PAGE)
    assert not app.exception
    assert "No plans yet. Once an incident has a verdict" in said(app)


def test_every_plan_has_a_line_with_its_changes_its_people_and_its_expiry(fill: Fill) -> None:
    fill(*awaiting(), *ended(PlanStatus.REJECTED, reason="not before the sale ends"))
    text = said(opened(PLANS_PAGE))
    assert 'checkout: timeout <span class="op-before">3 s</span> → <b>8 s</b>' in text
    assert "Ada asked" in text
    assert "missing: an approval by a second person (not Ada)" in text
    assert "expires in 29:" in text
    assert "risk: HIGH" in text
    assert "mail: late" in text
    assert "not before the sale ends" in text


def test_what_waits_for_me_comes_first_and_for_its_requester_nothing_waits(fill: Fill) -> None:
    fill(*awaiting(), *ended(PlanStatus.EXPIRED))
    grace = opened(PLANS_PAGE, **{"as": "grace"})
    assert [one.value for one in grace.subheader] == ["Waiting for you: 1", "Other plans"]
    assert [one.value for one in opened(PLANS_PAGE).subheader] == []


def test_the_address_filters_by_status_and_an_empty_filter_says_so(fill: Fill) -> None:
    fill(*awaiting(), *ended(PlanStatus.REJECTED))
    text = said(opened(PLANS_PAGE, plans="rejected"))
    assert "mail: late" in text
    assert "checkout: errors above" not in text
    assert "Clear the filter" in said(opened(PLANS_PAGE, plans="undone"))


def test_a_second_person_approves_the_plan_that_is_on_the_screen(fill: Fill) -> None:
    store = fill(*awaiting())
    app = opened(PLANS_PAGE, **{"as": "grace"})
    app.button(key="open-INC-0042-P1").click().run()
    assert app.query_params["plan"] == "INC-0042-P1"
    assert "Success means" in said(app)
    press(app, "Approve plan 1 as Grace")
    plan = store.plan("INC-0042-P1")
    assert [(one.by.id, one.digest) for one in plan.approvals] == [("grace", plan.digest)]
    assert plan.status is PlanStatus.APPROVED


def test_the_requester_cannot_approve_here_either(fill: Fill) -> None:
    fill(*awaiting())
    app = opened(PLANS_PAGE, plan="inc-0042-p1")
    approve = next(one for one in app.button if one.label == "Approve plan 1 as Ada")
    assert approve.disabled


def test_rejecting_from_here_needs_a_reason_and_keeps_it(fill: Fill) -> None:
    store = fill(*awaiting())
    app = opened(PLANS_PAGE, plan="INC-0042-P1", **{"as": "grace"})
    app.button(key="reject-send").click().run()
    assert app.error[0].value.startswith("Say why")
    assert store.plan("INC-0042-P1").status is PlanStatus.PROPOSED
    app.text_input(key="reject-reason").set_value("too risky today")
    app.button(key="reject-send").click().run()
    assert store.plan("INC-0042-P1").reason == "too risky today"


def test_a_plan_whose_content_was_changed_in_the_store_cannot_be_approved_here(
    fill: Fill,
) -> None:
    incident, *rest, plan = awaiting()
    assert isinstance(plan, Plan)
    store = fill(incident, *rest, plan.model_copy(update={"digest": "0" * 64}))
    app = opened(PLANS_PAGE, plan="INC-0042-P1", **{"as": "grace"})
    assert next(one for one in app.button if one.label.startswith("Approve")).disabled
    assert store.plan("INC-0042-P1").approvals == ()


@pytest.mark.parametrize("plan", ["INC-9999-P1", "<script>", ""])
def test_a_plan_that_there_is_not_opens_nothing(fill: Fill, plan: str) -> None:
    fill(*awaiting())
    app = opened(PLANS_PAGE, plan=plan)
    assert not app.exception
    assert "Success means" not in said(app)


@pytest.mark.parametrize("shown", ["-1", "0", "x", "٣", "999999999999"])
def test_an_address_with_a_strange_number_shows_a_page(fill: Fill, shown: str) -> None:
    fill(*awaiting())
    app = opened(PLANS_PAGE, show=shown)
    assert not app.exception
    assert "Ada asked" in said(app)


def test_more_plans_than_a_page_holds_are_asked_for(fill: Fill) -> None:
    plans = [
        builders.plan(
            PlanStatus.REJECTED,
            id=f"INC-0042-P{number}",
            number=number,
            requested_at=builders.ago(minutes=number),
        )
        for number in range(1, 31)
    ]
    fill(builders.incident(), *plans)
    app = opened(PLANS_PAGE)
    assert said(app).count("Ada asked") == 25
    press(app, "Show more")
    assert said(app).count("Ada asked") == 30
    assert app.query_params["show"] == "50"
    assert "Show more" not in [one.label for one in app.button]
