"""Answers one Converse request: calls tools, or says what they gave."""

from __future__ import annotations

from opspilot.embedded.analyst.intents import Intent, intent_of
from opspilot.embedded.analyst.request import Request
from opspilot.embedded.analyst.rounds import next_calls
from opspilot.embedded.analyst.speech import Answer, Words
from opspilot.embedded.analyst.wording import answer_text, beyond, capabilities, opening


def answer_to(request: Request) -> Answer:
    """The next message of the conversation; the same request always gets the same."""
    intent = intent_of(request.question, request.earlier)
    if intent is Intent.HELP:
        return Answer((Words(capabilities()),))
    if intent is Intent.UNKNOWN:
        return Answer((Words(beyond()),))
    calls = next_calls(intent, request)
    if calls:
        return Answer((Words(opening(intent, request)), *calls), "tool_use")
    return Answer((Words(answer_text(intent, request)),))
