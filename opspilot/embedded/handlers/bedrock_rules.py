"""What Bedrock refuses in a conversation, in about its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opspilot.embedded.errors import AwsError

_Content = Sequence[Mapping[str, Any]]


def refuse_malformed(params: Mapping[str, Any]) -> None:
    """Check the messages of a request.

    Raises:
        AwsError: ValidationException, naming the message.
    """
    messages: Sequence[Mapping[str, Any]] = params.get("messages") or ()
    if not messages or messages[0].get("role") != "user":
        raise _invalid(
            "A conversation must start with a user message. Try again with a "
            "conversation that starts with a user message."
        )
    if messages[-1].get("role") != "user":
        raise _invalid(
            "This model does not support assistant message prefill. The conversation "
            "must end with a user message."
        )
    asked: list[str] = []
    for position, message in enumerate(messages):
        content: _Content = message.get("content") or ()
        _refuse_turn(position, messages, content)
        _refuse_pairing(position, asked, content)
        asked = _ids(content, "toolUse")
        if any("toolUse" in block or "toolResult" in block for block in content):
            _refuse_missing_tools(params)


def _refuse_turn(position: int, messages: Sequence[Mapping[str, Any]], content: _Content) -> None:
    if position and messages[position]["role"] == messages[position - 1]["role"]:
        raise _invalid(
            "A conversation must alternate between user and assistant roles. Make sure "
            "the conversation alternates between user and assistant roles and try again."
        )
    if not content:
        raise _invalid(f"The content field in the Message object at messages.{position} is empty.")
    if any("text" in block and not str(block["text"]).strip() for block in content):
        raise _invalid(
            f"The text field in the ContentBlock object at messages.{position} is blank."
        )


def _refuse_pairing(position: int, asked: list[str], content: _Content) -> None:
    given = _ids(content, "toolResult")
    missing = [one for one in asked if one not in given]
    if missing:
        raise _invalid(
            f"Expected toolResult blocks at messages.{position}.content for the "
            f"following Ids: {', '.join(missing)}"
        )
    if len(given) > len(asked):
        raise _invalid(
            f"The number of toolResult blocks at messages.{position}.content exceeds "
            "the number of toolUse blocks of previous turn."
        )


def _refuse_missing_tools(params: Mapping[str, Any]) -> None:
    config: Mapping[str, Any] = params.get("toolConfig") or {}
    if not config.get("tools"):
        raise _invalid(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks."
        )


def _ids(content: _Content, kind: str) -> list[str]:
    return [str(block[kind].get("toolUseId")) for block in content if kind in block]


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
