"""Bounds on what one turn of a conversation may cost."""

from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.conversation import Turn


@dataclass(frozen=True)
class TurnBudget:
    """Calls, tokens and time of one turn.

    Attributes:
        work_time: Spent on it; while nobody works on the turn, no time passes.
    """

    model_calls: int = 8
    tool_calls: int = 12
    tokens: int = 200_000
    work_time: timedelta = timedelta(minutes=4)

    def exhausted(self, turn: Turn) -> str:
        """Which bound ends the turn, in words; empty when none does."""
        if turn.usage.calls >= self.model_calls:
            return f"the budget of {self.model_calls} answers of the model is spent"
        if turn.usage.input_tokens + turn.usage.output_tokens >= self.tokens:
            return f"the budget of {self.tokens:,} tokens is spent"
        if turn.worked_seconds >= self.work_time.total_seconds():
            return f"the budget of {self.work_time.total_seconds():.0f} s is spent"
        return ""

    def tools_exhausted(self, turn: Turn) -> str:
        """Why no further tool may run, in words; empty when one may."""
        if len(turn.calls) >= self.tool_calls:
            return f"the budget of {self.tool_calls} tool calls is spent"
        return ""

    def is_last(self, turn: Turn) -> bool:
        """Whether the next answer of the model must do without further tools."""
        return turn.usage.calls + 1 >= self.model_calls or bool(self.tools_exhausted(turn))
