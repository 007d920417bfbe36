"""What the screens read; answers of AWS are kept for a few seconds, the store is always asked."""

import logging
from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app.wiring import Desk, workbench
from opspilot.bootstrap.capsule import history_beside, open_capsule
from opspilot.domain.account import Account
from opspilot.domain.capsule import Capsule, Replay
from opspilot.domain.inbox import Inbox
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.plan import PlanStatus
from opspilot.domain.resource import Resource
from opspilot.domain.telemetry import MetricQuery, MetricSeries
from opspilot.domain.trial import FunctionHealth
from opspilot.domain.views import IncidentPage, IncidentView, PlanPage
from opspilot.domain.window import Window
from opspilot.engine.capsule import replay
from opspilot.engine.doctor import DoctorReport
from opspilot.engine.history import History
from opspilot.errors import NotFound, OpsPilotError

logger = logging.getLogger(__name__)

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


def known_incident(desk: Desk, incident_id: str) -> IncidentView | None:
    """Everything on one incident; None where there is no such incident."""
    try:
        return incident(desk, incident_id)
    except NotFound:
        return None


def incidents(
    desk: Desk, statuses: Sequence[IncidentStatus], limit: int = PAGE_ROWS
) -> IncidentPage:
    """The newest incidents of these statuses; none named: of all."""
    return desk.bench.queries.incidents(statuses=tuple(statuses), limit=limit)


def counts(desk: Desk) -> dict[IncidentStatus, int]:
    """How many incidents stand where."""
    return desk.bench.queries.counts()


def inbox(desk: Desk) -> Inbox:
    """What waits for whom, this person's own first."""
    return desk.bench.queries.inbox(desk.actor)


def plans(desk: Desk, statuses: Sequence[PlanStatus], limit: int) -> PlanPage:
    """The newest plans of these statuses; none named: of all."""
    return desk.bench.queries.plans(tuple(statuses), limit=limit)


def resources() -> tuple[Resource, ...]:
    """What an incident can be opened on, as listed a moment ago.

    Nothing when the account does not answer or may not be listed: a name can still be typed, and
    opening the incident then says what is wrong.
    """
    try:
        return tuple(Resource(arn=arn) for arn in _arns())
    except OpsPilotError as error:
        logger.info("resources=<unknown> | not listed: %s", error.message)
        return ()


def listed_resources() -> tuple[Resource, ...]:
    """The same, as said a moment ago.

    Raises:
        AwsError: The account did not answer, or may not be listed.
    """
    return tuple(Resource(arn=arn) for arn in _arns())


def resolved(name_or_arn: str) -> Resource:
    """The resource that a person means.

    Raises:
        UnknownResource: There is none.
        AwsError: The account could not be asked.
    """
    return Resource(arn=_resolved(name_or_arn))


def active_on(desk: Desk, resource: Resource) -> Incident | None:
    """The active incident of a resource, which a new report would join."""
    return desk.bench.intake.active_on(resource)


def series(queries: Sequence[MetricQuery], window: Window) -> list[MetricSeries]:
    """Live data of AWS, at most a few seconds old.

    Raises:
        AwsError: AWS did not answer.
    """
    asked = tuple(query.model_dump_json() for query in queries)
    return _series(asked, window.model_dump_json())


def function_health(function: Resource) -> FunctionHealth:
    """How a function does, as asked a moment ago.

    Raises:
        AwsError: Its configuration could not be read.
    """
    return FunctionHealth.model_validate_json(_health(function.arn))


def doctor() -> tuple[DoctorReport, datetime]:
    """Which sources answer, as asked within the last minute, and the wall time of asking."""
    return _doctor()


def capsule(content: bytes) -> tuple[Capsule, IncidentView]:
    """What a capsule holds, and the page's view of its incident.

    Raises:
        CapsuleRefused: The file is none, or is damaged, too large or newer than this OpsPilot.
    """
    return _capsule(content)


def capsule_history(desk: Desk, capsule: Capsule) -> History:
    """What this workbench learnt, to hold the incident of a capsule against."""
    return history_beside(capsule, desk.bench.store.fingerprints())


def capsule_replay(content: bytes) -> Replay:
    """The verdict of a capsule, drawn again.

    Raises:
        InputError: It holds no verdict.
    """
    return _capsule_replay(content)


def ask_doctor_again() -> None:
    """Forget what the sources answered."""
    _doctor.clear()


def forget_account() -> None:
    """Ask the account anew at the next look."""
    _account.clear()


@st.cache_data(ttl=8, max_entries=4, show_spinner=False, refresh_mode="background")
def _account(opened: str) -> Account:  # noqa: ARG001 - a reopened workbench is asked anew
    return workbench().refresh_account()


@st.cache_data(ttl=30, max_entries=1, show_spinner=False)
def _arns() -> tuple[str, ...]:
    return tuple(one.arn for one in workbench().intake.resources())


@st.cache_data(ttl=10, max_entries=32, show_spinner=False)
def _health(arn: str) -> str:
    return workbench().functions.health(Resource(arn=arn)).model_dump_json()


@st.cache_data(ttl=60, max_entries=1, show_spinner=False)
def _doctor() -> tuple[DoctorReport, datetime]:
    bench = workbench()
    return bench.doctor(), bench.clock.now()


@st.cache_data(ttl=600, max_entries=4, show_spinner=False)
def _capsule(content: bytes) -> tuple[Capsule, IncidentView]:
    return open_capsule(content)


@st.cache_data(ttl=600, max_entries=4, show_spinner=False)
def _capsule_replay(content: bytes) -> Replay:
    return replay(_capsule(content)[0])


@st.cache_data(ttl=4, max_entries=64, show_spinner=False)
def _series(queries: tuple[str, ...], window: str) -> list[MetricSeries]:
    asked = [MetricQuery.model_validate_json(query) for query in queries]
    return workbench().queries.series(asked, Window.model_validate_json(window))


@st.cache_data(ttl=30, max_entries=64, show_spinner=False)
def _resolved(name_or_arn: str) -> str:
    return workbench().explorer.resolve(name_or_arn).arn
