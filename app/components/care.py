"""Who looks after an incident, how bad it is, and the notes on it."""

import streamlit as st

from app.formatting import Now, local, moment, words
from app.intentions import Intention
from app.markup import Html, el, show
from app.wiring import Desk
from opspilot.domain.commands import Command, permits
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Severity
from opspilot.domain.note import Note
from opspilot.domain.views import IncidentView

_SHOWN_NOTES = 3


def care_bar(view: IncidentView, desk: Desk) -> Intention | None:
    """Owner, severity and notes with what can be done about them; what was pressed."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="care"):
        owner = view.incident.owner
        st.html(
            el("span", "Owner: ", el("b", owner.name if owner else "nobody yet")), width="content"
        )
        wanted = _taking(view, desk) or _assigning(view, desk)
        wanted = wanted or _severity(view) or _noting(view)
    # Always there, so that what stands below keeps its place when the first note comes.
    with st.container(key="notes"):
        show(_notes(view.notes[-_SHOWN_NOTES:], len(view.notes), desk.now))
    return wanted


def _taking(view: IncidentView, desk: Desk) -> Intention | None:
    owner, refusal = view.incident.owner, view.refusals.get(Command.ASSIGN_INCIDENT, "")
    mine = owner is not None and owner.id == desk.actor.id
    label = "Give it back" if mine else "Take it on"
    if st.button(label, key="take", disabled=bool(refusal), help=refusal or None):
        return _assigned(view, None if mine else desk.actor)
    return None


def _assigning(view: IncidentView, desk: Desk) -> Intention | None:
    refusal = view.refusals.get(Command.ASSIGN_INCIDENT, "")
    people = {one.id: one for one in _candidates(view, desk)}
    names = {one.id: one.name for one in people.values()}
    if not people:
        return None
    with st.popover("Assign", disabled=bool(refusal), help=refusal or None, key="assign-popover"):
        chosen = st.selectbox(
            "To whom?", list(people), format_func=names.__getitem__, key="assign-to"
        )
        if st.button("Assign", key="assign-send", type="primary"):
            return _assigned(view, people[chosen])
    return None


def _candidates(view: IncidentView, desk: Desk) -> list[Actor]:
    """Whom it can be given to: people one may act as, and those who acted on it before."""
    known = {one.id: one for one in (*desk.bench.people, *(entry.actor for entry in view.audit))}
    owner = view.incident.owner
    return [
        one
        for one in known.values()
        if one.kind == "person"
        and permits(one, Command.INVESTIGATE)
        and one.id not in (desk.actor.id, owner.id if owner else "")
    ]


def _severity(view: IncidentView) -> Intention | None:
    refusal = view.refusals.get(Command.SET_SEVERITY, "")
    levels, now = list(Severity), view.incident.severity
    with st.popover(
        "Severity", disabled=bool(refusal), help=refusal or None, key="severity-popover"
    ):
        chosen = st.selectbox(
            "How bad is it?",
            levels,
            index=levels.index(now),
            format_func=words,
            key="severity-to",
        )
        reason = st.text_input("Why (may be left out)", key="severity-reason", max_chars=300)
        if st.button("Set severity", key="severity-send", type="primary"):
            return Intention(
                Command.SET_SEVERITY, view.incident.id, severity=chosen, reason=reason or ""
            )
    return None


def _noting(view: IncidentView) -> Intention | None:
    refusal = view.refusals.get(Command.WRITE_NOTE, "")
    with st.popover("Add a note", disabled=bool(refusal), help=refusal or None, key="note-popover"):
        # The number in the key: once the note is on record the field is empty for the next one.
        text = st.text_area(
            "What should others know?", key=f"note-text-{len(view.notes)}", max_chars=4_000
        )
        sent = st.button("Put on record", key="note-send", type="primary")
        if sent and not (text or "").strip():
            st.error("The note is empty: write what others should know.")
        elif sent:
            return Intention(Command.WRITE_NOTE, view.incident.id, text=text or "")
    return None


def _assigned(view: IncidentView, owner: Actor | None) -> Intention:
    return Intention(Command.ASSIGN_INCIDENT, view.incident.id, owner=owner)


def _notes(newest: tuple[Note, ...], count: int, now: Now) -> Html:
    if not newest:
        return el("span", "")
    lines = [
        el(
            "li",
            el("b", f"{note.author.name}: "),
            el("span", note.text, cls="op-note-text"),
            " ",
            el(
                "span",
                moment(note.at, now.account, now.zone),
                _there(note, now),
                cls="op-quiet-text",
            ),
        )
        for note in reversed(newest)
    ]
    rest = count - len(newest)
    more = el("li", f"{rest} earlier on the timeline", cls="op-quiet-text") if rest else None
    return el("ul", *lines, more, cls="op-list op-notes", aria_label="Notes")


def _there(note: Note, now: Now) -> str:
    """The wall's time on the reader's clock."""
    there = local(note.wall, now.zone)
    return f" · {there}" if there and now.zone != "UTC" else ""
