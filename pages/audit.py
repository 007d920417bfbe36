"""The audit trail: every entry of every incident, filtered, verified and handed out."""

import streamlit as st

from app.components.trail import export_buttons, filters, found_table, verify_button
from app.guard import guarded, show_notices
from app.wiring import desk

PLACE = "audit-page"

front = desk()
st.title("Audit trail", anchor=False)
st.text(
    "Every command, change and measurement, in chains in which each entry carries the hash of the "
    "one before it. Signed checkpoints outside the store cover the chains."
)
with guarded("verifying the audit trail"):
    verify_button(front, PLACE)
show_notices(PLACE)
with guarded("reading the audit trail", "Verify the trail: it names the first damage."):
    wanted = filters(front)
    found_table(front.bench.audit.browse(wanted))
    export_buttons(front, wanted.chain)
