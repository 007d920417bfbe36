"""Faults of the embedded account: inject one to see an incident, or take all back."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.guard import attempt, guarded
from app.markup import el, show
from app.wiring import Desk

if TYPE_CHECKING:
    from opspilot.bootstrap import FaultInfo


def fault_buttons(desk: Desk, place: str, *, expanded: bool) -> None:
    """A button for each fault; nothing on any other account."""
    faults = desk.bench.faults
    if faults is None:
        return
    with (
        st.expander("Faults of the embedded account", expanded=expanded),
        guarded("reading the faults"),
    ):
        known = faults.list()
        pressed = next((fault for fault in known if _row(fault)), None)
        if pressed:
            said = f"{pressed.title}: under way. Its alarm follows in a few account minutes."
            attempt(
                place,
                "injecting a fault",
                lambda: faults.inject(pressed.name, actor=desk.actor),
                said,
            )
            st.rerun()
        if st.button("Take all faults back", key="reset-faults"):
            said = "All faults are taken back."
            reset = partial(faults.reset, actor=desk.actor)
            attempt(place, "taking the faults back", reset, said)
            st.rerun()


def _row(fault: "FaultInfo") -> bool:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            f"Inject: {fault.title}", key=f"inject-{fault.name}", disabled=fault.active
        )
        state = "Under way. " if fault.active else ""
        show(el("p", state, fault.description, cls="op-quiet-text"))
    return pressed
