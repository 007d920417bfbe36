"""Which incident a page beside it is about: chosen here, kept in the address."""

import streamlit as st

from app import navigation, queries
from app.guard import notice_of, show_notice
from app.wiring import Desk
from opspilot.errors import NotFound

_MOST = 100


def choose_incident(desk: Desk) -> str:
    """The chosen incident's id; empty, with the way on, when there is none."""
    rows = queries.incidents(desk, (), _MOST).rows
    titles = {row.incident.id: row.incident.title for row in rows}
    named = navigation.chosen_incident()
    if named and named not in titles:
        try:
            titles[named] = queries.incident(desk, named).incident.title
        except NotFound as error:
            show_notice(notice_of(error, "Choose another one below."))
    if not titles:
        st.write("There is no incident yet. Open one first: everything here grows out of it.")
        st.page_link(navigation.INCIDENTS, label="Incidents", icon=":material/arrow_back:")
        return ""
    ids = list(titles)
    chosen = st.selectbox(
        "Incident",
        ids,
        # Never another incident than the one that was asked for, unless a person chooses it.
        index=ids.index(named) if named in titles else None if named else 0,
        placeholder="Choose an incident",
        # A method of a dict and no lambda: the session's state has to be serialisable.
        format_func={one: f"{one}  {title}" for one, title in titles.items()}.__getitem__,
        key="chosen-incident",
    )
    if chosen is None:
        return ""
    if chosen != named:
        navigation.choose_incident(chosen)
    navigation.to_incident(chosen)
    return chosen
