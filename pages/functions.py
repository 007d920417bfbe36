"""Functions: how a Lambda function does, and trying it with events."""

import streamlit as st

from app.components.functions import choose_function, health, results, test_form, tried
from app.guard import guarded, show_notices
from app.wiring import desk

PLACE = "functions"

front = desk()
st.title("Functions", anchor=False)
with guarded("reading the functions"):
    function = choose_function()
    if function is None:
        st.stop()
    health(function)
    wanted = test_form(function, front)
    if wanted is not None:
        tried(function, wanted, front, PLACE)
    show_notices(PLACE)
    results()
