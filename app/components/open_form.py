"""The form by which a person opens an incident."""

from dataclasses import dataclass
from datetime import timedelta

import streamlit as st

from app.formatting import Now
from opspilot.domain.window import Window

SHORTEST, LONGEST, USUAL = 5, 24 * 60, 30


@dataclass(frozen=True)
class Wanted:
    """What the person filled in.

    Attributes:
        window: None when the account's clock cannot be read: the engine then chooses.
    """

    resource: str
    title: str
    window: Window | None


def open_form(now: Now, refusal: str) -> Wanted | None:
    """The form; what was filled in once it is sent and complete."""
    with st.form("open-incident", border=False):
        resource = st.text_input(
            "Resource", placeholder="name or ARN, for example checkout", max_chars=300
        )
        title = st.text_input("Title (may be left out)", max_chars=200)
        minutes = st.number_input(
            "Minutes under suspicion, up to now", value=USUAL, step=5, min_value=1
        )
        sent = st.form_submit_button(
            "Open incident", type="primary", disabled=bool(refusal), help=refusal or None
        )
    if refusal:
        st.caption(refusal)
    if not sent:
        return None
    problem = _problem(resource or "", int(minutes))
    if problem:
        st.error(problem)
        return None
    return Wanted((resource or "").strip(), (title or "").strip(), _window(now, int(minutes)))


def _problem(resource: str, minutes: int) -> str:
    if not resource.strip():
        return "Name the resource: a Lambda function, table, queue or REST API."
    if not SHORTEST <= minutes <= LONGEST:
        return f"The window must last {SHORTEST} to {LONGEST} minutes; {minutes} were given."
    return ""


def _window(now: Now, minutes: int) -> Window | None:
    if now.account is None:
        return None
    return Window(start=now.account - timedelta(minutes=minutes), end=now.account)
