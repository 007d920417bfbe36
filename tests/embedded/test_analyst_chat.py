"""The local analyst beside an incident: real tools, real wire, and no claim is dropped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opspilot.adapters.aws import Buckets, ModelChoice, SessionOptions, connect
from opspilot.domain.conversation import TurnStatus
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from opspilot.ports.model import LanguageModel
from tests.adapters.aws.stubs import FixedClock, Hourglass
from tests.engine.scene import diagnosed_scene
from tests.engine.talking import answer, asked, with_model


@pytest.fixture(scope="module")
def analyst() -> Iterator[LanguageModel]:
    """The local analyst, over HTTP."""
    with EmbeddedAccount(clock=ManualClock(), account_id="300000000002") as world:
        options = SessionOptions(
            region=world.account.region, endpoint_url=world.url, sealed=True,
            access_key_id="a", secret_access_key="b",
        )  # fmt: skip
        account = connect(
            options,
            clock=FixedClock(),
            account_id=world.account.account_id,
            timer=Hourglass().timer,
            buckets=Buckets(),
            models=ModelChoice(stand_in=True),
        )
        yield account.model


def test_questions_are_answered_with_tools_and_every_figure_stands(
    analyst: LanguageModel, tmp_path: Path
) -> None:
    stage = with_model(diagnosed_scene(tmp_path), analyst)
    for question, tool, told in (
        ("Why did checkout fail?", "verdict", "payments release 18 slowed it"),
        ("What changed before it began?", "show_changes", "alias live moved from 17 to 18"),
        ("compare latency of checkout and payments", "metric_findings", "of payments rose"),
        ("What would refute it?", "list_hypotheses", "against it"),
        ("what do the logs say?", "log_patterns", "timed out"),
        ("propose a plan", "propose_plan", "INC-0001-P1 is filed"),
    ):
        turn = asked(stage, question)
        assert (turn.status, turn.error, turn.dropped) == (TurnStatus.DONE, "", ())
        assert tool in [one.name for one in turn.calls]
        assert {one.outcome for one in turn.calls} <= {"success", "no_data"}
        assert told in answer(turn)


def test_a_resource_that_does_not_exist_is_said_with_those_that_do(
    analyst: LanguageModel, tmp_path: Path
) -> None:
    stage = with_model(diagnosed_scene(tmp_path), analyst)
    turn = asked(stage, "errors of nonsense-thing")
    assert turn.status is TurnStatus.DONE
    assert "known are account, checkout, payments" in answer(turn)
