"""The three faults of the demo over HTTP: each capsule replays, offline, to its own verdict."""

from pathlib import Path

import pytest

from tests.entrypoints.command_line import command_line
from tests.scenarios.world import world

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("slow-dependency", "lambda.slow_dependency"),
        ("out-of-memory", "lambda.out_of_memory"),
        ("wrong-table", "lambda.bad_environment"),
    ],
)
def test_a_fault_of_the_demo_replays_to_its_verdict(
    fault: str,
    cause: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "incident.capsule.gz"
    with world(tmp_path / "state", fault=fault) as here:
        verdict = here.verdict()
        file.write_bytes(here.bench.capsules.export("INC-0001"))
    assert verdict.cause is not None
    assert verdict.cause.cause_class == cause
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    answer = command_line(monkeypatch, capsys)("capsule", "replay", str(file))
    assert (answer.status, answer.document["outcome"]) == (0, "same")
    assert answer.document["again"]["cause"]["class"] == cause
    assert [one["class"] for one in answer.document["again"]["hypotheses"]] == [
        one.cause_class for one in verdict.hypotheses
    ]
