"""One incident: its verdict, its charts, its plan and its record, and the next step to take."""

import streamlit as st

from app import navigation, queries
from app.components.details import details
from app.components.linked import linked_charts
from app.components.overview import overview
from app.guard import guarded
from app.intentions import carry_out
from app.live import follow
from app.wiring import desk

front = desk()
incident_id = navigation.chosen_incident()
head = st.container(horizontal=True)
head.page_link(navigation.INCIDENTS, label="All incidents", icon=":material/arrow_back:")

if not incident_id:
    st.title("No incident is chosen", anchor=False)
    st.write("Open one from the list of incidents.")
    st.stop()

with guarded("reading the incident"):
    view = queries.known_incident(front, incident_id)
    if view is None:
        st.title("There is no such incident", anchor=False)
        st.text(f"{incident_id} is not on record. Check its number, or open one from the list.")
        st.stop()
    with head:
        navigation.to_chat(incident_id, "Ask about this")
    navigation.remember_incident(incident_id)
    follow(view, overview)
    # Once there is a plan the question is what to do and whether it worked: the tabs come first.
    if not view.plans:
        linked_charts(view, front)
    wanted = details(view, front)
    if view.plans:
        linked_charts(view, front)
    if wanted:
        carry_out(wanted, front)
        st.rerun()
