"""Investigate: any metric and log of the account, over any window, raw and with what stands out."""

import streamlit as st

from app.components.explore_charts import charts
from app.components.explore_controls import controls
from app.guard import guarded, show_notices
from app.wiring import desk

PLACE = "investigate"

front = desk()
st.title("Investigate", anchor=False)
show_notices(PLACE)
with guarded("reading the account"):
    look = controls(front)
    if look is None:
        st.stop()
    with guarded("reading the metrics"):
        marked = charts(look, front)
