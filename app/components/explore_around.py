"""Beside the charts of the investigate page: the changes on their axis, and alarms not drawn."""

from collections.abc import Collection, Sequence

import streamlit as st

from app.components.explore_look import Look
from app.formatting import stamp
from app.markup import Html, el, show
from app.rows import Marked
from app.wiring import Desk
from opspilot.domain.alarm import Alarm
from opspilot.domain.evidence import GapDetail
from opspilot.domain.wording import plural
from opspilot.engine.explore_around import Surroundings

_MOST_OPEN = 4
_MARKS = {"ALARM": ("▲", "breach"), "OK": ("✓", "healthy")}


def changes_listed(marked: Sequence[Marked], around: Surroundings, look: Look, desk: Desk) -> None:
    """The changes on the axis by letter, and until when their feed is whole."""
    if around.complete_until is None:
        return
    own = set(look.resources)
    lines = [_change(one, one.change.resource not in own, desk) for one in reversed(marked)]
    whole = f"The feed is whole until {stamp(around.complete_until, desk.now.account)}."
    beside = plural(len(around.neighbours), "neighbour")
    left = f" ({around.left_out:,} more not asked)" if around.left_out else ""
    if not lines:
        st.caption(f"No change of these resources and {beside}{left} in this time. {whole}")
        return
    older = len([one for one in around.changes if look.span.contains(one.at)]) - len(lines)
    more = f" {plural(older, 'older change')} bear no letter." if older else ""
    with st.expander(
        f"{plural(len(lines), 'change')} on the axis, {beside}{left} included",
        expanded=len(lines) <= _MOST_OPEN,
    ):
        show(el("ul", *lines, cls="op-changes"), el("p", whole + more, cls="op-quiet-text"))


def alarms_listed(around: Surroundings, drawn: Collection[str], look: Look, desk: Desk) -> None:
    """Alarms that no chart shows: of the resources, and of neighbours those that moved."""
    others = [
        (alarm, where)
        for alarms, where in ((around.alarms, ""), (around.near, "neighbour"))
        for alarm in alarms
        if alarm.arn not in drawn
    ]
    if not others:
        return
    others.sort(key=lambda pair: (pair[0].state != "ALARM", -pair[0].since.timestamp()))
    ringing = sum(alarm.state == "ALARM" for alarm, _ in others)
    words = f"{plural(len(others), 'alarm')} not drawn above, {ringing} in alarm"
    with st.expander(words, expanded=ringing > 0 and len(others) <= _MOST_OPEN):
        lines = [_alarm(alarm, where, around, look, desk) for alarm, where in others]
        show(el("ul", *lines, cls="op-changes"))


def gap_text(gap: GapDetail | str) -> str:
    """Why something could not be read, and what would help."""
    if isinstance(gap, str):
        return gap
    missing = f" Missing permission: {gap.iam_action}." if gap.iam_action else ""
    return f"{str(gap.reason).replace('_', ' ')}: {gap.message.rstrip('.')}.{missing}"


def _change(one: Marked, neighbour: bool, desk: Desk) -> Html:
    change = one.change
    who = f" ({change.actor})" if change.actor else ""
    return el(
        "li",
        el("span", one.letter, cls="op-letter"),
        el(
            "div",
            el("b", change.resource.name),
            el("span", " neighbour", cls="op-quiet-text") if neighbour else None,
            f": {change.summary}{who}, ",
            el("span", stamp(change.at, desk.now.account), cls="op-num"),
        ),
    )


def _alarm(alarm: Alarm, where: str, around: Surroundings, look: Look, desk: Desk) -> Html:
    mark, tone = _MARKS.get(alarm.state, ("◇", "waiting"))
    moved = [
        move
        for move in around.transitions
        if move.alarm.arn == alarm.arn and look.span.contains(move.at)
    ]
    times = ", ".join(f"{move.after} at {move.at:%H:%M:%S}" for move in moved[-3:])
    return el(
        "li",
        el("span", mark, cls=f"op-{tone}-text", aria_hidden="true"),
        el(
            "div",
            el("b", alarm.name),
            el("span", f" {where}", cls="op-quiet-text") if where else None,
            f": {alarm.state} since ",
            el("span", stamp(alarm.since, desk.now.account), cls="op-num"),
            f"; {_watched(alarm)}",
            f"; in this time: {times} UTC" if times else None,
        ),
    )


def _watched(alarm: Alarm) -> str:
    """What an alarm watches, in words; its metric may be an expression that is not told."""
    if alarm.query is None:
        return "an expression or several alarms"
    query = alarm.query
    of = "/".join(value for _, value in query.dimensions) or query.namespace
    return (
        f"{query.metric} {query.statistic} of {of} {alarm.comparator} {alarm.threshold:,.6g} per "
        f"{query.period_seconds} s"
    )
