"""The head of an incident's page: what it is, the next step, and the verdict or the feed."""

import streamlit as st

from app import stages
from app.change_rows import onset_of
from app.components import badges
from app.components.care import care_bar
from app.components.feed import feed
from app.components.incident_header import facts, incident_header, stage_rail
from app.components.linked import marked_changes, of_current
from app.components.next_step import next_step_bar
from app.components.surroundings import trust, what_changed
from app.components.verdict import verdict_boxes
from app.guard import sentence, show_notice, show_notices
from app.intentions import Intention
from app.markup import Html, el, joined, show
from app.state import Notice
from app.wiring import Desk
from opspilot.domain.account import Account
from opspilot.domain.views import IncidentView


def overview(view: IncidentView, desk: Desk) -> Intention | None:
    """Everything above the charts; returns what was pressed."""
    incident = view.incident
    show(
        incident_header(incident, desk.now),
        facts(incident, desk.now),
    )
    cared = care_bar(view, desk)
    show(stage_rail(stages.rail(view)))
    show_notices(incident.id)
    _troubles(view)
    wanted = next_step_bar(view, desk) or cared
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _verdict_or_feed(view, desk)
    with right:
        evidence = of_current(view)
        verdict = view.investigation.verdict if view.investigation else None
        onset = onset_of(incident, verdict)
        over = verdict is not None
        show(what_changed(marked_changes(view), evidence, onset, desk.now, over=over))
        trust(evidence, view.investigation, _account(desk.bench.account), desk.now)
    return wanted


def _account(account: Account) -> Html:
    """Which account was read, and whether it is a real one."""
    kind = "EMBEDDED ACCOUNT" if account.embedded else "AWS ACCOUNT"
    names = " / ".join(part for part in (account.account_id, account.region) if part)
    return joined([badges.badge(kind, "change"), el("span", names, cls="op-num")])


def _verdict_or_feed(view: IncidentView, desk: Desk) -> None:
    """Both stand in one place of one least height, so that nothing jumps."""
    investigation = view.investigation
    if investigation is not None and investigation.verdict is not None:
        verdict_boxes(
            investigation.verdict,
            of_current(view),
            desk.now,
            cut_short=investigation.cut_short,
        )
    else:
        show(feed(view, desk.now))


def _troubles(view: IncidentView) -> None:
    if view.job_error:
        show_notice(
            Notice(
                what=f"The last step failed: {sentence(view.job_error)}",
                kept="What was done before it is kept.",
                todo="It is tried again by itself.",
            )
        )
    if view.incident.last_error:
        show_notice(Notice(what=sentence(view.incident.last_error)))
