"""`opspilot ask`: the local analyst answers from the evidence, headless."""

import pytest

from tests.entrypoints.command_line import Opspilot

pytestmark = pytest.mark.timeout(150)


def test_questions_are_answered_from_the_evidence_and_a_plan_is_filed(
    opspilot: Opspilot, investigated: str
) -> None:
    incident = investigated
    asked = opspilot("ask", incident, "What is the cause?")
    assert asked.status == 0
    said = asked.document
    assert set(said) >= {
        "conversation_id", "turn", "status", "answer", "tool_calls", "dropped", "plan_id", "usage",
        "model", "stand_in",
    }  # fmt: skip
    assert (said["status"], said["stand_in"]) == ("done", True)
    assert "payments" in said["answer"]
    assert said["tool_calls"]
    assert {one["outcome"] for one in said["tool_calls"]} == {"success"}
    assert said["dropped"] == []

    more = opspilot(
        "ask", incident, "Propose a plan", "--conversation", said["conversation_id"]
    ).document
    assert (more["conversation_id"], more["turn"]) == (said["conversation_id"], 2)
    assert more["plan_id"] == f"{incident}-P1"
    plan = opspilot("plan", incident).document
    assert plan["plan_id"] == more["plan_id"]

    plain = opspilot("ask", incident, "What changed?", as_json=False)
    assert plain.status == 0
    assert "no language model" in plain.out
    assert opspilot("audit", "verify").document["ok"] is True


def test_bad_questions_are_errors_of_the_caller(opspilot: Opspilot) -> None:
    assert opspilot("ask", "INC-0999", "Why?").error[0] == "not_found"
    incident = opspilot("incident", "create", "--resource", "checkout").document["incident_id"]
    assert opspilot("ask", incident, "  ").error[0] == "invalid_input"
    assert opspilot("ask", incident, "x" * 5_000).error[0] == "invalid_input"
    assert opspilot("ask", incident, "Why?", "--conversation", "nope").error[0] == "not_found"
    code, said = opspilot("ask", incident, "Why?", "--model", "huge").error
    assert (code, "default" in said) == ("invalid_input", True)
