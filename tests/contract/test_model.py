"""What every language model promises: the scripted one, and Bedrock's adapter over HTTP.

A new model joins by one more entry in `SCENES`.
"""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from opspilot.adapters.aws import Buckets, ModelChoice, SessionOptions, connect
from opspilot.adapters.memory import ScriptedModel
from opspilot.adapters.memory.model import SCRIPTED, Scripted
from opspilot.domain.conversation import Message, ModelRole, Text, ToolResult, ToolUse
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.handlers.bedrock import MODEL_ID
from opspilot.embedded.server import EmbeddedAccount
from opspilot.ports.model import Ended, LanguageModel, ModelEvent, ModelRequest, TextDelta, ToolSpec
from tests.adapters.aws.stubs import FixedClock, Hourglass

QUESTION = "What changed?"
FINDING = "payments: alias live moved from 17 to 18"
TOOL = ToolSpec(
    name="show_changes",
    description="What somebody changed.",
    schema_={
        "type": "object",
        "properties": {"hours": {"type": "integer", "minimum": 1, "maximum": 24}},
        "required": ["hours"],
    },
)


@dataclass(frozen=True)
class Scene:
    """A model that looks what changed, and then tells it."""

    model: LanguageModel
    model_id: str


@contextmanager
def scripted() -> Generator[Scene]:
    """Twice the same two answers."""
    use = ToolUse(id="u1", name=TOOL.name, input={"hours": 1})
    told = f"{FINDING} [E3]."
    answers = [Scripted((Text(text="I look."), use)), told]
    yield Scene(ScriptedModel(answers), SCRIPTED)


@contextmanager
def bedrock() -> Generator[Scene]:
    """The embedded account's local analyst through ConverseStream."""
    with EmbeddedAccount(clock=ManualClock(), account_id="300000000001") as world:
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
        yield Scene(account.model, MODEL_ID)


SCENES: dict[str, Callable[[], AbstractContextManager[Scene]]] = {
    "scripted": scripted,
    "bedrock": bedrock,
}


@pytest.fixture(params=SCENES)
def scene(request: pytest.FixtureRequest) -> Generator[Scene]:
    """A model to ask."""
    with SCENES[request.param]() as found:
        yield found


def ask(scene: Scene, *messages: Message) -> list[ModelEvent]:
    question = Message(speaker="user", blocks=(Text(text=QUESTION),))
    request = ModelRequest("Answer.", [question, *messages], (TOOL,))
    return list(scene.model.answer(request))


def end_of(events: Sequence[ModelEvent]) -> Ended:
    end = events[-1]
    assert isinstance(end, Ended)
    return end


def words(events: Sequence[ModelEvent]) -> str:
    return "".join(one.text for one in events if isinstance(one, TextDelta))


def test_an_answer_is_words_and_whole_tool_uses_and_then_exactly_one_end(scene: Scene) -> None:
    events = ask(scene)
    end = end_of(events)
    assert [isinstance(one, Ended) for one in events].count(True) == 1
    assert words(events) == "".join(b.text for b in end.message.blocks if isinstance(b, Text))
    uses = [one for one in events if isinstance(one, ToolUse)]
    assert uses == [one for one in end.message.blocks if isinstance(one, ToolUse)]
    assert (end.message.speaker, end.reason) == ("assistant", "tool_use")
    assert [(one.name, set(one.input)) for one in uses] == [(TOOL.name, {"hours"})]
    assert 1 <= uses[0].input["hours"] <= 24


def test_a_tools_result_is_taken_up_in_the_next_answer(scene: Scene) -> None:
    first = end_of(ask(scene)).message
    use = next(one for one in first.blocks if isinstance(one, ToolUse))
    content = {"finding": FINDING, "evidence_id": "E3"}
    result = Message(speaker="user", blocks=(ToolResult(id=use.id, content=content),))
    events = ask(scene, first, result)
    assert end_of(events).reason == "end"
    assert "17 to 18" in words(events)
    assert "[E3]" in words(events)
    assert len([one for one in events if isinstance(one, TextDelta)]) > 3


def test_what_it_costs_is_counted_and_the_model_named(scene: Scene) -> None:
    usage = end_of(ask(scene)).usage
    assert (usage.calls, usage.model_id) == (1, scene.model_id)
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0


def test_nothing_is_kept_between_requests(scene: Scene) -> None:
    request = ModelRequest("", [Message(speaker="user", blocks=(Text(text=QUESTION),))], (TOOL,))
    before = json.dumps([one.model_dump() for one in request.messages])
    list(scene.model.answer(request))
    assert json.dumps([one.model_dump() for one in request.messages]) == before


def test_access_names_a_model_for_every_role_and_whether_it_is_a_stand_in(scene: Scene) -> None:
    found = scene.model.access()
    assert [one.role for one in found] == list(ModelRole)
    assert {(one.model_id, one.stand_in, one.problem) for one in found} == {
        (scene.model_id, True, "")
    }
