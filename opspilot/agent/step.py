"""What to do next in a turn, from what is on record alone: no I/O, no clock, no memory.

The transcript decides, so that a worker that takes over from a killed one goes on at the very
place: a tool use whose result is stored never runs again.
"""

from dataclasses import dataclass

from opspilot.domain.conversation import Message, Text, ToolResult, ToolUse, Turn, TurnStatus
from opspilot.engine.chat_budget import TurnBudget

SILENT = "The model gave no words."


@dataclass(frozen=True)
class Ask:
    """Ask the model; with `last` it is told to answer without further tools."""

    last: bool


@dataclass(frozen=True)
class Run:
    """Run this tool use, or answer it with a refusal."""

    use: ToolUse
    refusal: str = ""


@dataclass(frozen=True)
class End:
    """The turn is over; `error` says why it ended early, empty when it did not."""

    status: TurnStatus
    error: str = ""


Step = Ask | Run | End


def next_step(turn: Turn, budget: TurnBudget) -> Step:
    """The next thing to do."""
    if turn.stop_requested:
        return End(TurnStatus.STOPPED)
    waiting = unanswered(turn)
    if waiting:
        spent = budget.exhausted(turn) or budget.tools_exhausted(turn)
        return Run(waiting[0], refusal=spent)
    if turn.messages and turn.messages[-1].speaker == "assistant":
        return End(TurnStatus.DONE, "" if _has_words(turn.messages[-1]) else SILENT)
    spent = budget.exhausted(turn)
    if spent:
        return End(TurnStatus.DONE, f"Ended early: {spent}. What was found so far is above.")
    return Ask(last=budget.is_last(turn))


def unanswered(turn: Turn) -> tuple[ToolUse, ...]:
    """The tool uses of the model's last message that have no result yet, in order."""
    for position in range(len(turn.messages) - 1, -1, -1):
        message = turn.messages[position]
        if message.speaker == "assistant":
            later = turn.messages[position + 1 :]
            done = {
                block.id for one in later for block in one.blocks if isinstance(block, ToolResult)
            }
            return tuple(
                block
                for block in message.blocks
                if isinstance(block, ToolUse) and block.id not in done
            )
    return ()


def _has_words(message: Message) -> bool:
    return any(isinstance(block, Text) and block.text.strip() for block in message.blocks)
