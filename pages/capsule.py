"""A capsule, read-only: the record of an incident from a file, whoever's account it was."""

import streamlit as st

from app import queries
from app.components.capsule import chosen_file, record, replayed, strip
from app.guard import guarded
from app.wiring import desk

front = desk()
st.title("Capsule", anchor=False)
content = chosen_file()
if content is None:
    st.stop()

with guarded("opening the capsule", kept="Nothing of it was taken in."):
    capsule, view = queries.capsule(content)
    strip(capsule)
    replayed(content)
    record(capsule, view, front)
