"""The loop headless: every verb of it, as one JSON document each."""

from pathlib import Path

import pytest

from opspilot.embedded.server import EmbeddedAccount
from tests.entrypoints.command_line import Opspilot

pytestmark = pytest.mark.timeout(150)


def test_the_loop_runs_from_investigate_to_undo_and_a_verified_audit(
    offline: Opspilot,
    own_account: EmbeddedAccount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", own_account.url)
    opspilot = offline
    found = opspilot("investigate", "--resource", "checkout", "--window", "30m").document
    assert {"incident_id", "verdict", "hypotheses", "evidence", "gaps", "usage"} <= set(found)
    assert set(found["verdict"]) >= {"status", "cause", "first_failure", "impact", "confidence"}
    cause = found["verdict"]["cause"]
    assert (cause["class"], cause["resource"].rsplit(":", 1)[-1]) == (
        "lambda.slow_dependency",
        "payments",
    )
    assert set(cause) >= {"class", "resource", "summary", "onset"}
    incident = found["incident_id"]

    plan = opspilot("plan", incident).document
    assert {"plan_id", "digest", "actions"} <= set(plan)
    (action,) = plan["actions"]
    assert {"type", "resource", "before", "after", "risk"} <= set(action)
    assert opspilot("plan", incident).document["plan_id"] == plan["plan_id"]

    code, said = opspilot("approve", plan["plan_id"], "--digest", "0" * 64).error
    assert (code, "digest" in said) == ("approval_denied", True)
    own = ("approve", plan["plan_id"], "--digest", plan["digest"], "--actor", "ada")
    assert opspilot(*own).error[0] == "not_allowed"
    assert opspilot("execute", plan["plan_id"]).error[0] == "approval_denied"
    approved = ("approve", plan["plan_id"], "--digest", plan["digest"], "--actor", "grace")
    assert opspilot(*approved).document["status"] == "approved"

    executed = opspilot("execute", plan["plan_id"], "--wait")
    assert "Waiting until the original signal is measured" in executed.err
    assert executed.status == 0
    assert {"status", "actions", "verification"} <= set(executed.document)
    assert executed.document["status"] == "resolved"
    assert executed.document["verification"]["outcome"] == "recovered"

    undone = opspilot("undo", plan["plan_id"]).document
    assert (undone["status"], undone["plan_status"]) == ("diagnosed", "undone")
    shown = opspilot("incident", "show", incident).document
    assert (shown["incident_id"], len(shown["plans"])) == (incident, 1)
    (listed,) = opspilot("incident", "list").document["incidents"]
    assert listed["status"] == "diagnosed"

    verified = opspilot("audit", "verify")
    assert (verified.status, verified.document["ok"]) == (0, True)
    file = tmp_path / "trail.jsonl"
    assert opspilot("audit", "export", "--output", str(file)).document["file"] == str(file)
    assert opspilot("audit", "verify", "--file", str(file)).document["ok"] is True
    damaged = file.read_text().replace("grace", "alanx", 1)
    (tmp_path / "damaged.jsonl").write_text(damaged)
    checked = opspilot("audit", "verify", "--file", str(tmp_path / "damaged.jsonl"))
    assert (checked.status, checked.document["ok"]) == (1, False)


def test_a_second_plan_is_made_after_the_first_was_rejected(
    opspilot: Opspilot, investigated: str
) -> None:
    incident = investigated
    first = opspilot("plan", incident).document
    rejected = opspilot("reject", first["plan_id"], "--reason", "not at night").document
    assert rejected["status"] == "rejected"
    second = opspilot("plan", incident).document
    assert second["plan_id"] != first["plan_id"]
    assert opspilot("withdraw", second["plan_id"]).document["status"] == "withdrawn"
    closed = opspilot("incident", "close", incident, "--reason", "a test").document
    assert closed["status"] == "closed"
    code, said = opspilot("plan", incident).error
    assert (code, "closed" in said) == ("illegal_transition", True)
