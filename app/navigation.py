"""The pages of the workbench, in the order of the navigation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from app import state
from app.explored import FIXED, LENGTHS, RANGE, Choice, baseline_key, window_text, written
from app.labels import label as plain_label
from opspilot.domain.incident import Incident, as_stored
from opspilot.domain.signals import signal_of_query

_PAGES = Path(__file__).resolve().parent.parent / "pages"

INCIDENTS = str(_PAGES / "incidents.py")
INCIDENT = str(_PAGES / "incident.py")
PLANS = str(_PAGES / "plans.py")
CHAT = str(_PAGES / "chat.py")
INVESTIGATE = str(_PAGES / "investigate.py")
_INVESTIGATE_PATH = "investigate"
FUNCTIONS = str(_PAGES / "functions.py")
REVIEW = str(_PAGES / "review.py")
CAPSULE = str(_PAGES / "capsule.py")
AUDIT = str(_PAGES / "audit.py")
WALKTHROUGH = str(_PAGES / "walkthrough.py")
CONNECTIONS = str(_PAGES / "connections.py")

_ID = "id"
_CONVERSATION = "c"
NEW_CONVERSATION = "new"
"""What stands in the address while a conversation is to be begun."""


def choose() -> StreamlitPage:
    """Declare the pages and tell which one the address asks for.

    The first is the default: it answers at "/" only, whatever its file is called.
    """
    return st.navigation(
        [
            st.Page(INCIDENTS, title="Incidents", default=True),
            st.Page(INCIDENT, title="Incident", url_path="incident"),
            st.Page(INVESTIGATE, title="Investigate", url_path=_INVESTIGATE_PATH),
            st.Page(PLANS, title="Plans", url_path="plans"),
            st.Page(CHAT, title="Chat", url_path="chat"),
            st.Page(FUNCTIONS, title="Functions", url_path="functions"),
            st.Page(REVIEW, title="Review", url_path="review"),
            # Reached from the review: nobody looks for a capsule before there is one.
            st.Page(CAPSULE, title="Capsule", url_path="capsule", visibility="hidden"),
            st.Page(AUDIT, title="Audit", url_path="audit"),
            st.Page(WALKTHROUGH, title="Walkthrough", url_path="walkthrough"),
            st.Page(CONNECTIONS, title="Connections", url_path="connections"),
        ],
        position="top",
    )


def explores(page: StreamlitPage) -> bool:
    """Whether this is the investigate page."""
    return page.url_path == _INVESTIGATE_PATH


def chosen_incident() -> str:
    """The incident that the address names, or else the one last looked at; may be empty."""
    named = st.query_params.get(_ID)
    if named:
        return as_stored(named)
    last = state.current().incident_id
    if last:
        st.query_params[_ID] = last
    return last


def choose_incident(incident_id: str) -> None:
    """Name an incident in the address."""
    st.query_params[_ID] = incident_id
    remember_incident(incident_id)


def to_incident(incident_id: str) -> None:
    """A link back to the page of an incident."""
    st.page_link(
        INCIDENT,
        label=f"Open {incident_id}",
        icon=":material/arrow_back:",
        query_params={_ID: incident_id},
    )


def remember_incident(incident_id: str) -> None:
    """Keep the incident for when the page is opened by the navigation."""
    if state.current().incident_id != incident_id:
        state.remember(incident_id=incident_id)


def incident_link(incident_id: str, width: int, label: str = "") -> None:
    """A link to the page of an incident, named by its id unless a label is given."""
    st.page_link(INCIDENT, label=label or incident_id, query_params={_ID: incident_id}, width=width)


def inbox_link(count: int) -> None:
    """A link to the inbox, with how much of it waits for whoever looks."""
    st.page_link(INCIDENTS, label=f"Inbox {count}" if count else "Inbox", width="content")


def open_incident(incident_id: str) -> NoReturn:
    """Go to the page of an incident."""
    st.switch_page(INCIDENT, query_params={_ID: incident_id})


def chosen_conversation() -> str:
    """What the address names: a conversation's id, `NEW_CONVERSATION`, or nothing."""
    return st.query_params.get(_CONVERSATION, "")


def choose_conversation(conversation_id: str) -> None:
    """Name a conversation in the address."""
    st.query_params[_CONVERSATION] = conversation_id


def to_capsule() -> None:
    """A link to where a capsule is opened."""
    st.page_link(CAPSULE, label="Open a capsule", icon=":material/package_2:")


def to_chat(incident_id: str, label: str, conversation_id: str = "") -> None:
    """A link to the chat beside an incident."""
    named = {_CONVERSATION: conversation_id} if conversation_id else {}
    st.page_link(CHAT, label=label, query_params={_ID: incident_id, **named})


def to_investigate(incident: Incident) -> None:
    """A link to the investigate page, set to an incident's resource, window and baseline."""
    st.page_link(
        INVESTIGATE,
        label="Explore in Investigate",
        icon=":material/query_stats:",
        query_params={_ID: incident.id, **written(look_at(incident))},
    )


def look_at(incident: Incident) -> Choice:
    """What the investigate page shows of an incident.

    A baseline that another incident spoilt lies further back, and goes along as it is.
    """
    metric = signal_of_query(incident.symptom.query) if incident.symptom.query else None
    before = incident.window.before(incident.baseline.length)
    usual = incident.baseline == before and before.length in LENGTHS
    return Choice(
        resources=(incident.resource.arn,),
        metrics=(metric.name,) if metric else (),
        window=RANGE,
        start=incident.window.start,
        end=incident.window.end,
        baseline=baseline_key(incident.baseline.length) if usual else FIXED,
        against="" if usual else window_text(incident.baseline),
    )


def to_plan(incident_id: str, plan_id: str) -> None:
    """A link to a plan on its incident's page."""
    st.page_link(INCIDENT, label=f"Open {plan_id}", query_params={_ID: incident_id, "tab": "Plan"})


def evidence_links(incident_id: str, ids: Sequence[str], findings: Mapping[str, str]) -> None:
    """A row of ledger ids, each a link to its entry on the incident's page."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption("Evidence", width="content")
        for one in ids:
            st.page_link(
                INCIDENT,
                label=one,
                query_params={_ID: incident_id, "tab": "Evidence", "evidence": one},
                help=plain_label(findings.get(one, "")) or None,
                width="content",
            )
