"""Keeps the head of an incident's page up to date while the incident moves."""

from collections.abc import Callable

import streamlit as st

from app import queries
from app.guard import guarded
from app.intentions import Intention, carry_out
from app.stages import content_key, poll_seconds
from app.wiring import Desk, desk
from opspilot.domain.views import IncidentView

Draw = Callable[[IncidentView, Desk], Intention | None]


def follow(view: IncidentView, draw: Draw) -> None:
    """Draw the view, and draw it anew at intervals until the incident rests.

    Only this part runs at every tick; the whole page runs again when there is something new to see,
    or when a command was given.

    Args:
        view: As just read; the first drawing uses it.
        draw: Returns what the person pressed.
    """
    fresh, shown = [view], content_key(view)

    def tick() -> None:
        front = desk()
        with guarded("reading the incident"):
            current = fresh.pop() if fresh else queries.incident(front, view.incident.id)
            wanted = draw(current, front)
            if wanted:
                carry_out(wanted, front)
            if wanted or content_key(current) != shown:
                st.rerun()

    st.fragment(tick, run_every=poll_seconds(view))()
