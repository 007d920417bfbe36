"""Questions that might refute an explanation: where they stand, and what their answers did."""

from app.attacks import against, on_no_card, outcome, reason
from opspilot.domain.evidence import Evidence, GapDetail, GapReason
from opspilot.domain.hypothesis import Argument
from opspilot.domain.investigation import Task
from opspilot.domain.views import Attack, attacks_of
from tests import builders

WHY = "fraud-score may fail by itself"


def attack(named: str = "lambda.slow_dependency", item: Evidence | None = None) -> Attack:
    status = "done" if item else "running"
    task = Task(key="logs:x", title="Log of fraud-score", why=f"{named}: {WHY}", status=status)
    return Attack(hypothesis=named, why=WHY, task=task, evidence=item)


def test_the_questions_that_say_why_are_told_apart_from_the_others() -> None:
    asked = Task(
        key="logs:x", title="Log", why=f"lambda.slow_dependency: {WHY}", status="done",
        evidence_id="E7",
    )  # fmt: skip
    investigation = builders.investigation()
    investigation = investigation.model_copy(update={"tasks": (*investigation.tasks, asked)})
    found = attacks_of(investigation, builders.ledger())
    assert [(one.hypothesis, one.why) for one in found] == [("lambda.slow_dependency", WHY)]
    assert found[0].evidence is not None
    assert found[0].evidence.id == "E7"
    assert attacks_of(None, ()) == ()


def test_a_reason_names_the_explanation_in_words_and_unexplained_harm_as_such() -> None:
    assert reason(f"lambda.slow_dependency: {WHY}") == f"To refute slow dependency: {WHY}"
    told = "checkout is hurt, and nothing that was read explains it"
    assert reason(f"unexplained: {told}") == f"C{told[1:]}"


def test_an_answer_is_told_by_what_the_arguments_make_of_it() -> None:
    lead = builders.verdict().hypotheses[0]
    item = builders.logs()
    silent = lead.model_copy(update={"arguments_for": (), "arguments_against": ()})
    cited = (Argument(text="it fails by itself", evidence=(item.id,), weight=-2.3),)
    accused = silent.model_copy(update={"arguments_against": cited})
    defended = silent.model_copy(update={"arguments_for": cited})
    said = [outcome(attack(item=item), one).said for one in (silent, accused, defended)]
    assert said == ["does not refute it", "speaks against it", "speaks for it"]


def test_what_could_not_be_read_refutes_nothing() -> None:
    gap = GapDetail(reason=GapReason.DENIED, message="no")
    item = builders.logs().model_copy(update={"detail": gap, "status": "gap"})
    lead = builders.verdict().hypotheses[0]
    assert outcome(attack(item=item), lead).said == "could not be read, so it refutes nothing"
    assert outcome(attack(), lead).said == "being read"


def test_of_two_of_one_class_the_one_whose_resource_was_asked_about_is_meant() -> None:
    first = builders.verdict().hypotheses[0]
    one = first.model_copy(update={"resource": builders.PAYMENTS})
    other = first.model_copy(update={"resource": builders.CHECKOUT})
    board = (one, other)
    own = attack(first.cause_class, builders.logs())
    assert builders.logs().resource == builders.CHECKOUT
    assert against([own], one, board) == []
    assert against([own], other, board) == [own]


def test_what_stands_at_no_explanation_is_kept() -> None:
    asked = [attack("unexplained"), attack("lambda.gone"), attack()]
    board = builders.verdict().hypotheses
    assert {one.hypothesis for one in on_no_card(asked, board)} == {
        one.hypothesis for one in asked
    } - {one.cause_class for one in board}
