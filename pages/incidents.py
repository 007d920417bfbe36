"""Incidents: what is under way, what waits for a person, and how to open one by hand."""

import streamlit as st

from app import queries
from app.components.faults import fault_buttons
from app.components.inbox import inbox_list
from app.components.incident_list import (
    STATUS_KEY,
    counts_line,
    empty_list,
    incident_rows,
    incident_table,
)
from app.components.open_form import active_already, open_form, resource_field
from app.components.status_filter import status_filter
from app.guard import guarded, show_notices
from app.intentions import open_by_hand
from app.navigation import open_incident
from app.wiring import desk
from opspilot.domain.commands import Command, permits
from opspilot.domain.incident import IncidentStatus

PLACE = "incidents"
EVERY_SECONDS = 3

front = desk()
st.title("Incidents", anchor=False)
show_notices(PLACE)


@st.fragment(run_every=EVERY_SECONDS)
def live_list() -> None:
    """The counts and the rows, read again every few seconds."""
    now = desk()
    with guarded("reading the incidents"):
        counts_line(queries.counts(now))
        inbox_list(queries.inbox(now), now.now)
        statuses = status_filter(IncidentStatus, STATUS_KEY)
        page = queries.incidents(now, statuses)
        if page.rows:
            incident_rows(page.rows, now.now)
        else:
            empty_list(filtered=bool(statuses), embedded=now.bench.account.embedded)


live_list()

with st.expander("Open an incident by hand"):
    allowed = permits(front.actor, Command.OPEN_INCIDENT)
    refusal = "" if allowed else f"{front.actor.name} may not open incidents."
    typed, resource = resource_field(queries.resources())
    active = queries.active_on(front, resource) if resource else None
    if active:
        active_already(active)
    wanted = open_form(typed, resource, front.now, refusal, joins=active is not None)
    if wanted:
        opened = open_by_hand(wanted, front, PLACE)
        if opened:
            open_incident(opened)
        st.rerun()

with guarded("reading the incidents"):
    fault_buttons(front, PLACE, expanded=not queries.counts(front))

with st.expander("As a table, to sort, search and download"), guarded("reading the incidents"):
    incident_table(queries.incidents(front, ()).rows, front.now)
