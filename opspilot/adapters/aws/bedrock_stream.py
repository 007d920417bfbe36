"""Answers of Converse and ConverseStream, put together.

A tool use is given out when the model has ended: only then is it known to be whole. Of an answer
that was cut short, refused or malformed none is kept, so that nothing unfinished is ever carried
out. Arguments that are no JSON stay the text that the model wrote: `ToolUse.input` is then a
string, and whoever validates it against the tool's schema can tell the model so.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from opspilot.domain.conversation import Block, Message, Text, TokenUsage, ToolUse
from opspilot.domain.model import Json
from opspilot.ports.model import Ended, ModelEvent, StopReason, TextDelta

logger = logging.getLogger(__name__)

Event = Mapping[str, Any]

_REASONS: dict[str, StopReason] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
    "guardrail_intervened": "refused",
    "content_filtered": "refused",
    "refusal": "refused",
    "malformed_model_output": "stopped",
    "malformed_tool_use": "stopped",
}
_WHOLE = frozenset({"end", "tool_use"})


@dataclass
class _Content:
    """One block of the answer while it grows; a tool use has a name."""

    tool_id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Assembly:
    """One answer while its events arrive."""

    def __init__(self, model_id: str) -> None:
        self._model_id = model_id
        self._content: dict[int, _Content] = {}
        self._reason = ""
        self._usage: Mapping[str, Any] = {}

    @property
    def complete(self) -> bool:
        """Whether the model said that it ended."""
        return bool(self._reason)

    def take(self, event: Event) -> Iterator[TextDelta]:
        """Take the next event in; words are passed on at once."""
        if started := event.get("contentBlockStart"):
            use = _inside(started, "start", "toolUse")
            content = self._at(started)
            content.tool_id, content.name = str(use.get("toolUseId", "")), str(use.get("name", ""))
        elif more := event.get("contentBlockDelta"):
            yield from self._grow(more)
        elif stopped := event.get("messageStop"):
            self._reason = str(stopped.get("stopReason") or "")
        elif metadata := event.get("metadata"):
            self._usage = metadata.get("usage") or {}

    def end(self) -> Iterator[ModelEvent]:
        """What remains to be said: the tool uses, then the end."""
        reason = _reason(self._reason)
        kept = [one for _, one in sorted(self._content.items()) if reason in _WHOLE or not one.name]
        blocks = tuple(_to_block(one) for one in kept if one.name or one.text)
        uses = [one for one in blocks if isinstance(one, ToolUse)]
        if reason in _WHOLE:
            reason = "tool_use" if uses else "end"
        yield from uses
        yield Ended(
            message=Message(speaker="assistant", blocks=blocks),
            reason=reason,
            usage=_to_usage(self._usage, self._model_id),
        )

    def _grow(self, event: Event) -> Iterator[TextDelta]:
        # Other kinds of delta (reasoning, citations) have no place in our conversations.
        delta: Event = event.get("delta") or {}
        text = str(delta.get("text") or "")
        if text:
            self._at(event).pieces.append(text)
            yield TextDelta(text)
        elif "toolUse" in delta:
            self._at(event).pieces.append(str(delta["toolUse"].get("input") or ""))

    def _at(self, event: Event) -> _Content:
        return self._content.setdefault(int(event.get("contentBlockIndex") or 0), _Content())


def events_of(answer: Mapping[str, Any]) -> Iterable[Event]:
    """An answer of Converse as the events that ConverseStream would have sent."""
    message = _inside(answer, "output", "message")
    for index, block in enumerate(message.get("content") or ()):
        use = block.get("toolUse")
        if use:
            yield {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": use}}}
            pieces = {"toolUse": {"input": json.dumps(use.get("input") or {})}}
            yield {"contentBlockDelta": {"contentBlockIndex": index, "delta": pieces}}
        elif "text" in block:
            said = {"text": block["text"]}
            yield {"contentBlockDelta": {"contentBlockIndex": index, "delta": said}}
    yield {"messageStop": {"stopReason": answer.get("stopReason") or ""}}
    yield {"metadata": {"usage": answer.get("usage") or {}}}


def _inside(value: Event, *keys: str) -> Event:
    for key in keys:
        value = value.get(key) or {}
    return value


def _to_block(content: _Content) -> Block:
    if not content.name:
        return Text(text=content.text)
    return ToolUse(id=content.tool_id, name=content.name, input=_to_input(content.text))


def _to_input(text: str) -> Json:
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except ValueError:
        return text


def _reason(said: str) -> StopReason:
    if said not in _REASONS:
        logger.warning("stop_reason=<%s> | not known, taken for an answer that broke off", said)
    return _REASONS.get(said, "stopped")


def _to_usage(usage: Mapping[str, Any], model_id: str) -> TokenUsage:
    # Bedrock counts what was read from and written to the cache apart from the input.
    read = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    return TokenUsage(
        input_tokens=sum(int(usage.get(name) or 0) for name in read),
        output_tokens=int(usage.get("outputTokens") or 0),
        calls=1,
        model_id=model_id,
    )
