"""Bedrock's Converse and ConverseStream: the local analyst answers, under one model id.

Refuses what Bedrock refuses, so that a conversation that works here has the shape that Claude
wants. An armed error whose code begins in lower case (`throttlingException`) breaks a stream in its
middle, as Bedrock's own do; any other one is answered instead of a stream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from opspilot.embedded.analyst import Answer, Block, Request, ToolCall, Words, answer_to
from opspilot.embedded.errors import AwsError
from opspilot.embedded.event_stream import CONTENT_TYPE, event_frame, exception_frame
from opspilot.embedded.handlers.bedrock_rules import refuse_malformed
from opspilot.embedded.identity import user_arn
from opspilot.embedded.wire import Call, Handler, Params, Reply, RestRoute

MODEL_ID = "opspilot.local-analyst-v1"

_BYTES_A_TOKEN = 4
_WORD = re.compile(r"\S+\s*|\s+")
_PIECE = 24

ROUTES = (
    RestRoute("POST", re.compile(r"/model/(?P<modelId>.+)/converse"), "Converse"),
    RestRoute("POST", re.compile(r"/model/(?P<modelId>.+)/converse-stream"), "ConverseStream"),
)


def _converse(call: Call, params: Params) -> Mapping[str, Any]:
    answer = _answer(params, _armed(call, "Converse", "bedrock:InvokeModel"))
    return {
        "output": {
            "message": {"role": "assistant", "content": [_whole(one) for one in answer.blocks]}
        },
        "stopReason": answer.stop_reason,
        "usage": _usage(params, answer),
        "metrics": {"latencyMs": 1},
    }


def _converse_stream(call: Call, params: Params) -> Reply:
    broken = _armed(call, "ConverseStream", "bedrock:InvokeModelWithResponseStream")
    frames = list(_frames(_answer(params, None), _usage_of(params)))
    if broken is not None:
        # After the role and some words: what had come before the error has been seen.
        frames = [*frames[: max(2, len(frames) // 2)], exception_frame(broken.code, broken.message)]
    return Reply(iter(frames), headers={"Content-Type": CONTENT_TYPE})


def _armed(call: Call, operation: str, permission: str) -> AwsError | None:
    """The armed error that belongs inside the stream, if there is one; any other is raised."""
    arn = user_arn(call.account.account_id, call.caller.user)
    for name in (operation, permission):
        try:
            call.account.api_faults.check(name, arn, permission)
        except AwsError as error:
            if operation == "ConverseStream" and error.code[:1].islower():
                return error
            raise
    return None


def _answer(params: Params, broken: AwsError | None) -> Answer:
    if broken is not None:
        raise broken
    if params["modelId"] != MODEL_ID:
        raise AwsError("ValidationException", "The provided model identifier is invalid.")
    refuse_malformed(params)
    answer = answer_to(Request.of(params))
    settings: Mapping[str, Any] = params.get("inferenceConfig") or {}
    bound = settings.get("maxTokens")
    return answer if bound is None else answer.within(int(bound) * _BYTES_A_TOKEN)


def _whole(block: Block) -> Mapping[str, Any]:
    if isinstance(block, Words):
        return {"text": block.text}
    return {"toolUse": {"toolUseId": block.id, "name": block.name, "input": block.arguments}}


def _usage(params: Params, answer: Answer) -> dict[str, int]:
    said = sum(len(json.dumps(_whole(block))) for block in answer.blocks)
    return _usage_of(params, said)


def _usage_of(params: Params, said: int = 0) -> dict[str, int]:
    read = len(json.dumps([params.get("system"), params.get("messages")])) // _BYTES_A_TOKEN
    written = max(1, said // _BYTES_A_TOKEN)
    return {"inputTokens": read, "outputTokens": written, "totalTokens": read + written}


def _frames(answer: Answer, usage: dict[str, int]) -> Iterator[bytes]:
    yield event_frame("messageStart", {"role": "assistant"})
    said = 0
    for index, block in enumerate(answer.blocks):
        said += len(json.dumps(_whole(block)))
        yield from _spoken(index, block) if isinstance(block, Words) else _called(index, block)
        yield event_frame("contentBlockStop", {"contentBlockIndex": index})
    yield event_frame("messageStop", {"stopReason": answer.stop_reason})
    written = max(1, said // _BYTES_A_TOKEN)
    counted = usage | {"outputTokens": written, "totalTokens": usage["inputTokens"] + written}
    yield event_frame("metadata", {"usage": counted, "metrics": {"latencyMs": 1}})


def _spoken(index: int, block: Words) -> Iterator[bytes]:
    for word in _WORD.findall(block.text):
        yield _delta(index, {"text": word})


def _called(index: int, block: ToolCall) -> Iterator[bytes]:
    start = {"toolUse": {"toolUseId": block.id, "name": block.name}}
    yield event_frame("contentBlockStart", {"contentBlockIndex": index, "start": start})
    text = json.dumps(block.arguments)
    for at in range(0, len(text), _PIECE):
        yield _delta(index, {"toolUse": {"input": text[at : at + _PIECE]}})


def _delta(index: int, delta: Mapping[str, Any]) -> bytes:
    return event_frame("contentBlockDelta", {"contentBlockIndex": index, "delta": delta})


HANDLERS: Mapping[str, Handler] = {"Converse": _converse, "ConverseStream": _converse_stream}
