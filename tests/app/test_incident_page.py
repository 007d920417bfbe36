"""The page of one incident, through the app's entry, on a real store."""

import pytest

from app.components.details import TABS
from opspilot.domain.hypothesis import Argument
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.investigation import Investigation, Task
from opspilot.domain.plan import PlanStatus
from opspilot.ports.store import Row
from tests import builders
from tests.app.conftest import INCIDENT_PAGE, Fill, current, opened, said


def diagnosed() -> tuple[Row, ...]:
    """Incident, investigation and evidence with a verdict."""
    return (
        builders.incident(waits_for="somebody to ask for a plan"),
        builders.investigation(),
        *builders.ledger(),
    )


def awaiting(plan_status: PlanStatus = PlanStatus.PROPOSED) -> tuple[Row, ...]:
    """The same with a plan in force, asked for by Ada."""
    plan = builders.approved() if plan_status is PlanStatus.APPROVED else builders.plan()
    _, *rest = diagnosed()
    incident = builders.incident(IncidentStatus.AWAITING_APPROVAL, plan_id=plan.id)
    return (incident, *rest, current(plan))


def test_without_an_id_the_page_says_where_to_choose(fill: Fill) -> None:
    fill()
    app = opened(INCIDENT_PAGE)
    assert not app.exception
    assert app.title[0].value == "No incident is chosen"


def test_an_unknown_id_is_said_without_a_traceback(fill: Fill) -> None:
    fill()
    app = opened(INCIDENT_PAGE, id="INC-9999")
    assert not app.exception
    assert app.title[0].value == "There is no such incident"
    assert "INC-9999" in said(app)


def test_the_verdict_stands_in_three_boxes_with_what_changed(fill: Fill) -> None:
    fill(*diagnosed())
    text = said(opened(INCIDENT_PAGE, id="INC-0042"))
    for part in ("Cause", "First failure", "Impact", "What changed", "Evidence and trust"):
        assert part in text
    assert "EMBEDDED ACCOUNT" in text
    assert "9 read, 1 denied" in text
    assert "payments-api release 18 raised its p99" in text


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_from_the_address(fill: Fill, tab: str) -> None:
    fill(*awaiting())
    app = opened(INCIDENT_PAGE, id="INC-0042", tab=tab)
    assert not app.exception
    assert "in a way that OpsPilot does not know" not in said(app)


@pytest.mark.parametrize("number", range(1, len(builders.ledger()) + 1))
def test_every_kind_of_evidence_opens_from_the_address(fill: Fill, number: int) -> None:
    fill(*diagnosed())
    app = opened(INCIDENT_PAGE, id="INC-0042", tab="Evidence", evidence=f"E{number}")
    assert not app.exception
    assert app.selectbox(key="evidence").value == f"E{number}"
    assert next(e.data_hash for e in builders.ledger() if e.id == f"E{number}") in said(app)


def test_hostile_lines_and_arguments_stay_text(fill: Fill) -> None:
    fill(*diagnosed())
    for tab in ("Hypotheses", "Evidence", "Logs diff", "Timeline", "Audit"):
        app = opened(INCIDENT_PAGE, id="INC-0042", tab=tab, evidence="E7")
        assert "<img" not in said(app)
        assert "evil.example" not in "".join(str(one.value) for one in app.markdown)


def with_attack() -> tuple[Row, ...]:
    """A verdict for which a question was asked that might have refuted the leader."""
    before, investigation, *rest = diagnosed()
    assert isinstance(investigation, Investigation)
    asked = Task(
        key="logs:x",
        title="Log of checkout",
        why="lambda.slow_dependency: checkout may fail by itself",
        status="done",
        evidence_id="E9",
    )
    return (before, investigation.model_copy(update={"tasks": (asked,)}), *rest)


def test_a_question_that_might_refute_stands_at_its_explanation_with_the_result(
    fill: Fill,
) -> None:
    fill(*with_attack())
    app = opened(INCIDENT_PAGE, id="INC-0042", tab="Hypotheses")
    text = said(app)
    assert "Checkout may fail by itself: " in text
    assert "does not refute it" in text
    app.button(key="chip-attack-0-E9").click().run()
    assert app.selectbox(key="evidence").value == "E9"
    assert "To refute slow dependency: checkout may fail by itself" in said(app)


def test_the_feed_says_which_window_was_read_and_why_a_question_was_asked(fill: Fill) -> None:
    fill(*with_attack())
    text = said(opened(INCIDENT_PAGE, id="INC-0042", tab="Evidence"))
    assert "logs, 13:33 to 14:15 UTC against as long before" in text
    assert 'class="op-why">To refute slow dependency: checkout may fail by itself' in text


def test_a_ruled_out_explanation_keeps_its_arguments_and_their_chips(fill: Fill) -> None:
    before, investigation, *rest = diagnosed()
    assert isinstance(investigation, Investigation)
    verdict = builders.verdict()
    *others, out = verdict.hypotheses
    spoken = Argument(text="nothing was killed", evidence=("E7",), weight=-2.3)
    out = out.model_copy(update={"arguments_against": (spoken,)})
    verdict = verdict.model_copy(update={"hypotheses": (*others, out)})
    fill(before, investigation.model_copy(update={"verdict": verdict}), *rest)
    app = opened(INCIDENT_PAGE, id="INC-0042", tab="Hypotheses")
    assert "against: nothing was killed" in said(app)
    app.button(key="chip-out-0-E7").click().run()
    assert app.selectbox(key="evidence").value == "E7"


def test_what_could_not_be_read_is_named_and_opens_from_the_strip(fill: Fill) -> None:
    fill(*diagnosed())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    assert "Denied: alarms of payments-api." in said(app)
    app.button(key="chip-short-0-E8").click().run()
    assert app.selectbox(key="evidence").value == "E8"


def test_a_verdict_on_a_part_of_the_evidence_says_so(fill: Fill) -> None:
    before, investigation, *rest = diagnosed()
    cut = "a person stopped it: 12 planned questions were not asked"
    fill(before, investigation.model_copy(update={"cut_short": cut}), *rest)
    text = said(opened(INCIDENT_PAGE, id="INC-0042"))
    assert "Judged on a part of the evidence: </b>A person stopped it: 12" in text


def test_a_chip_opens_its_entry_on_the_evidence_tab(fill: Fill) -> None:
    fill(*diagnosed())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    app.button(key="chip-first-E7").click().run()
    assert app.selectbox(key="evidence").value == "E7"
    assert app.query_params["evidence"] == "E7"


def test_the_requester_cannot_approve_and_reads_who_can(fill: Fill) -> None:
    fill(*awaiting())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    approve = next(one for one in app.button if one.label == "Approve as Ada")
    assert approve.disabled
    assert "Act as Grace, Alan or Margaret to decide." in said(app)


def test_a_second_person_approves_the_plan_that_is_on_the_screen(fill: Fill) -> None:
    store = fill(*awaiting())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    app.selectbox(key="as").set_value("grace").run()
    next(one for one in app.button if one.label == "Approve as Grace").click().run()
    plan = store.plan("INC-0042-P1")
    assert plan.status is PlanStatus.APPROVED
    assert [(one.by.id, one.digest) for one in plan.approvals] == [("grace", plan.digest)]
    assert app.query_params["as"] == "grace"


def test_whom_one_acts_as_comes_from_the_address(fill: Fill) -> None:
    fill(*awaiting())
    app = opened(INCIDENT_PAGE, id="INC-0042", **{"as": "alan"})
    assert "Approve as Alan" in [one.label for one in app.button]


def test_rejecting_needs_a_reason_and_keeps_it(fill: Fill) -> None:
    store = fill(*awaiting())
    app = opened(INCIDENT_PAGE, id="INC-0042", tab="Plan", **{"as": "grace"})
    app.button(key="reject-send").click().run()
    assert store.plan("INC-0042-P1").status is PlanStatus.PROPOSED
    assert app.error[0].value.startswith("Say why")
    app.text_input(key="reject-reason").set_value("not before the sale ends")
    app.button(key="reject-send").click().run()
    plan = store.plan("INC-0042-P1")
    assert plan.status is PlanStatus.REJECTED
    assert "not before the sale ends" in plan.model_dump_json()


def test_asking_for_a_plan_shows_that_it_is_being_made(fill: Fill) -> None:
    store = fill(*diagnosed())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    next(one for one in app.button if one.label == "Propose plan").click().run()
    requested = store.incident("INC-0042").plan_requested_by
    assert requested is not None
    assert requested.id == "ada"
    assert "The plan is being made." in said(app)
    assert app.query_params["tab"] == "Plan"


def test_the_audit_tab_verifies_the_chain(fill: Fill) -> None:
    fill(*diagnosed())
    app = opened(INCIDENT_PAGE, id="INC-0042", tab="Audit")
    app.button(key="verify-audit").click().run()
    assert "The audit chain verifies: 1 entry in 1 chain" in said(app)
    assert "not covered by a signed checkpoint yet" in said(app)


def test_a_stopped_account_leaves_the_measurements_readable(fill: Fill) -> None:
    plan = builders.executed()
    _, *rest = diagnosed()
    fill(builders.incident(IncidentStatus.RESOLVED, plan_id=plan.id), *rest, plan)
    text = said(opened(INCIDENT_PAGE, id="INC-0042", tab="Verification"))
    assert "8 of 1,910 calls failed after the change" in text
    assert "The measurements on record stay." in text


def test_an_executed_plan_can_be_taken_back_from_the_head_of_the_page(fill: Fill) -> None:
    plan = builders.executed()
    _, *rest = diagnosed()
    store = fill(builders.incident(IncidentStatus.RESOLVED, plan_id=plan.id), *rest, plan)
    app = opened(INCIDENT_PAGE, id="INC-0042")
    assert "goes back to" in said(app)
    app.button(key="undo-send").click().run()
    asker = store.incident("INC-0042").undo_requested_by
    assert asker is not None
    assert asker.id == "ada"
    assert "The change is being taken back." in said(app)


def test_closing_needs_a_reason(fill: Fill) -> None:
    store = fill(*diagnosed())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    app.button(key="close-send").click().run()
    assert store.incident("INC-0042").status is IncidentStatus.DIAGNOSED
    app.text_input(key="close-reason").set_value("false alarm")
    app.button(key="close-send").click().run()
    assert store.incident("INC-0042").status is IncidentStatus.CLOSED
    assert "Nothing is left to do here." in said(app)


def test_a_running_investigation_shows_its_findings_and_can_be_stopped(fill: Fill) -> None:
    store = fill(
        builders.incident(IncidentStatus.INVESTIGATING),
        builders.investigation("gathering"),
        *builders.ledger()[:4],
    )
    app = opened(INCIDENT_PAGE, id="INC-0042")
    assert "Gathering evidence: 4 of 10 answered" in said(app)
    assert "Errors of checkout rose from 0.4 to 18 at 14:02" in said(app)
    next(one for one in app.button if one.label.startswith("Stop")).click().run()
    investigation = store.investigation("INC-0042")
    assert investigation is not None
    assert investigation.stop_requested


def test_an_error_of_the_last_step_is_said(fill: Fill) -> None:
    fill(builders.incident(last_error="no plan: the alias moved"), builders.investigation())
    assert "No plan: the alias moved." in said(opened(INCIDENT_PAGE, id="INC-0042"))
