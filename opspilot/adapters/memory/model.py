"""A language model that says what it was told to: for tests and for trying an agent by hand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opspilot.domain.conversation import (
    Block,
    Message,
    ModelRole,
    Text,
    TokenUsage,
    ToolUse,
)
from opspilot.errors import OpsPilotError
from opspilot.ports.model import (
    Ended,
    ModelAccess,
    ModelEvent,
    ModelRequest,
    StopReason,
    TextDelta,
)

SCRIPTED = "scripted"
"""The id under which it answers."""


@dataclass(frozen=True)
class Scripted:
    """One answer.

    Attributes:
        blocks: Its words and tool uses, in order.
        reason: None settles it by whether there are tool uses.
        error: Raised after the words were given out, instead of an end.
    """

    blocks: tuple[Block, ...]
    reason: StopReason | None = None
    error: OpsPilotError | None = None


Script = str | ToolUse | OpsPilotError | Scripted
"""Words, one tool use, a failure before the first word, or an answer of several parts."""


class ScriptedModel:
    """Gives its answers one after the other.

    Attributes:
        requests: What it was asked so far.
    """

    def __init__(self, turns: Iterable[Script] = ()) -> None:
        self._turns = [_scripted(turn) for turn in turns]
        self.requests: list[ModelRequest] = []

    def answer(self, request: ModelRequest) -> Iterator[ModelEvent]:
        """The next answer, its words one by one.

        Raises:
            OpsPilotError: As scripted.
            IndexError: The script is at its end.
        """
        self.requests.append(request)
        turn = self._turns.pop(0)
        for block in turn.blocks:
            if isinstance(block, Text):
                yield from map(TextDelta, _words(block.text))
        if turn.error:
            raise turn.error
        uses = [block for block in turn.blocks if isinstance(block, ToolUse)]
        yield from uses
        yield Ended(
            message=Message(speaker="assistant", blocks=turn.blocks),
            reason=turn.reason or ("tool_use" if uses else "end"),
            usage=_counted(request, turn.blocks),
        )

    def access(self) -> tuple[ModelAccess, ...]:
        """Every role, as a stand-in."""
        return tuple(ModelAccess(role=role, model_id=SCRIPTED, stand_in=True) for role in ModelRole)


def _scripted(turn: Script) -> Scripted:
    if isinstance(turn, Scripted):
        return turn
    if isinstance(turn, OpsPilotError):
        return Scripted((), error=turn)
    return Scripted((Text(text=turn) if isinstance(turn, str) else turn,))


def _words(text: str) -> list[str]:
    head, *rest = text.split(" ")
    return [word for word in (head, *(f" {word}" for word in rest)) if word]


def _counted(request: ModelRequest, blocks: tuple[Block, ...]) -> TokenUsage:
    """Words stand for tokens."""
    read = [block for message in request.messages for block in message.blocks]
    return TokenUsage(
        input_tokens=len(request.system.split()) + sum(map(_length, read)),
        output_tokens=sum(map(_length, blocks)),
        calls=1,
        model_id=SCRIPTED,
    )


def _length(block: Block) -> int:
    return len(block.text.split()) if isinstance(block, Text) else 1
