"""Every fault in several worlds: the cause is found in each, no other cause is named."""

from pathlib import Path

import pytest

from opspilot.domain.hypothesis import VerdictStatus
from tests.entrypoints.command_line import command_line
from tests.scenarios.world import examined

pytestmark = pytest.mark.timeout(180)

CAUSES = {
    "slow-dependency": ("lambda.slow_dependency", "payments"),
    "out-of-memory": ("lambda.out_of_memory", "fraud-score"),
    "wrong-table": ("lambda.bad_environment", "checkout"),
}


@pytest.mark.parametrize("seed", [None, 101, 102])
@pytest.mark.parametrize("fault", list(CAUSES))
def test_the_cause_is_confirmed_and_the_other_faults_causes_are_ruled_out_or_not_even_raised(
    fault: str, seed: int | None
) -> None:
    verdict = examined(fault, seed).verdict
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert (verdict.cause.cause_class, verdict.cause.resource.name) == CAUSES[fault]
    others = {cause for name, (cause, _) in CAUSES.items() if name != fault}
    alive = {one.cause_class for one in verdict.hypotheses if one.status != "ruled_out"}
    assert not alive & others


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
    verdict = examined(fault).verdict
    file.write_bytes(examined(fault).capsule)
    assert verdict.cause is not None
    assert verdict.cause.cause_class == cause
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    answer = command_line(monkeypatch, capsys)("capsule", "replay", str(file))
    assert (answer.status, answer.document["outcome"]) == (0, "same")
    assert answer.document["again"]["cause"]["class"] == cause
    assert [one["class"] for one in answer.document["again"]["hypotheses"]] == [
        one.cause_class for one in verdict.hypotheses
    ]


def test_a_wrong_table_is_confirmed_with_its_arguments_and_every_other_cause_ruled_out() -> None:
    verdict = examined("wrong-table").verdict
    assert verdict.status is VerdictStatus.CONFIRMED
    leading, *others = verdict.hypotheses
    assert leading.cause_class == "lambda.bad_environment"
    assert {one.status for one in others} <= {"ruled_out"}
    told = " ".join(one.text for one in leading.arguments_for)
    assert "ORDERS_TABLE is orders-v2, in version 30 it was orders" in told
    assert "configuration of $LATEST updated: environment variables" in told


def test_too_little_memory_is_confirmed_and_every_other_cause_ruled_out() -> None:
    verdict = examined("out-of-memory").verdict
    assert verdict.status is VerdictStatus.CONFIRMED
    leading, *others = verdict.hypotheses
    assert (leading.cause_class, leading.setting) == ("lambda.out_of_memory", "memory_mb")
    assert {one.status for one in others} <= {"ruled_out"}
