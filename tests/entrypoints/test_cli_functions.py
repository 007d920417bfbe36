"""The verbs about functions: one JSON document each, an exit status that says how it went."""

import json
from pathlib import Path

from tests.entrypoints.command_line import Opspilot


def test_the_health_of_a_function_is_told_with_every_check(opspilot: Opspilot) -> None:
    found = opspilot("function", "health", "payments").document
    assert {check["name"] for check in found["checks"]} == {
        "state",
        "last update",
        "errors",
        "throttles",
        "duration",
    }


def test_a_file_of_events_gives_one_result_each(opspilot: Opspilot, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text('{"id": 1}\n\n{"id": 2}\n')
    answer = opspilot("function", "test", "payments", "--events", str(events), "--mode", "dry_run")
    assert answer.status == 0
    assert [one["outcome"] for one in answer.document["results"]] == ["permitted"] * 2


def test_a_test_without_an_event_or_with_a_missing_file_says_what_to_do(
    opspilot: Opspilot,
) -> None:
    code, said = opspilot("function", "test", "payments").error
    assert (code, "no event" in said) == ("invalid_input", True)
    code, said = opspilot("function", "test", "payments", "--events", "nowhere.jsonl").error
    assert (code, "nowhere.jsonl" in said) == ("invalid_input", True)


def test_an_unknown_function_is_said_so(opspilot: Opspilot) -> None:
    code, said = opspilot("function", "health", "payment").error
    assert (code, "payments" in said) == ("unknown_resource", True)


def test_a_viewer_is_refused(opspilot: Opspilot) -> None:
    answer = opspilot("function", "test", "payments", "--event", "{}", "--actor", "vera")
    assert json.loads(answer.out)["error"]["code"] in ("not_allowed", "invalid_input")
