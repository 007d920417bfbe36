"""A walkthrough: break the embedded account, find out what happened, mend it, check the record."""

import streamlit as st

from app.components.walkthrough import clock_speed, faults_to_choose, hints, only_embedded, progress
from app.guard import guarded, show_notices
from app.wiring import desk

PLACE = "walkthrough"

front = desk()
st.title("Walkthrough", anchor=False)
faults = front.bench.faults
if faults is None:
    only_embedded(front)
    st.stop()

st.text(
    "This account is OpsPilot's own, with a live workload. Break it, let the alarm open an "
    "incident, and carry it to recovered. Nothing here can reach a real account."
)
show_notices(PLACE)
with guarded("reading the faults"):
    known = faults.list()
    faults_to_choose(front, faults, known, PLACE)
    progress()
    hints([one for one in known if one.active])
    clock_speed(front, faults, PLACE)
