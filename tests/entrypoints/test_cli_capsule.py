"""capsule export and capsule replay, as a person and as a script use them."""

from pathlib import Path

import pytest

from opspilot.domain.identity import SYSTEM
from opspilot.engine.diagnose import verdict_summary
from opspilot.ports.store import Changeset
from tests.engine.scene import ADA, diagnosed_scene
from tests.engine.test_capsule import resolved
from tests.entrypoints.command_line import Opspilot


def of_other_rules(folder: Path) -> bytes:
    """A capsule whose verdict was drawn by rules that are no longer in force."""
    stage = diagnosed_scene(folder)
    investigation = stage.store.investigation("INC-0001")
    assert investigation is not None
    assert investigation.verdict is not None
    verdict = investigation.verdict.model_copy(update={"confidence": 0.61, "rules_version": "0"})
    entry = stage.bench.desk.journal.entry(
        "INC-0001", SYSTEM, "verdict.reached", "INC-0001", result=verdict_summary(verdict)
    )
    old = investigation.model_copy(update={"verdict": verdict})
    stage.store.commit(Changeset(puts=(old,), audit=(entry,)))
    return stage.bench.capsules.export("INC-0001", actor=ADA)


def test_the_same_verdict_ends_with_zero(offline: Opspilot, tmp_path: Path) -> None:
    file = tmp_path / "x.capsule.gz"
    file.write_bytes(resolved())
    answer = offline("capsule", "replay", str(file))
    assert (answer.status, answer.document["outcome"]) == (0, "same")
    assert answer.document["again"]["cause"] == answer.document["recorded"]["cause"]
    told = offline("capsule", "replay", str(file), as_json=False)
    assert "Same verdict, same order, same numbers." in told.out
    assert not list(tmp_path.glob("**/opspilot.db"))


def test_another_verdict_ends_with_three_and_shows_both(offline: Opspilot, tmp_path: Path) -> None:
    file = tmp_path / "x.capsule.gz"
    file.write_bytes(of_other_rules(tmp_path / "state"))
    answer = offline("capsule", "replay", str(file))
    assert (answer.status, answer.document["outcome"]) == (3, "differs")
    assert answer.document["rules"]["recorded"] == "0"
    assert answer.document["recorded"]["confidence"] == 0.61
    assert answer.document["again"]["confidence"] != 0.61
    told = offline("capsule", "replay", str(file), as_json=False)
    assert "the rules were version 0 then" in told.out


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", resolved.__doc__.encode()])
def test_what_is_no_capsule_ends_with_one(
    offline: Opspilot, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "x.capsule.gz"
    file.write_bytes(content)
    answer = offline("capsule", "replay", str(file))
    assert answer.status == 1
    assert answer.error[0] == "capsule_refused"
    missing = offline("capsule", "replay", str(tmp_path / "none"))
    assert (missing.status, missing.error[0]) == (1, "invalid_input")


@pytest.mark.timeout(120)
def test_an_exported_incident_replays_and_is_not_written_over(
    opspilot: Opspilot, investigated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    incident = investigated
    made = opspilot("capsule", "export", incident.lower()).document
    assert made["file"] == f"{incident}.capsule.gz"
    assert made["bytes"] == Path(made["file"]).stat().st_size
    assert made["audit"]["uncovered"] == 0
    assert opspilot("capsule", "export", incident).error[0] == "invalid_input"
    other = opspilot("capsule", "export", incident, "--out", "other.gz", as_json=False)
    assert "before you share it" in other.out
    assert opspilot("capsule", "replay", "other.gz").document["outcome"] == "same"
    shown = opspilot("incident", "show", incident).document
    assert shown["similar"] == []
