"""What comes next in a turn, from the record alone."""

from datetime import UTC, datetime

import pytest

from opspilot.agent.step import SILENT, Ask, End, Run, next_step
from opspilot.domain.conversation import (
    Block,
    Message,
    Text,
    TokenUsage,
    ToolCall,
    ToolResult,
    ToolUse,
    Turn,
    TurnStatus,
)
from opspilot.domain.identity import Actor
from opspilot.engine.chat_budget import TurnBudget

BUDGET = TurnBudget(model_calls=3, tool_calls=2, tokens=100)
FIRST, SECOND = (ToolUse(id=f"u{n}", name="verdict", input={}) for n in (1, 2))
CALL = ToolCall(id="u1", name="verdict", seconds=0.1, summary="found")


def said(*blocks: Block) -> Message:
    """The model's message."""
    return Message(speaker="assistant", blocks=blocks)


def results(*ids: str) -> Message:
    """Results of these uses."""
    return Message(
        speaker="user", blocks=tuple(ToolResult(id=one, content={"a": 1}) for one in ids)
    )


def turn(*messages: Message, **changes: object) -> Turn:
    """A turn with this transcript."""
    fields: dict[str, object] = {
        "conversation_id": "C",
        "incident_id": "I",
        "number": 1,
        "asked_by": Actor(id="ada", name="Ada"),
        "question": "Why?",
        "messages": messages,
        "asked_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Turn.model_validate(fields | changes)


WORDS = Text(text="Because.")
SPENT = TokenUsage(calls=3)

CASES = {
    "nothing said yet": (turn(), Ask(last=False)),
    "tools wanted": (turn(said(WORDS, FIRST, SECOND)), Run(FIRST)),
    "one result is there": (turn(said(FIRST, SECOND), results("u1")), Run(SECOND)),
    "all results are there": (turn(said(FIRST), results("u1")), Ask(last=False)),
    "words end it": (turn(said(FIRST), results("u1"), said(WORDS)), End(TurnStatus.DONE)),
    "silence ends it": (turn(said()), End(TurnStatus.DONE, SILENT)),
    "a stop ends it": (turn(said(FIRST), stop_requested=True), End(TurnStatus.STOPPED)),
    "the same id in a later message is another use": (
        turn(said(FIRST), results("u1"), said(FIRST)),
        Run(FIRST),
    ),
    "the last answer": (turn(usage=TokenUsage(calls=2)), Ask(last=True)),
    "no tools left": (turn(calls=(CALL, CALL)), Ask(last=True)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_record_decides_what_comes_next(case: str) -> None:
    given, wanted = CASES[case]
    assert next_step(given, BUDGET) == wanted


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"usage": SPENT}, "3 answers"),
        ({"usage": TokenUsage(input_tokens=90, output_tokens=10)}, "100 tokens"),
        ({"worked_seconds": 240.0}, "240 s"),
    ],
)
def test_each_bound_ends_a_turn_and_is_named(changes: dict[str, object], words: str) -> None:
    ended = next_step(turn(said(FIRST), results("u1"), **changes), BUDGET)
    assert isinstance(ended, End)
    assert words in ended.error
    assert ended.status is TurnStatus.DONE


def test_tools_beyond_the_bound_are_answered_with_the_reason() -> None:
    wanted = next_step(turn(said(FIRST), calls=(CALL, CALL)), BUDGET)
    assert isinstance(wanted, Run)
    assert "2 tool calls" in wanted.refusal
