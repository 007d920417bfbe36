"""The incidents: how many stand where, and a row for each with its next step in words."""

from collections.abc import Sequence

import streamlit as st

from app import tables
from app.components import badges
from app.formatting import Now, age, moment, span, words
from app.markup import Html, el, show
from app.navigation import incident_link
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.views import IncidentRow

STATUS_KEY = "status"
"""Name in the address of the status filter."""

_ID_WIDTH = 90
_ENDED = (IncidentStatus.RESOLVED, IncidentStatus.CLOSED)
_FOR_A_PERSON = (
    IncidentStatus.OPEN,
    IncidentStatus.DIAGNOSED,
    IncidentStatus.AWAITING_APPROVAL,
    IncidentStatus.FAILED,
)
_COLUMNS = ("Title and resource", "Status and what it waits for", "Age", "Verdict", "Symptom")


def counts_line(counts: dict[IncidentStatus, int]) -> None:
    """How many are under way, how many wait for a person, and the count of every status."""
    active = sum(count for status, count in counts.items() if status not in _ENDED)
    waiting = sum(counts.get(status, 0) for status in _FOR_A_PERSON)
    each = [
        el("span", el("b", str(count), cls="op-num"), f" {words(status)}")
        for status in IncidentStatus
        if (count := counts.get(status, 0))
    ]
    show(
        el(
            "div",
            _tile(str(active), "active"),
            _tile(str(waiting), "waiting for a person"),
            el("div", *each, cls="op-counts"),
            cls="op-tiles",
        )
    )


def incident_rows(rows: Sequence[IncidentRow], now: Now) -> None:
    """A row each, with a link to the incident's page."""
    head = [el("span", name) for name in _COLUMNS]
    with st.container(key="incident-head", horizontal=True, wrap=False, gap="small"):
        st.html(el("span", "Incident", cls="op-row-head"), width=_ID_WIDTH)
        show(el("div", *head, cls="op-row op-row-head"))
    for row in rows:
        _row(row, now)


def empty_list(*, filtered: bool, embedded: bool) -> None:
    """What to do when there is nothing to see."""
    if filtered:
        show(el("p", "No incident has one of these statuses. Clear the filter to see all."))
    elif embedded:
        show(el("p", "No incidents. Inject a fault to see one; its alarm opens the incident."))
    else:
        show(el("p", "No incidents. An alarm opens one by itself, or open one by hand below."))


def incident_table(rows: Sequence[IncidentRow], now: Now) -> None:
    """The same rows to sort, search and download."""
    tables.table(
        [
            {
                "incident": row.incident.id,
                "severity": row.incident.severity.value,
                "title": row.incident.title,
                "status": words(row.incident.status),
                "waits for": row.incident.waits_for,
                "resource": row.incident.resource.name,
                "opened (UTC)": f"{row.incident.opened_at:%Y-%m-%d %H:%M:%S}",
                "age": _age(row.incident, now),
                "verdict": row.verdict,
            }
            for row in rows
        ],
        key="incident-table",
    )


def _row(row: IncidentRow, now: Now) -> None:
    with st.container(key=f"row-{row.incident.id}", horizontal=True, wrap=False, gap="small"):
        incident_link(row.incident.id, width=_ID_WIDTH)
        show(_cells(row, now))


def _cells(row: IncidentRow, now: Now) -> Html:
    incident = row.incident
    opened = moment(incident.opened_at, now.account, now.zone, brief=True)
    waits = f"waits for {incident.waits_for}" if incident.waits_for else "moves by itself"
    ended = incident.status in _ENDED
    return el(
        "div",
        el(
            "div",
            el("div", badges.severity(incident.severity), " ", el("b", incident.title)),
            el("div", incident.resource.name, cls="op-quiet-text"),
        ),
        el(
            "div",
            badges.status(incident.status),
            el("div", incident.outcome or "" if ended else waits, cls="op-quiet-text"),
        ),
        el(
            "div",
            el("div", _age(incident, now), cls="op-num"),
            el("div", opened, cls="op-quiet-text"),
        ),
        el("div", row.verdict or "no verdict yet", cls="" if row.verdict else "op-quiet-text"),
        badges.sparkline(
            row.symptom, f"{incident.symptom.summary or 'the symptom'}, to its newest value"
        ),
        cls="op-row",
    )


def _age(incident: Incident, now: Now) -> str:
    if incident.resolved_at:
        return f"took {span(incident.resolved_at - incident.opened_at)}"
    return age(incident.opened_at, now.account).removesuffix(" ago")


def _tile(value: str, name: str) -> Html:
    return el("div", el("b", value, cls="op-num"), el("span", name), cls="op-tile")
