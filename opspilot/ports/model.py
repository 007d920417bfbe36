"""The language model: one bounded question, answered in events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from opspilot.domain.conversation import Message, ModelRole, TokenUsage, ToolUse
from opspilot.domain.model import Json, Model

StopReason = Literal["end", "tool_use", "max_tokens", "refused", "stopped"]
"""Why the model ended; `refused` covers guardrails and content filters."""


class ToolSpec(Model):
    """A tool as a model sees it.

    Attributes:
        schema_: JSON schema (an object) of its arguments.
    """

    name: str
    description: str
    schema_: Json


@dataclass(frozen=True)
class ModelRequest:
    """What a model is asked.

    Attributes:
        system: Instructions.
        messages: The conversation so far, oldest first, beginning with the user's.
        tools: What it may call; empty for plain words.
        max_tokens: Bound of the answer.
    """

    system: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    max_tokens: int = 2_000
    role: ModelRole = ModelRole.DEFAULT


@dataclass(frozen=True)
class TextDelta:
    """Some more words."""

    text: str


@dataclass(frozen=True)
class Ended:
    """The answer is complete.

    Attributes:
        message: All of it: what the text deltas said, and the tool uses.
    """

    message: Message
    reason: StopReason
    usage: TokenUsage


ModelEvent = TextDelta | ToolUse | Ended
"""Text as it comes, each tool use once it is whole, then exactly one `Ended`."""


class ModelAccess(Model):
    """Whether the model of a role answers.

    Attributes:
        model_id: As configured; empty when none is.
        stand_in: The local analyst answers, not a language model.
        until: Day (ISO) after which AWS ends the model; empty when none is known.
        problem: Why it does not answer, and what to do; empty when it does or was not asked.
    """

    role: ModelRole
    model_id: str
    stand_in: bool = False
    until: str = ""
    problem: str = ""


class LanguageModel(Protocol):
    """Answers requests; keeps nothing between them."""

    def answer(self, request: ModelRequest) -> Iterator[ModelEvent]:
        """Stream one answer.

        Raises:
            AwsDenied: No access to the model; the message names the IAM action and the model.
            AwsThrottled: Beyond patience.
            AwsRejected: The request is malformed, or too long for the model.
            AwsError: The call failed, also in mid-stream; what came before was yielded.
        """
        ...

    def access(self) -> tuple[ModelAccess, ...]:
        """What is configured for each role; asks nothing."""
        ...
