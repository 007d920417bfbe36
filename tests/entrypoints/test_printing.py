"""What an investigation prints: attacks with their results, caps, and that it was cut short."""

from opspilot.domain.investigation import Task
from opspilot.entrypoints.documents import investigation_document
from opspilot.entrypoints.printing import investigation_lines
from tests import builders

WHY = "checkout may fail by itself"
CUT = "a person stopped it: 12 planned questions were not asked"
INVESTIGATION = builders.investigation().model_copy(
    update={
        "cut_short": CUT,
        "tasks": (
            Task(
                key="logs:x",
                title="Log of checkout",
                why=f"lambda.slow_dependency: {WHY}",
                status="done",
                evidence_id="E7",
            ),
        ),
    }
)


def test_the_lines_tell_attacks_caps_and_that_it_was_cut_short() -> None:
    text = "\n".join(investigation_lines(builders.incident(), INVESTIGATION, builders.ledger()))
    assert f"Judged on a part of the evidence: {CUT}" in text
    assert f"lambda.slow_dependency: {WHY}\n       E7   184 of 1,020" in text
    assert "(capped: a symptom of another cause is capped at 0.4)" in text


def test_the_document_tells_the_same() -> None:
    found = investigation_document(builders.incident(), INVESTIGATION, builders.ledger())
    assert found["cut_short"] == CUT
    assert found["attacks"] == [
        {
            "hypothesis": "lambda.slow_dependency",
            "why": WHY,
            "question": "Log of checkout",
            "status": "done",
            "evidence": "E7",
        }
    ]
