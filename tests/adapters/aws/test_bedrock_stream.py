"""Streams as Bedrock sends them, over HTTP: whole, split, damaged, broken off."""

import logging

import pytest

from opspilot.adapters.aws.bedrock_models import ModelChoice
from opspilot.domain.conversation import Text, ToolUse
from opspilot.errors import (
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsRejected,
    AwsThrottled,
    AwsUnavailable,
)
from opspilot.ports.model import Ended, ModelEvent, TextDelta
from tests.adapters.aws.frames import (
    Prepared,
    asking,
    broken,
    called,
    ended,
    endpoint,
    heard,
    refusal,
    said,
    streamed,
)

SONNET = "us.anthropic.claude-sonnet-4-6"
NOT_STREAMING = (
    "User: arn:aws:iam::123456789012:user/me is not authorized to perform: "
    "bedrock:InvokeModelWithResponseStream on resource: "
    "arn:aws:bedrock:us-east-1::foundation-model/x"
)


def last(events: list[ModelEvent]) -> Ended:
    end = events[-1]
    assert isinstance(end, Ended)
    return end


def test_words_are_passed_on_as_they_come_and_the_end_holds_them_all():
    with endpoint(streamed(said("It "), said("slowed."), ended())) as there:
        events = heard(there.model())
    assert events[:-1] == [TextDelta("It "), TextDelta("slowed.")]
    assert last(events).message.blocks == (Text(text="It slowed."),)
    assert (last(events).reason, last(events).usage.model_id) == ("end", SONNET)


def test_a_tool_use_whose_input_comes_in_pieces_is_given_once_and_whole():
    pieces = ('{"a": ', '[1, {"b"', ': "\u00e9"}]', "}")
    with endpoint(streamed(said("I look."), called(1, *pieces), ended("tool_use"))) as there:
        events = heard(there.model())
    use = ToolUse(id="t1", name="look", input={"a": [1, {"b": "\u00e9"}]})
    assert [one for one in events if isinstance(one, ToolUse)] == [use]
    assert last(events).message.blocks == (Text(text="I look."), use)
    assert last(events).reason == "tool_use"


def test_a_tool_without_arguments_has_an_empty_object():
    with endpoint(streamed(called(0), ended("tool_use"))) as there:
        assert heard(there.model())[0] == ToolUse(id="t0", name="look", input={})


def test_arguments_that_are_no_json_stay_the_text_that_the_model_wrote():
    with endpoint(streamed(called(0, '{"a": oops'), ended("tool_use"))) as there:
        assert heard(there.model())[0] == ToolUse(id="t0", name="look", input='{"a": oops')


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
def test_of_an_answer_that_was_cut_no_tool_use_is_kept(reason: str):
    with endpoint(streamed(said("I"), called(1, "{}"), called(2, '{"a"'), ended(reason))) as there:
        events = heard(there.model())
    assert not any(isinstance(one, ToolUse) for one in events)
    assert (last(events).reason, last(events).message.blocks) == ("max_tokens", (Text(text="I"),))


@pytest.mark.parametrize(
    ("said_reason", "reason"),
    [
        ("stop_sequence", "end"),
        ("guardrail_intervened", "refused"),
        ("content_filtered", "refused"),
        ("malformed_model_output", "stopped"),
        ("malformed_tool_use", "stopped"),
        ("something_new", "stopped"),
    ],
)
def test_every_reason_to_stop_has_its_word(said_reason: str, reason: str):
    with endpoint(streamed(said("So"), ended(said_reason))) as there:
        assert last(heard(there.model())).reason == reason


def test_what_was_read_from_the_cache_counts_as_read():
    usage = {"inputTokens": 10, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 5}
    with endpoint(streamed(said("So"), ended(**usage))) as there:
        counted = last(heard(there.model())).usage
    assert (counted.input_tokens, counted.output_tokens, counted.calls) == (115, 2, 1)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("throttlingException", AwsThrottled),
        ("modelStreamErrorException", AwsUnavailable),
        ("internalServerException", AwsUnavailable),
        ("serviceUnavailableException", AwsUnavailable),
        ("validationException", AwsRejected),
    ],
)
def test_an_error_in_mid_stream_is_raised_after_what_came_before(kind: str, error: type[AwsError]):
    with endpoint(streamed(said("It "), broken(kind))) as there:
        answer = there.model().answer(asking())
        assert next(answer) == TextDelta("It ")
        with pytest.raises(error) as caught:
            next(answer)
        assert (caught.value.aws_code, caught.value.resource) == (kind, SONNET)
        assert len(there.asked) == 1


def test_an_error_as_the_first_event_is_tried_again():
    with endpoint(
        refusal("ThrottlingException", status=429),
        streamed(broken("serviceUnavailableException")),
        streamed(said("Yes."), ended()),
    ) as there:
        assert heard(there.model())[0] == TextDelta("Yes.")
        assert len(there.asked) == 3


def test_throttling_that_stays_ends_the_patience():
    with endpoint(*[refusal("ThrottlingException", status=429)] * 3) as there:
        with pytest.raises(AwsThrottled):
            heard(there.model())
        assert len(there.asked) == 3


def test_a_frame_with_a_wrong_checksum_is_an_error_after_what_was_right():
    damaged = bytearray(said("slowed."))
    damaged[-6] ^= 0xFF
    with endpoint(streamed(said("It "), bytes(damaged), ended())) as there:
        answer = there.model().answer(asking())
        assert next(answer) == TextDelta("It ")
        with pytest.raises(AwsUnavailable, match="broke off"):
            next(answer)


@pytest.mark.parametrize("tail", [b"", said("half of a frame")[:20]])
def test_a_stream_without_an_end_is_an_error(tail: bytes):
    with endpoint(streamed(said("It "), tail)) as there:
        answer = there.model().answer(asking())
        assert next(answer) == TextDelta("It ")
        with pytest.raises(AwsUnavailable, match="before its end"):
            next(answer)


def test_where_only_streaming_is_denied_the_whole_is_asked_for():
    whole = (
        b'{"output": {"message": {"role": "assistant", "content": [{"text": "It slowed."}, '
        b'{"toolUse": {"toolUseId": "t1", "name": "look", "input": {"a": 1}}}]}}, '
        b'"stopReason": "tool_use", "usage": {"inputTokens": 4, "outputTokens": 2, '
        b'"totalTokens": 6}, "metrics": {"latencyMs": 1}}'
    )
    with endpoint(
        refusal("AccessDeniedException", NOT_STREAMING, 403),
        Prepared(whole, kind="application/json"),
    ) as there:
        events = heard(there.model())
        assert [path.rpartition("/")[2] for path, _ in there.asked] == [
            "converse-stream",
            "converse",
        ]
    assert events[0] == TextDelta("It slowed.")
    assert last(events).message.blocks[1] == ToolUse(id="t1", name="look", input={"a": 1})
    assert (last(events).reason, last(events).usage.input_tokens) == ("tool_use", 4)


def test_where_both_are_denied_the_action_and_the_model_are_named():
    said_no = NOT_STREAMING.replace("InvokeModelWithResponseStream", "InvokeModel")
    with (
        endpoint(
            refusal("AccessDeniedException", NOT_STREAMING, 403),
            refusal("AccessDeniedException", said_no, 403),
        ) as there,
        pytest.raises(AwsDenied) as caught,
    ):
        heard(there.model())
    assert caught.value.iam_action == "bedrock:InvokeModel"
    assert "foundation-model/x" in caught.value.message


@pytest.mark.parametrize(
    ("code", "message", "error", "hint"),
    [
        ("AccessDeniedException", "You don't have access to the model with the specified model ID.",
         AwsDenied, "model catalog"),
        ("AccessDeniedException", "Model access is denied due to IAM user or service role is not "
         "authorized to perform the required AWS Marketplace actions (aws-marketplace:Subscribe)",
         AwsDenied, "aws-marketplace:Subscribe"),
        ("ResourceNotFoundException", "Model use case details have not been submitted for this "
         "account.", AwsNotFound, "use case form"),
        ("ResourceNotFoundException", "Access denied. This Model is marked by provider as Legacy",
         AwsNotFound, "OPSPILOT_MODEL_DEFAULT"),
        ("ResourceNotFoundException", "This model version has reached the end of its life.",
         AwsNotFound, "current model"),
        ("ValidationException", "Invocation of model ID anthropic.x with on-demand throughput "
         "isn\u2019t supported.", AwsRejected, "global."),
        ("ValidationException", "The provided model identifier is invalid.", AwsRejected,
         "inference profile"),
        ("ValidationException", "Input is too long for requested model.", AwsRejected,
         "new conversation"),
    ],
)  # fmt: skip
def test_what_bedrock_refuses_is_explained_with_what_to_do(
    code: str, message: str, error: type[AwsError], hint: str
):
    with endpoint(refusal(code, message)) as there:
        with pytest.raises(error) as caught:
            heard(there.model())
        assert len(there.asked) == 1
    assert SONNET in caught.value.message
    assert hint in caught.value.hint


def test_a_role_without_a_model_says_which_setting_to_set():
    with endpoint() as there:
        model = there.model(ModelChoice(default=""))
        with pytest.raises(AwsRejected, match="OPSPILOT_MODEL_DEFAULT"):
            heard(model)
        assert there.asked == []


def test_neither_question_nor_answer_is_logged(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    with endpoint(
        refusal("ThrottlingException"), streamed(said("secret answer"), ended("novel"))
    ) as there:
        heard(there.model(), asking("secret question"))
    assert caplog.records
    assert "secret" not in caplog.text


def test_whoever_stops_listening_closes_the_stream():
    with endpoint(streamed(said("It "), said("goes "), said("on."), ended())) as there:
        answer = there.model().answer(asking())
        next(answer)
        answer.close()  # type: ignore[attr-defined]
        assert list(answer) == []
