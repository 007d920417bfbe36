"""Converse and ConverseStream of the embedded account, as boto3 reads them."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from opspilot.embedded.handlers.bedrock import MODEL_ID
from tests.embedded.aws import Aws, client
from tests.embedded.test_control import post

ASKED = [{"role": "user", "content": [{"text": "What can you do?"}]}]
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "show_changes",
                "description": "Changes.",
                "inputSchema": {"json": {"type": "object", "properties": {}}},
            }
        }
    ]
}
USED: list[dict[str, Any]] = [
    {"role": "user", "content": [{"text": "What changed?"}]},
    {
        "role": "assistant",
        "content": [{"toolUse": {"toolUseId": "t1", "name": "show_changes", "input": {}}}],
    },
]


def runtime(account: Aws) -> Any:
    return client("bedrock-runtime", account.account.url)


def arm(account: Aws, operation: str, code: str, message: str = "") -> None:
    body = {"operation": operation, "code": code, "message": message}
    assert post(account.account.url, "api-faults", body)[0] == 200


def test_a_stream_says_what_the_whole_says(healthy: Aws) -> None:
    whole = runtime(healthy).converse(modelId=MODEL_ID, messages=ASKED)
    stream = runtime(healthy).converse_stream(modelId=MODEL_ID, messages=ASKED)["stream"]
    events = list(stream)
    assert [next(iter(one)) for one in events[:1]] == ["messageStart"]
    assert [next(iter(one)) for one in events[-3:]] == [
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    deltas = [one["contentBlockDelta"] for one in events if "contentBlockDelta" in one]
    said = "".join(one["delta"]["text"] for one in deltas)
    assert len(deltas) > 20
    assert whole["output"]["message"]["content"] == [{"text": said}]
    assert whole["stopReason"] == events[-2]["messageStop"]["stopReason"] == "end_turn"
    assert whole["usage"] == events[-1]["metadata"]["usage"]
    assert whole["usage"]["inputTokens"] > 0


def test_a_tools_arguments_are_streamed_in_pieces(healthy: Aws) -> None:
    long = {"type": "string", "default": "a default that is longer than one piece of a stream"}
    schema = {"type": "object", "properties": {"note": long}, "required": ["note"]}
    spec = {"name": "show_changes", "description": "x", "inputSchema": {"json": schema}}
    events = list(
        runtime(healthy).converse_stream(
            modelId=MODEL_ID, messages=USED[:1], toolConfig={"tools": [{"toolSpec": spec}]}
        )["stream"]
    )
    pieces = [
        one["contentBlockDelta"]["delta"]["toolUse"]["input"]
        for one in events
        if "toolUse" in one.get("contentBlockDelta", {}).get("delta", {})
    ]
    assert len(pieces) > 1
    assert json.loads("".join(pieces)) == {"note": long["default"]}
    assert events[-2]["messageStop"]["stopReason"] == "tool_use"


def test_only_the_local_analyst_is_there(healthy: Aws) -> None:
    arn = "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-4-6"
    for name in ("anthropic.claude-sonnet-4-6", arn):
        with pytest.raises(ClientError, match="model identifier is invalid"):
            runtime(healthy).converse(modelId=name, messages=ASKED)


@pytest.mark.parametrize(
    ("messages", "tools", "said"),
    [
        ([], False, "start with a user message"),
        ([{"role": "assistant", "content": [{"text": "So."}]}], False, "start with a user"),
        ([*ASKED, *ASKED], False, "alternate"),
        ([{"role": "user", "content": [{"text": " "}]}], False, "blank"),
        ([{"role": "user", "content": []}], False, "empty"),
        ([*ASKED, {"role": "assistant", "content": [{"text": "So"}]}], False, "prefill"),
        ([*USED, *ASKED], True, "Expected toolResult"),
        (
            [{"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": []}}]}],
            True,
            "exceeds",
        ),
        (
            [
                *USED,
                {
                    "role": "user",
                    "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "x"}]}}],
                },
            ],
            False,
            "toolConfig",
        ),
    ],
)
def test_what_bedrock_refuses_is_refused_here(
    healthy: Aws, messages: list[dict[str, Any]], tools: bool, said: str
) -> None:
    offered = {"toolConfig": TOOLS} if tools else {}
    with pytest.raises(ClientError, match=said) as caught:
        runtime(healthy).converse_stream(modelId=MODEL_ID, messages=messages, **offered)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_an_answer_ends_at_its_bound(healthy: Aws) -> None:
    answer = runtime(healthy).converse(
        modelId=MODEL_ID, messages=ASKED, inferenceConfig={"maxTokens": 10}
    )
    assert answer["stopReason"] == "max_tokens"
    assert len(answer["output"]["message"]["content"][0]["text"]) == 40


@pytest.mark.parametrize(
    ("operation", "code", "status"),
    [
        ("ConverseStream", "ThrottlingException", 400),
        ("bedrock:InvokeModelWithResponseStream", "ServiceUnavailableException", 503),
        ("ConverseStream", "ModelTimeoutException", 408),
    ],
)
def test_a_call_can_be_made_to_fail(healthy: Aws, operation: str, code: str, status: int) -> None:
    arm(healthy, operation, code)
    with pytest.raises(ClientError) as caught:
        runtime(healthy).converse_stream(modelId=MODEL_ID, messages=ASKED)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    runtime(healthy).converse_stream(modelId=MODEL_ID, messages=ASKED)["stream"].close()


def test_a_denial_names_the_permission_and_not_the_operation(healthy: Aws) -> None:
    arm(healthy, "ConverseStream", "AccessDeniedException")
    with pytest.raises(ClientError, match="perform: bedrock:InvokeModelWithResponseStream"):
        runtime(healthy).converse_stream(modelId=MODEL_ID, messages=ASKED)
    arm(healthy, "Converse", "AccessDeniedException")
    with pytest.raises(ClientError, match="perform: bedrock:InvokeModel because"):
        runtime(healthy).converse(modelId=MODEL_ID, messages=ASKED)


def test_a_refusal_can_be_given_its_own_words(healthy: Aws) -> None:
    arm(healthy, "Converse", "AccessDeniedException", "You don't have access to the model.")
    with pytest.raises(ClientError, match="access to the model"):
        runtime(healthy).converse(modelId=MODEL_ID, messages=ASKED)


def test_a_stream_can_be_made_to_break_in_its_middle(healthy: Aws) -> None:
    arm(healthy, "ConverseStream", "modelStreamErrorException", "The model broke off.")
    seen: list[str] = []
    stream = runtime(healthy).converse_stream(modelId=MODEL_ID, messages=ASKED)["stream"]
    with closing(stream), pytest.raises(EventStreamError, match="The model broke off"):
        seen.extend(next(iter(event)) for event in stream)
    assert seen.count("contentBlockDelta") > 5
    assert "messageStop" not in seen
