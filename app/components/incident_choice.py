"""Which incident a page beside it is about: chosen here, kept in the address."""

import streamlit as st

from app import navigation, queries
from app.wiring import Desk

_MOST = 100


def choose_incident(desk: Desk) -> str:
    """The chosen incident's id; empty, with the way on, when there is none.

    Raises:
        NotFound: The address names an incident that does not exist.
    """
    rows = queries.incidents(desk, (), _MOST).rows
    titles = {row.incident.id: row.incident.title for row in rows}
    named = navigation.chosen_incident()
    if named and named not in titles:
        titles[named] = queries.incident(desk, named).incident.title
    if not titles:
        st.write("There is no incident yet. Open one first: everything here grows out of it.")
        st.page_link(navigation.INCIDENTS, label="Incidents", icon=":material/arrow_back:")
        return ""
    ids = list(titles)
    chosen = st.selectbox(
        "Incident",
        ids,
        index=ids.index(named) if named else 0,
        # A method of a dict and no lambda: the session's state has to be serialisable.
        format_func={one: f"{one}  {title}" for one, title in titles.items()}.__getitem__,
        key="chosen-incident",
    )
    if chosen != named:
        navigation.choose_incident(chosen)
    navigation.to_incident(chosen)
    return chosen
