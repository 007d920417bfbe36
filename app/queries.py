"""What the screens read; answers of AWS are kept for a few seconds, the store is always asked."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app.wiring import Desk, workbench
from opspilot.domain.account import Account
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.telemetry import MetricQuery, MetricSeries
from opspilot.domain.views import IncidentPage, IncidentView
from opspilot.domain.window import Window
from opspilot.engine.doctor import DoctorReport

PAGE_ROWS = 50


def account(desk: Desk) -> Account:
    """The account as it answered a few seconds ago.

    A real account that answered once is not asked again: its own calls will tell.
    """
    opened = desk.bench.account
    if not (opened.embedded or opened.problem):
        return opened
    return _account(opened.model_dump_json())


def incident(desk: Desk, incident_id: str) -> IncidentView:
    """Everything on one incident.

    Raises:
        NotFound: There is no such incident.
    """
    return desk.bench.queries.incident(incident_id, desk.actor)


def incidents(
    desk: Desk, statuses: Sequence[IncidentStatus], limit: int = PAGE_ROWS
) -> IncidentPage:
    """The newest incidents of these statuses; none named: of all."""
    return desk.bench.queries.incidents(statuses=tuple(statuses), limit=limit)


def counts(desk: Desk) -> dict[IncidentStatus, int]:
    """How many incidents stand where."""
    return desk.bench.queries.counts()


def series(queries: Sequence[MetricQuery], window: Window) -> list[MetricSeries]:
    """Live data of AWS, at most a few seconds old.

    Raises:
        AwsError: AWS did not answer.
    """
    asked = tuple(query.model_dump_json() for query in queries)
    return _series(asked, window.model_dump_json())


def doctor() -> tuple[DoctorReport, datetime]:
    """Which sources answer, as asked within the last minute, and the wall time of asking."""
    return _doctor()


def ask_doctor_again() -> None:
    """Forget what the sources answered."""
    _doctor.clear()


def forget_account() -> None:
    """Ask the account anew at the next look."""
    _account.clear()


@st.cache_data(ttl=8, max_entries=4, show_spinner=False, refresh_mode="background")
def _account(opened: str) -> Account:  # noqa: ARG001 - a reopened workbench is asked anew
    return workbench().refresh_account()


@st.cache_data(ttl=60, max_entries=1, show_spinner=False)
def _doctor() -> tuple[DoctorReport, datetime]:
    bench = workbench()
    return bench.doctor(), bench.clock.now()


@st.cache_data(ttl=4, max_entries=64, show_spinner=False)
def _series(queries: tuple[str, ...], window: str) -> list[MetricSeries]:
    asked = [MetricQuery.model_validate_json(query) for query in queries]
    return workbench().queries.series(asked, Window.model_validate_json(window))
