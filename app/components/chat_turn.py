"""One turn: the question, what ran, the answer, what was dropped, and what it cost."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import cast

import streamlit as st

from app import navigation
from app.answers import answer
from app.components.badges import CHECK, DOT, FILLED, HOLLOW, Tone, badge
from app.formatting import Now, moment, span, words
from app.guard import sentence, show_notice
from app.markup import Html, el, show
from app.state import Notice
from opspilot.domain.chat_view import ChatView
from opspilot.domain.conversation import (
    Message,
    Text,
    ToolCall,
    ToolUse,
    Turn,
    TurnStatus,
)
from opspilot.domain.model import Json
from opspilot.domain.wording import number, plural

UNCHECKED = "Being written. Figures and citations are checked when it is whole."

_OUTCOMES: dict[str, tuple[Tone, str]] = {
    "success": ("healthy", CHECK),
    "no_data": ("waiting", HOLLOW),
    "failed": ("breach", FILLED),
}
_STATUS: dict[TurnStatus, tuple[Tone, str]] = {
    TurnStatus.WAITING: ("waiting", HOLLOW),
    TurnStatus.RUNNING: ("action", DOT),
    TurnStatus.DONE: ("healthy", CHECK),
    TurnStatus.STOPPED: ("quiet", HOLLOW),
    TurnStatus.FAILED: ("breach", FILLED),
}
_ENTRY = re.compile(r"(?<!\w)E\d{1,6}(?!\w)")
_BRIEF, _MINUTE = 1.0, 60.0


def chat_turn(turn: Turn, view: ChatView, now: Now, titles: Mapping[str, str]) -> None:
    """Draw a turn.

    Args:
        turn: As stored.
        view: Its conversation.
        now: Both clocks.
        titles: Tool name to its title for people.
    """
    with st.container(key=f"turn-{turn.number}"):
        show(_question(turn, now))
        calls = {call.id: call for call in turn.calls}
        for message in turn.messages:
            if message.speaker == "assistant":
                _assistant(message, calls, turn, titles)
        if turn.partial:
            show(answer(turn.partial), el("p", UNCHECKED, cls="op-quiet-text"))
        if not turn.ended:
            show(_progress(turn))
        if turn.dropped:
            show(_dropped(turn))
        if turn.error:
            _error(turn)
        if turn.plan_id:
            navigation.to_plan(view.incident.id, turn.plan_id)
        _cited(turn, view)
        if turn.ended:
            show(_cost(turn))


def _question(turn: Turn, now: Now) -> Html:
    return el(
        "div",
        el("b", turn.asked_by.name),
        moment(turn.asked_at, now.wall, now.zone),
        badge(words(turn.status), *_STATUS[turn.status]),
        el("p", turn.question, cls="op-question"),
        cls="op-turn-head",
    )


def _assistant(
    message: Message, calls: Mapping[str, ToolCall], turn: Turn, titles: Mapping[str, str]
) -> None:
    uses: list[Html] = []
    for block in message.blocks:
        if isinstance(block, Text):
            show(answer(block.text))
        elif isinstance(block, ToolUse):
            uses.append(_tool(block, calls.get(block.id), turn, titles))
    if uses:
        show(el("ul", *uses, cls="op-tools"))


def _tool(use: ToolUse, call: ToolCall | None, turn: Turn, titles: Mapping[str, str]) -> Html:
    title = titles.get(use.name, use.name[:64])
    given = el("span", arguments_in_words(use.input), cls="op-quiet-text")
    if call is None:
        state = "not run" if turn.ended else "running"
        return el("li", badge(state, "action", DOT), el("span", el("b", title), " ", given))
    return el(
        "li",
        badge(words(call.outcome), *_OUTCOMES[call.outcome]),
        el(
            "div",
            el("div", el("b", title), " ", given),
            el(
                "div",
                sentence(call.summary),
                " ",
                *[el("span", f"{one} ", cls="op-chip") for one in call.evidence[:8]],
            ),
        ),
        el("span", took(call.seconds), cls="op-num op-quiet-text"),
    )


def arguments_in_words(given: Json) -> str:
    """What a tool was asked with: "resource checkout, window incident"."""
    if not isinstance(given, dict):
        return ""
    pairs = cast("dict[str, Json]", given).items()
    return ", ".join(f"{words(name)[:40]} {str(value)[:120]}" for name, value in pairs if value)


def took(seconds: float) -> str:
    """A duration: "40 ms", "1.2 s", "2 min"."""
    if seconds < _BRIEF:
        return f"{round(seconds * 1_000)} ms"
    return f"{seconds:.1f} s" if seconds < _MINUTE else span(timedelta(seconds=seconds))


def _progress(turn: Turn) -> Html:
    if turn.stop_requested:
        said = "Stops at the next step."
    elif turn.waits_for:
        said = f"Waits for {turn.waits_for}. It is tried again."
    elif turn.status is TurnStatus.WAITING:
        said = "Waits for a worker."
    else:
        said = "Being answered."
    return el(
        "p", el("span", "", cls="op-pulse", aria_hidden="true"), said, cls="op-beside op-running",
        role="status",
    )  # fmt: skip


def _dropped(turn: Turn) -> Html:
    items = [
        el("li", el("s", one.text), el("span", f" {one.reason}", cls="op-quiet-text"))
        for one in turn.dropped
    ]
    head = f"Dropped by the check: {plural(len(items), 'sentence')}"
    return el("div", el("p", head, cls="op-waiting-text op-strong"), el("ul", *items),
              cls="op-dropped")  # fmt: skip


def _error(turn: Turn) -> None:
    failed = turn.status is TurnStatus.FAILED
    kept = "What was read is kept in the ledger." if turn.calls else ""
    show_notice(
        Notice(what=sentence(turn.error), kept=kept, tone="breach" if failed else "waiting")
    )


def _cited(turn: Turn, view: ChatView) -> None:
    """Links to the entries that the turn read or cites; the check let no other id pass."""
    read = [one for call in turn.calls for one in call.evidence]
    ids = list(dict.fromkeys([*read, *_cited_in(turn)]))
    if ids:
        navigation.evidence_links(view.incident.id, ids, _hovers(turn))


def _hovers(turn: Turn) -> dict[str, str]:
    """What stands behind an entry, where one call read just that one."""
    return {call.evidence[0]: call.summary for call in turn.calls if len(call.evidence) == 1}


def _cited_in(turn: Turn) -> list[str]:
    return [
        one
        for message in turn.messages
        if message.speaker == "assistant"
        for block in message.blocks
        if isinstance(block, Text)
        for one in _ENTRY.findall(block.text)
    ]


def _cost(turn: Turn) -> Html:
    usage = turn.usage
    parts = [
        f"model {usage.model_id}" if usage.model_id else "no model answered",
        f"{number(usage.input_tokens)} tokens in, {number(usage.output_tokens)} out",
        plural(len(turn.calls), "tool call"),
        f"{took(turn.worked_seconds)} of work",
    ]
    return el("p", " \u00b7 ".join(parts), cls="op-quiet-text op-num")
