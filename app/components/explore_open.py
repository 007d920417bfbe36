"""Open an incident from what the investigate page shows."""

import streamlit as st

from app import queries
from app.components.explore_look import Look
from app.components.open_form import Wanted, active_already
from app.intentions import open_by_hand
from app.navigation import open_incident
from app.wiring import Desk
from opspilot.domain.commands import Command, permits
from opspilot.domain.incident import Severity
from opspilot.domain.signals import signal_of_query
from opspilot.engine.windows import DEFAULT_WINDOW


def open_from(look: Look, desk: Desk, place: str) -> None:
    """A button that opens, or joins, an incident on one of the resources, with this window."""
    by_name = {one.name: one for one in look.resources}
    if not by_name:
        st.caption("An incident needs a resource: choose one above.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = next(iter(by_name))
        if len(by_name) > 1:
            name = st.selectbox("Incident on", list(by_name), key="look-open-on", width=260)
        resource = by_name[name]
        active = queries.active_on(desk, resource)
        allowed = permits(desk.actor, Command.OPEN_INCIDENT)
        pressed = st.button(
            f"Join {active.id} from this view" if active else "Open an incident from this view",
            key="look-open",
            disabled=not allowed,
        )
    if active:
        active_already(active)
    if not allowed:
        st.caption(f"{desk.actor.name} may not open incidents.")
    if pressed:
        _open(look, resource.arn, desk, place)


def _open(look: Look, arn: str, desk: Desk, place: str) -> None:
    signals = [
        signal.name
        for one in look.asked
        if one.resource is not None and one.resource.arn == arn
        if (signal := signal_of_query(one.query))
    ]
    wanted = Wanted(
        resource=arn,
        title="",
        window=look.window,
        baseline=max(look.baseline.length, DEFAULT_WINDOW),
        severity=Severity.HIGH,
        signal=signals[0] if signals else "",
        description="",
    )
    opened = open_by_hand(wanted, desk, place)
    if opened:
        open_incident(opened)
    st.rerun()
