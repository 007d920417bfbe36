"""The tabs of an incident's page; only the open one is drawn, and the address names it."""

import streamlit as st

from app.components.call_graph import call_graph_tab
from app.components.changes import changes_tab
from app.components.chips import TAB_KEY
from app.components.evidence import evidence_tab
from app.components.history import audit_tab, timeline_tab
from app.components.hypotheses import hypotheses_tab
from app.components.linked import of_current
from app.components.logs import logs_tab
from app.components.plan import plan_tab
from app.components.similar import similar_tab
from app.components.verification import verification_tab
from app.intentions import Intention, open_remembered_tab
from app.wiring import Desk
from opspilot.domain.views import IncidentView

TABS = (
    "Hypotheses",
    "Evidence",
    "Call graph",
    "Changes",
    "Logs diff",
    "Plan",
    "Verification",
    "Similar",
    "Timeline",
    "Audit",
)


def details(view: IncidentView, desk: Desk) -> Intention | None:
    """Draw the open tab; returns what was pressed on it."""
    open_remembered_tab()
    tabs = st.tabs(TABS, key=TAB_KEY, bind="query-params")
    name, tab = next(((name, tab) for name, tab in zip(TABS, tabs, strict=True) if tab.open))
    with tab:
        return _draw(name, view, desk)


def _draw(name: str, view: IncidentView, desk: Desk) -> Intention | None:
    if name == "Hypotheses":
        hypotheses_tab(view)
    elif name == "Evidence":
        evidence_tab(view, desk)
    elif name == "Call graph":
        call_graph_tab(view, desk)
    elif name == "Changes":
        changes_tab(view, desk.now)
    elif name == "Similar":
        similar_tab(view, desk, desk.bench.history)
    elif name == "Logs diff":
        logs_tab(of_current(view))
    elif name == "Plan":
        return plan_tab(view, desk)
    elif name == "Verification":
        verification_tab(view, desk)
    elif name == "Timeline":
        timeline_tab(view, desk.now)
    else:
        audit_tab(view, desk)
    return None
