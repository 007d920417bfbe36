"""The inbox: what waits for whom, since when, and where to take it on."""

import streamlit as st

from app.components import badges
from app.formatting import Now, capital, moment, real_time
from app.markup import Html, el, show
from app.navigation import CONNECTIONS, incident_link
from opspilot.domain.commands import Command
from opspilot.domain.inbox import Errand, Inbox, InboxItem

EVERYBODY_KEY = "everybody"
"""Name in the address of the choice to see what waits for others as well."""

_ID_WIDTH = 90
_NEXT_WIDTH = 230
_ACTIONS: dict[Command | None, str] = {
    Command.INVESTIGATE: "investigate",
    Command.PROPOSE_PLAN: "ask for a plan",
    Command.APPROVE_PLAN: "approve or reject",
    Command.EXECUTE_PLAN: "execute",
    Command.UNDO_PLAN: "undo, or investigate again",
    Command.CLOSE_INCIDENT: "close it, or investigate again",
    Command.ASSIGN_INCIDENT: "take it on",
    None: "look at it",
}
_BAD = (
    Errand.INVESTIGATION_FAILED,
    Errand.EXECUTION_FAILED,
    Errand.NOT_RECOVERED,
    Errand.ROLLBACK_FAILED,
    Errand.JOB_FAILING,
)


def inbox_list(inbox: Inbox, now: Now) -> None:
    """What waits for the person who looks, or for everybody."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="inbox-head"):
        show(el("h2", _headline(inbox)))
        everybody = st.toggle(
            "Everybody's", key=EVERYBODY_KEY, bind="query-params", disabled=not inbox.items
        )
    for number, item in enumerate(inbox.items if everybody else inbox.mine):
        _row(item, number, now)
    if inbox.more:
        st.caption("More incidents are active than were looked at.")


def _headline(inbox: Inbox) -> str:
    mine, others = len(inbox.mine), len(inbox.items) - len(inbox.mine)
    waits = "wait" if mine != 1 else "waits"
    head = f"Inbox: {mine} {waits} for you" if mine else "Inbox: nothing waits for you"
    return f"{head}, {others} for others" if others else head


def _row(item: InboxItem, number: int, now: Now) -> None:
    with st.container(key=f"row-inbox-{number}", horizontal=True, wrap=False, gap="small"):
        if item.incident_id:
            incident_link(item.incident_id, width=_ID_WIDTH)
        else:
            st.page_link(CONNECTIONS, label="Workbench", width=_ID_WIDTH)
        show(_cells(item, now))
        _next_link(item)


def _next_link(item: InboxItem) -> None:
    label = f"Next: {_ACTIONS.get(item.command, 'look at it')}"
    if item.incident_id:
        incident_link(item.incident_id, width=_NEXT_WIDTH, label=label)
    else:
        st.page_link(CONNECTIONS, label=label, width=_NEXT_WIDTH)


def _cells(item: InboxItem, now: Now) -> Html:
    bad = item.errand in _BAD
    mark = badges.FILLED if bad else badges.HOLLOW
    return el(
        "div",
        el(
            "div",
            badges.severity(item.severity) if item.severity else None,
            " ",
            el("b", item.title or "The workbench itself"),
        ),
        el(
            "div",
            el("span", mark, cls="op-mark op-breach-text" if bad else "op-mark op-waiting-text"),
            f"{capital(item.what)}.",
        ),
        el("div", "for ", el("b", "you" if item.mine else item.waits_for)),
        el(
            "div",
            "since ",
            moment(item.since, now.wall, now.zone),
            real_time(now),
            cls="op-quiet-text",
        ),
        cls="op-row op-inbox-row",
    )
