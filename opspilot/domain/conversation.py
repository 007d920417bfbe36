"""A conversation beside an incident: what was asked, which tools ran, what was answered."""

from enum import StrEnum
from typing import Literal

from opspilot.domain.identity import Actor
from opspilot.domain.model import Instant, Json, Model, Record


class ModelRole(StrEnum):
    """Which model is meant; the configuration names one for each."""

    DEFAULT = "default"
    FAST = "fast"
    DEEP = "deep"


class Text(Model):
    """Words."""

    kind: Literal["text"] = "text"
    text: str


class ToolUse(Model):
    """The model asks for a tool.

    Attributes:
        id: Given by the model; the result carries it again.
        input: Arguments as the model wrote them, not validated yet.
    """

    kind: Literal["tool_use"] = "tool_use"
    id: str
    name: str
    input: Json


class ToolResult(Model):
    """What a tool gave.

    Attributes:
        content: A JSON object for the model; findings and ids, never raw arrays.
        failed: Whether `content` tells of an error.
    """

    kind: Literal["tool_result"] = "tool_result"
    id: str
    content: Json
    failed: bool = False


Block = Text | ToolUse | ToolResult


class Message(Model):
    """One side's say, as the model sees it."""

    speaker: Literal["user", "assistant"]
    blocks: tuple[Block, ...]


class TokenUsage(Model):
    """What a model counted.

    Attributes:
        model_id: As the answer named it; empty before the first answer.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0
    model_id: str = ""

    def plus(self, other: "TokenUsage") -> "TokenUsage":
        """Both together; the later model's name."""
        return TokenUsage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            calls=self.calls + other.calls,
            model_id=other.model_id or self.model_id,
        )


class DroppedClaim(Model):
    """A sentence of the model that the ledger does not bear out."""

    text: str
    reason: str


class ToolCall(Model):
    """A tool that ran, as people see it; the model's side of it is among the messages.

    Attributes:
        id: Of the tool use.
        seconds: Wall time it took.
        summary: What it gave, in a sentence.
        evidence: Ledger entries it filed or showed.
        outcome: "no_data" found nothing where it searched; "failed" could not do it.
    """

    id: str
    name: str
    seconds: float
    summary: str
    evidence: tuple[str, ...] = ()
    outcome: Literal["success", "no_data", "failed"] = "success"


class TurnStatus(StrEnum):
    """Where a turn stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Turn(Record):
    """One question and everything up to its answer.

    Attributes:
        number: From 1 within its conversation.
        asked_by: The human behind it; whatever the turn proposes is requested by this person.
        role: Which model was asked for.
        messages: What followed the question: the model's messages and the tools' results, in
            order. Each is durable as soon as it is complete.
        calls: The tools that ran, in order.
        partial: Text of the message that is being streamed; empty otherwise.
        dropped: Claims that code took out of the answer, and why.
        proposal: Id of the tool use that asked for a plan; it never asks a second time.
        plan_id: The plan that the turn filed, if any.
        worked_seconds: Wall time spent on it; while nobody works on it, none passes.
        waits_for: What it waits for, in words; empty while it is worked on.
        error: Why it failed, and what to do; empty otherwise.
        stop_requested: A person asked to stop.
        asked_at: Wall time; `ended_at` likewise.
    """

    conversation_id: str
    incident_id: str
    number: int
    asked_by: Actor
    question: str
    role: ModelRole = ModelRole.DEFAULT
    status: TurnStatus = TurnStatus.WAITING
    messages: tuple[Message, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    partial: str = ""
    dropped: tuple[DroppedClaim, ...] = ()
    usage: TokenUsage = TokenUsage()
    proposal: str = ""
    plan_id: str | None = None
    worked_seconds: float = 0.0
    waits_for: str = ""
    error: str = ""
    stop_requested: bool = False
    asked_at: Instant
    ended_at: Instant | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do for it."""
        return self.status not in (TurnStatus.WAITING, TurnStatus.RUNNING)


class Conversation(Record):
    """A thread of turns beside an incident.

    Attributes:
        id: "INC-0001-C1".
        number: From 1 within its incident.
        title: The first question, cut.
        turns: How many turns there are; the next one has this number plus one.
        started_at: Wall time.
    """

    id: str
    incident_id: str
    number: int
    title: str
    turns: int = 0
    started_by: Actor
    started_at: Instant
