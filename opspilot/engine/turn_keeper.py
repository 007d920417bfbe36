"""Keeps one turn: whatever happens to it becomes durable here, before the next thing begins.

Only the worker that holds the conversation's job writes a turn, but for one flag: a person may ask
to stop at any time. So a conflict means that the flag moved, and the write is tried again with it.
"""

from collections.abc import Sequence
from datetime import datetime

from opspilot.domain.audit import AuditDraft, sha256_hex
from opspilot.domain.conversation import (
    Block,
    Conversation,
    DroppedClaim,
    Message,
    Text,
    TokenUsage,
    ToolCall,
    ToolResult,
    ToolUse,
    Turn,
    TurnStatus,
)
from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import Incident
from opspilot.domain.model import Json
from opspilot.engine.journal import Journal
from opspilot.engine.steps import Scope
from opspilot.errors import Conflict
from opspilot.ports.clock import Clock

_TRIES = 6


class TurnKeeper:
    """One turn under the lease of its conversation's job."""

    def __init__(
        self,
        conversation: Conversation,
        turns: Sequence[Turn],
        turn: Turn,
        *,
        scope: Scope,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self.conversation = conversation
        self.earlier = tuple(one for one in turns if one.number < turn.number)
        self.turn = turn
        self.scope = scope
        self.clock = clock
        self._journal = journal
        self._mark: datetime = clock.now()

    @property
    def incident(self) -> Incident:
        """The incident as it stands now."""
        return self.scope.store.incident(self.turn.incident_id)

    def refresh(self) -> Turn:
        """The turn as stored: somebody may have asked to stop."""
        self.turn = self._stored()
        return self.turn

    def running(self) -> None:
        """Somebody works on it."""
        if self.turn.status is not TurnStatus.RUNNING or self.turn.waits_for or self.turn.partial:
            self._save({"status": TurnStatus.RUNNING, "waits_for": "", "partial": ""})

    def streaming(self, text: str) -> bool:
        """Show what the model has said so far; False when a person asked to stop meanwhile."""
        self._save({"partial": str(self._journal.redact(text))})
        return not self.turn.stop_requested

    def heard(
        self,
        message: Message,
        usage: TokenUsage,
        dropped: Sequence[DroppedClaim] = (),
        note: str = "",
    ) -> None:
        """A whole message of the model; `note` says what is amiss with it."""
        self._save(
            {
                "messages": (*self.turn.messages, self._clean(message)),
                "dropped": (*self.turn.dropped, *dropped),
                "usage": self.turn.usage.plus(usage),
                "partial": "",
                "error": note or self.turn.error,
            }
        )

    def called(self, use: ToolUse, result: ToolResult, call: ToolCall, plan_id: str | None) -> None:
        """A tool's result; those to one message of the model stand together in one message."""
        last = self.turn.messages[-1]
        clean = self._clean(Message(speaker="user", blocks=(result,)))
        messages = (
            (*self.turn.messages, clean)
            if last.speaker == "assistant"
            else (
                *self.turn.messages[:-1],
                last.model_copy(update={"blocks": (*last.blocks, *clean.blocks)}),
            )
        )
        told = ToolCall.model_validate(
            call.model_dump() | {"summary": str(self._journal.redact(call.summary))}
        )
        self._save(
            {
                "messages": messages,
                "calls": (*self.turn.calls, told),
                "plan_id": plan_id or self.turn.plan_id,
                "waits_for": "",
            },
            self._tool_entry(use, told),
        )

    def waiting(self, what: str) -> None:
        """Nothing can be done until `what` is there."""
        if self.turn.waits_for != what or self.turn.partial:
            self._save({"waits_for": str(self._journal.redact(what)), "partial": ""})

    def ended(self, status: TurnStatus, error: str = "", *, refused: bool = False) -> None:
        """The turn is over, with what there is."""
        said = str(self._journal.redact(error)) or self.turn.error
        self._save(
            {
                "status": status,
                "partial": "",
                "waits_for": "",
                "error": said,
                "ended_at": self.clock.now(),
            },
            self._end_entry(status, said, refused=refused),
        )

    def _save(self, changes: dict[str, object], *audit: AuditDraft) -> None:
        now = self.clock.now()
        worked = self.turn.worked_seconds + (now - self._mark).total_seconds()
        fresh = self.turn.model_copy(update={**changes, "worked_seconds": round(worked, 3)})
        for _ in range(_TRIES):
            try:
                self.scope.save(fresh, audit=audit)
            except Conflict:
                stored = self._stored()
                fresh = fresh.model_copy(
                    update={
                        "version": stored.version,
                        "stop_requested": stored.stop_requested,
                        "proposal": stored.proposal or fresh.proposal,
                    }
                )
                continue
            self.turn = Turn.model_validate(fresh.saved())
            self._mark = now
            return
        raise Conflict(f"turn {fresh.number} of {fresh.conversation_id} keeps changing")

    def _stored(self) -> Turn:
        turns = self.scope.store.turns(self.turn.conversation_id)
        return next(one for one in turns if one.number == self.turn.number)

    def _clean(self, message: Message) -> Message:
        """The message without secrets; ids stay, since uses and results are matched by them."""
        return message.model_copy(
            update={"blocks": tuple(self._clean_block(block) for block in message.blocks)}
        )

    def _clean_block(self, block: Block) -> Block:
        name = {Text: "text", ToolUse: "input", ToolResult: "content"}[type(block)]
        clean: Json = self._journal.redact(getattr(block, name))
        return block.model_copy(update={name: clean})

    def _tool_entry(self, use: ToolUse, call: ToolCall) -> AuditDraft:
        turn = self.turn
        return self._journal.entry(
            turn.incident_id,
            SYSTEM,
            "tool.called",
            turn.conversation_id,
            input={
                "turn": turn.number,
                "asked_by": turn.asked_by.id,
                "tool": use.name[:100],
                "input": use.input,
            },
            result={
                "outcome": call.outcome,
                "summary": call.summary,
                "evidence": list(call.evidence),
            },
            error=call.summary if call.outcome == "failed" else "",
        )

    def _end_entry(self, status: TurnStatus, error: str, *, refused: bool) -> AuditDraft:
        turn = self.turn
        failed = status is TurnStatus.FAILED
        what = "chat.refused" if refused else "chat.failed" if failed else "chat.answered"
        return self._journal.entry(
            turn.incident_id,
            SYSTEM,
            what,
            turn.conversation_id,
            input={"turn": turn.number, "asked_by": turn.asked_by.id},
            result={
                "status": status,
                "model": turn.usage.model_id,
                "model_calls": turn.usage.calls,
                "input_tokens": turn.usage.input_tokens,
                "output_tokens": turn.usage.output_tokens,
                "tool_calls": len(turn.calls),
                "dropped_claims": len(turn.dropped),
                "plan_id": turn.plan_id,
                "messages_sha256": sha256_hex(
                    [one.model_dump(mode="json") for one in turn.messages]
                ),
            },
            error=error,
        )
