"""Connections: which account this is, which sources and models answer, and what is missing."""

import streamlit as st

from app import queries
from app.components.connections import account_facts, identity, models, sources, tools
from app.guard import guarded
from app.wiring import desk

front = desk()
st.title("Connections", anchor=False)
with guarded("asking the sources"):
    account_facts(front)
    if st.button("Ask every source again", key="doctor-again"):
        queries.ask_doctor_again()
    report, asked_at = queries.doctor()
    sources(report, asked_at, front)
with guarded("reading the configuration"):
    models(front)
    tools()
    identity(front)
