"""The walkthrough's parts: the faults, how far one is, hints one by one, the account's pace."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app import navigation, queries, stages
from app.components.badges import DOT, badge
from app.components.incident_header import stage_rail
from app.formatting import moment
from app.guard import attempt, guarded, sentence
from app.markup import el, show
from app.wiring import Desk, desk
from opspilot.domain.incident import Incident, IncidentStatus

if TYPE_CHECKING:
    from opspilot.bootstrap import FaultInfo, Faults

_SHOWN = "walkthrough-hints"
_EVERY_SECONDS = 3
_NOT_CLOSED = tuple(one for one in IncidentStatus if one is not IncidentStatus.CLOSED)
SLOWEST, FASTEST = 1, 30


def only_embedded(desk: Desk) -> None:
    """Why there is nothing to break here."""
    account = desk.bench.account
    if account.embedded:
        st.write("The embedded account does not answer; it is what the walkthrough breaks.")
        st.code("opspilot demo", language=None)
        return
    st.write(
        "Faults are injected into OpsPilot's own embedded account only, and this is another one. "
        "Start the embedded account beside it, with a state folder of its own:"
    )
    st.code("OPSPILOT_STATE_DIR=/tmp/opspilot-demo opspilot demo --port 8601", language=None)


def faults_to_choose(
    desk: Desk, faults: "Faults", known: Sequence["FaultInfo"], place: str
) -> None:
    """The faults side by side, each with its button; and the way back to health."""
    for column, fault in zip(st.columns(len(known), gap="small"), known, strict=True):
        with column, st.container(border=True, height="stretch", key=f"fault-{fault.name}"):
            show(
                el("h2", fault.title),
                badge("under way", "breach", DOT) if fault.active else badge("not active", "quiet"),
            )
            if fault.injected_at:
                show(el("p", "since ", moment(fault.injected_at, desk.now.account, desk.now.zone)))
            with st.expander("Tell me what it does"):
                st.text(fault.description)
            pressed = st.button(
                "Break it" if not fault.active else "Under way",
                key=f"break-{fault.name}",
                type="primary" if not any(one.active for one in known) else "secondary",
                disabled=fault.active,
            )
            if pressed:
                said = f"{fault.title}: under way. Its alarm follows in a few account minutes."
                inject = partial(faults.inject, fault.name, actor=desk.actor)
                attempt(place, "injecting a fault", inject, said)
                st.rerun()
    if any(one.active for one in known):
        _take_back(desk, faults, place)


def _take_back(desk: Desk, faults: "Faults", place: str) -> None:
    with st.popover("Take all faults back"):
        st.text("The seeded configuration is restored; incidents stay on record.")
        if st.button("Take them back", key="walkthrough-reset", type="primary"):
            said = "All faults are taken back; the signals recover in a few account minutes."
            reset = partial(faults.reset, actor=desk.actor)
            attempt(place, "taking the faults back", reset, said)
            st.rerun()


@st.fragment(run_every=_EVERY_SECONDS)
def progress() -> None:
    """The newest incident that is not closed, and its next step; read every few seconds."""
    front = desk()
    with guarded("reading the incidents"):
        rows = queries.incidents(front, _NOT_CLOSED, 1).rows
        if not rows:
            show(
                el("h2", "The incident"),
                el("p", "There is none. After a fault its alarm opens one by itself."),
            )
            return
        _standing(rows[0].incident, front)


def _standing(incident: Incident, front: Desk) -> None:
    view = queries.incident(front, incident.id)
    step = stages.next_step(view, front.actor)
    show(el("h2", f"{incident.id}: {incident.title}"), stage_rail(stages.rail(view)))
    show(el("p", _what_next(step)))
    navigation.to_incident(incident.id)


def _what_next(step: stages.NextStep) -> str:
    if step.running:
        return sentence(step.refusal)
    if step.command is None:
        return "Nothing is left to do."
    refused = f": {step.refusal}" if step.refusal else ""
    return sentence(f"The next step is: {step.label}{refused}")


def hints(active: Sequence["FaultInfo"]) -> None:
    """For each active fault its hints, one more at each press; the last one tells the cause."""
    for fault in active:
        with st.container(border=True, key=f"hints-{fault.name}"):
            key = f"{_SHOWN}-{fault.name}"
            shown = min(int(st.session_state.get(key, 0)), len(fault.hints))
            show(el("h2", f"Hints: {fault.title}"))
            for number, hint in enumerate(fault.hints[:shown], 1):
                show(el("p", el("b", f"{number}. "), hint))
            left = len(fault.hints) - shown
            if not left:
                continue
            label = "Tell me the cause" if left == 1 else f"Next hint ({left} left)"
            if st.button(label, key=f"hint-{fault.name}"):
                st.session_state[key] = shown + 1
                st.rerun()


def clock_speed(desk: Desk, faults: "Faults", place: str) -> None:
    """How fast the account's time runs; a change is sent once, taken or refused."""
    now = queries.account(desk).speed
    key = f"pace-{now:g}"
    st.slider(
        "Speed of the account's clock, times real time",
        SLOWEST,
        FASTEST,
        int(min(max(now, SLOWEST), FASTEST)),
        key=key,
        help="Telemetry, alarms and observation run on the account's clock; approvals do not.",
        on_change=_set_pace,
        args=(desk, faults, place, key),
    )


def _set_pace(desk: Desk, faults: "Faults", place: str, key: str) -> None:
    chosen = float(st.session_state[key])
    said = f"The account's clock runs {chosen:g} times as fast as the wall's."
    attempt(place, "setting the clock", partial(faults.pace, chosen, actor=desk.actor), said)
    queries.forget_account()
