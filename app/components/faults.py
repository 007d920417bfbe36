"""Faults of the embedded account: inject one to see an incident, or take all back."""

import streamlit as st

from app.guard import attempt, guarded
from app.markup import el, show
from app.wiring import Desk


def fault_buttons(desk: Desk, place: str) -> None:
    """A button for each fault; nothing on any other account."""
    faults = desk.bench.faults
    if faults is None or desk.bench.account.problem:
        return
    with st.expander("Faults of the embedded account"), guarded("reading the faults"):
        for fault in faults.list():
            with st.container(horizontal=True, vertical_alignment="center"):
                pressed = st.button(
                    f"Inject: {fault.title}", key=f"inject-{fault.name}", disabled=fault.active
                )
                state = "under way: " if fault.active else ""
                show(el("p", state, fault.description, cls="op-quiet-text"))
            if pressed:
                said = f"{fault.title}: under way; its alarm follows in a few account minutes."
                attempt(place, "injecting a fault", lambda: faults.inject(fault.name), said)
                st.rerun()
        if st.button("Take all faults back", key="reset-faults"):
            said = "All faults are taken back."
            attempt(place, "taking the faults back", faults.reset, said)
            st.rerun()
