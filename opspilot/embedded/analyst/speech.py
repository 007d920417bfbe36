"""What the analyst says: words and tool calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """Some text."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool, and its arguments as its schema wants them."""

    id: str
    name: str
    arguments: Mapping[str, Any]


Block = Words | ToolCall


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        stop_reason: As Converse names it.
    """

    blocks: tuple[Block, ...]
    stop_reason: str = "end_turn"

    def within(self, characters: int) -> Answer:
        """The answer, cut where it is longer; tool calls are short and never cut."""
        words = next((one for one in self.blocks if isinstance(one, Words)), None)
        if self.stop_reason != "end_turn" or words is None or len(words.text) <= characters:
            return self
        return Answer((Words(words.text[:characters]),), "max_tokens")
