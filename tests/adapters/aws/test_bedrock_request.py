"""Requests: whatever state a conversation is in, Bedrock gets one that it accepts."""

from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import validate_parameters
from hypothesis import given
from hypothesis import strategies as st

from opspilot.adapters.aws.bedrock_models import LOCAL_ANALYST, ModelChoice
from opspilot.adapters.aws.bedrock_request import to_body
from opspilot.domain.conversation import Block, Message, Text, ToolResult, ToolUse
from opspilot.embedded.handlers.bedrock_rules import refuse_malformed
from opspilot.errors import AwsRejected
from opspilot.ports.model import ModelRequest
from tests.adapters.aws.frames import TOOL

SHAPE = Session().get_service_model("bedrock-runtime").operation_model("ConverseStream").input_shape
USER, ASSISTANT = "user", "assistant"
ASKED = ToolUse(id="t1", name="look", input={"a": 1})
FOUND = ToolResult(id="t1", content={"finding": "slow"})


def say(speaker: Any, *blocks: Block | str) -> Message:
    made = tuple(Text(text=one) if isinstance(one, str) else one for one in blocks)
    return Message(speaker=speaker, blocks=made)


def body(*messages: Message, tools: bool = True, model_id: str = LOCAL_ANALYST, **choice: str):
    request = ModelRequest("Be brief.", messages, (TOOL,) if tools else (), max_tokens=700)
    made = to_body(request, model_id, ModelChoice(**choice), stream=True)
    validate_parameters(made, SHAPE)
    refuse_malformed(made)
    return made


def test_a_request_bounds_its_answer_and_sends_no_empty_tool_configuration():
    made = body(say(USER, "Why?"), tools=False)
    assert made["inferenceConfig"] == {"maxTokens": 700}
    assert made["system"] == [{"text": "Be brief."}]
    assert not {"toolConfig", "guardrailConfig"} & made.keys()
    assert made["messages"] == [{"role": "user", "content": [{"text": "Why?"}]}]


def test_tools_results_and_failures_have_their_places():
    failed = ToolResult(id="t1", content={"error": "denied"}, failed=True)
    made = body(say(USER, "Why?"), say(ASSISTANT, "I look.", ASKED), say(USER, failed))
    assert made["toolConfig"]["tools"][0]["toolSpec"]["name"] == "look"
    assert made["messages"][1]["content"][1]["toolUse"]["input"] == {"a": 1}
    assert made["messages"][2]["content"] == [
        {
            "toolResult": {
                "toolUseId": "t1",
                "content": [{"json": {"error": "denied"}}],
                "status": "error",
            }
        }
    ]


def test_blank_text_is_not_sent_and_neighbours_are_merged():
    made = body(say(USER, "Why?"), say(ASSISTANT, " "), say(USER, "", "Since when?"))
    assert made["messages"] == [
        {"role": "user", "content": [{"text": "Why?"}, {"text": "Since when?"}]}
    ]


def test_a_tool_use_that_was_never_answered_is_answered_as_not_run():
    other = ToolUse(id="t2", name="look", input={})
    made = body(say(USER, "Why?"), say(ASSISTANT, ASKED, other), say(USER, "And now?", FOUND))
    first, second, text = made["messages"][2]["content"]
    assert first["toolResult"]["status"] == "success"
    assert "not run" in second["toolResult"]["content"][0]["json"]["error"]
    assert text == {"text": "And now?"}
    broken_off = body(say(USER, "Why?"), say(ASSISTANT, ASKED))
    assert broken_off["messages"][-1]["content"][0]["toolResult"]["status"] == "error"


def test_a_result_that_nothing_asked_for_is_left_out():
    made = body(say(USER, "Why?"), say(ASSISTANT, "So."), say(USER, FOUND, "Really?"))
    assert made["messages"][-1]["content"] == [{"text": "Really?"}]


def test_without_tools_their_history_is_told_in_words():
    made = body(say(USER, "Why?"), say(ASSISTANT, ASKED), say(USER, FOUND), tools=False)
    assert "look" in made["messages"][1]["content"][0]["text"]
    assert "slow" in made["messages"][2]["content"][0]["text"]


def test_arguments_that_are_no_object_and_numbers_that_are_no_json_go_back_as_objects():
    wrong = ToolUse(id="t1", name="look", input='{"a": oops')
    found = ToolResult(id="t1", content={"x": float("nan"), "y": [float("inf"), 1.5]})
    made = body(say(USER, "Why?"), say(ASSISTANT, wrong), say(USER, found))
    assert made["messages"][1]["content"][0]["toolUse"]["input"] == {"not_json": '{"a": oops'}
    result = made["messages"][2]["content"][0]["toolResult"]["content"][0]["json"]
    assert result == {"x": None, "y": [None, 1.5]}


@pytest.mark.parametrize("messages", [(), (say(ASSISTANT, "So."),), (say(USER, " "),)])
def test_without_a_question_there_is_nothing_to_ask(messages: tuple[Message, ...]):
    with pytest.raises(AwsRejected):
        body(*messages)


def test_the_models_own_words_cannot_be_the_last():
    with pytest.raises(AwsRejected):
        body(say(USER, "Why?"), say(ASSISTANT, "Because"))


def test_claude_gets_cache_points_and_others_do_not():
    claude = body(say(USER, "Why?"), model_id="us.anthropic.claude-sonnet-4-6")
    assert claude["system"][-1] == claude["messages"][-1]["content"][-1]
    assert "cachePoint" in claude["system"][-1]
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    assert "cachePoint" not in str(body(say(USER, "Why?"), model_id=profile))


def test_a_guardrail_is_named_and_shows_no_trace():
    made = body(say(USER, "Why?"), guardrail_id="gr1", guardrail_version="3")
    assert made["guardrailConfig"] == {
        "guardrailIdentifier": "gr1",
        "guardrailVersion": "3",
        "trace": "disabled",
        "streamProcessingMode": "sync",
    }


BLOCKS = st.one_of(
    st.sampled_from(["", " ", "Why?"]).map(lambda text: Text(text=text)),
    st.sampled_from("abc").map(lambda id: ToolUse(id=id, name="look", input={})),
    st.sampled_from("abc").map(lambda id: ToolResult(id=id, content={"x": 1})),
)


def _fits(message: Message) -> Message:
    wrong = ToolResult if message.speaker == "assistant" else ToolUse
    kept = {(type(one), getattr(one, "id", "")): one for one in message.blocks}
    blocks = tuple(one for one in kept.values() if not isinstance(one, wrong))
    return message.model_copy(update={"blocks": blocks})


MESSAGES = st.builds(
    Message, speaker=st.sampled_from([USER, ASSISTANT]), blocks=st.lists(BLOCKS).map(tuple)
).map(_fits)


@given(st.lists(MESSAGES, max_size=8), st.booleans())
def test_any_history_becomes_one_that_bedrock_accepts(history: list[Message], tools: bool):
    body(*history, say(USER, "And now?"), tools=tools)
