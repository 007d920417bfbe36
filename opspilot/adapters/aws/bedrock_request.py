"""A request of ours as the body of Converse.

Bedrock refuses blank text, roles that do not alternate, and a conversation in which a tool use is
not answered in the very next message; a conversation that was interrupted has all of these. So the
messages are put in order here. Source: "Converse" in the Amazon Bedrock API reference.
"""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, cast

from opspilot.adapters.aws.bedrock_models import ModelChoice, caches_prompts
from opspilot.domain.conversation import Block, Message, Text, ToolResult, ToolUse
from opspilot.domain.model import Json
from opspilot.errors import AwsRejected
from opspilot.ports.model import ModelRequest, ToolSpec

Body = dict[str, Any]

_Turn = tuple[str, list[Block]]

_NOT_RUN = {"error": "this tool was not run: the turn ended before it"}
_CACHE_POINT: Body = {"cachePoint": {"type": "default"}}


def to_body(request: ModelRequest, model_id: str, choice: ModelChoice, *, stream: bool) -> Body:
    """Everything of the call.

    Raises:
        AwsRejected: There is no message of the user's to answer.
    """
    cached = caches_prompts(model_id)
    body: Body = {
        "modelId": model_id,
        "messages": _to_messages(request, cached=cached),
        # Unset, Bedrock reserves the model's maximum from the quota.
        "inferenceConfig": {"maxTokens": request.max_tokens},
    }
    if request.system.strip():
        body["system"] = [{"text": request.system}] + ([_CACHE_POINT] if cached else [])
    if request.tools:
        body["toolConfig"] = {"tools": [_to_tool(spec) for spec in request.tools]}
    if choice.guardrail_id:
        body["guardrailConfig"] = _to_guardrail(choice, stream=stream)
    return body


def _to_messages(request: ModelRequest, *, cached: bool) -> list[Body]:
    messages = request.messages if request.tools else [_in_words(one) for one in request.messages]
    turns = _merged(_paired(_merged(_turns(messages))))
    if not turns or turns[-1][0] != "user":
        raise AwsRejected("a model can only answer a message of the user's", aws_code="NoQuestion")
    said: list[Body] = [
        {"role": role, "content": [_to_block(one) for one in blocks]} for role, blocks in turns
    ]
    if cached:
        said[-1]["content"].append(_CACHE_POINT)
    return said


def _turns(messages: Iterable[Message]) -> list[_Turn]:
    return [
        (message.speaker, [one for one in message.blocks if not _is_blank(one)])
        for message in messages
    ]


def _is_blank(block: Block) -> bool:
    return isinstance(block, Text) and not block.text.strip()


def _merged(turns: Iterable[_Turn]) -> list[_Turn]:
    """Neighbours of one speaker as one turn, none of them empty."""
    merged: list[_Turn] = []
    for speaker, blocks in turns:
        if not blocks:
            continue
        if merged and merged[-1][0] == speaker:
            merged[-1] = (speaker, [*merged[-1][1], *blocks])
        else:
            merged.append((speaker, list(blocks)))
    return merged


def _paired(turns: Sequence[_Turn]) -> list[_Turn]:
    """Each tool use answered in the turn after it, no answer without its use, the user first."""
    paired: list[_Turn] = []
    asked: list[ToolUse] = []
    for speaker, blocks in turns:
        if speaker == "user":
            said = _answers(asked, blocks)
            paired += [(speaker, said)] if said else []
            asked = []
        elif paired:
            paired.append((speaker, blocks))
            asked = [one for one in blocks if isinstance(one, ToolUse)]
    if asked:
        paired.append(("user", _answers(asked, [])))
    return paired


def _answers(asked: Sequence[ToolUse], blocks: Sequence[Block]) -> list[Block]:
    given = {one.id: one for one in blocks if isinstance(one, ToolResult)}
    missing = {use.id: ToolResult(id=use.id, content=_NOT_RUN, failed=True) for use in asked}
    results = [given.get(use.id, missing[use.id]) for use in asked]
    return [*results, *(one for one in blocks if not isinstance(one, ToolResult))]


def _in_words(message: Message) -> Message:
    """Tool uses and results as text: Bedrock refuses them where no tools are offered."""
    return message.model_copy(update={"blocks": tuple(_word(one) for one in message.blocks)})


def _word(block: Block) -> Block:
    if isinstance(block, ToolUse):
        return Text(text=f"(used the tool {block.name} with {json.dumps(_plain(block.input))})")
    if isinstance(block, ToolResult):
        return Text(text=f"(the tool answered {json.dumps(_plain(block.content))})")
    return block


def _to_block(block: Block) -> Body:
    if isinstance(block, Text):
        return {"text": block.text}
    if isinstance(block, ToolUse):
        return {"toolUse": {"toolUseId": block.id, "name": block.name, "input": _in(block.input)}}
    return {
        "toolResult": {
            "toolUseId": block.id,
            "content": [{"json": _object(block.content, "result")}],
            "status": "error" if block.failed else "success",
        }
    }


def _in(value: Json) -> Json:
    # What the model wrote may be no JSON; sent back it has to be an object.
    return _object(value, "not_json")


def _object(value: Json, name: str) -> Json:
    return _plain(value) if isinstance(value, dict) else {name: _plain(value)}


def _plain(value: Json) -> Json:
    """JSON without what JSON has no word for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value)
        return {str(key): _plain(each) for key, each in pairs.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in cast("Sequence[Any]", value)]
    return value if value is None or isinstance(value, str | int) else str(value)


def _to_tool(spec: ToolSpec) -> Body:
    return {
        "toolSpec": {
            "name": spec.name,
            "description": spec.description or spec.name,
            "inputSchema": {"json": spec.schema_},
        }
    }


def _to_guardrail(choice: ModelChoice, *, stream: bool) -> Body:
    # A trace could show the very text that was blocked; "sync" judges words before they are shown.
    guardrail: Body = {
        "guardrailIdentifier": choice.guardrail_id,
        "guardrailVersion": choice.guardrail_version,
        "trace": "disabled",
    }
    return guardrail | ({"streamProcessingMode": "sync"} if stream else {})
