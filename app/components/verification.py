"""Whether it worked: the original signal before, during and after, against the fixed criterion."""

from datetime import datetime, timedelta

import streamlit as st

from app import queries
from app.charts import Phases, verification_chart
from app.components import badges
from app.components.figures import colours, draw
from app.formatting import Now, span
from app.guard import guarded, sentence
from app.markup import Html, el, show
from app.wiring import Desk
from opspilot.domain.plan import Criterion, Measurement, Plan, Verification, VerificationOutcome
from opspilot.domain.signals import signal_of_query
from opspilot.domain.views import IncidentView
from opspilot.domain.window import Window
from opspilot.domain.wording import plural

_LEAD = timedelta(minutes=15)


def verified_plan(view: IncidentView) -> Plan | None:
    """The newest plan that was executed and observed."""
    return next((plan for plan in reversed(view.plans) if plan.verification), None)


def measured(view: IncidentView, now: Now) -> str:
    """The newest measurements in a sentence each, and the time left; empty without any."""
    plan = verified_plan(view)
    if plan is None or plan.verification is None:
        return ""
    told = [sentence(one.sentence) for one in plan.verification.measurements]
    return " ".join([*told, _left(plan.verification, now)]).strip()


def verification_tab(view: IncidentView, desk: Desk) -> None:
    """For each criterion: the chart, the sentence with its numbers, and the time left."""
    plan = verified_plan(view)
    if plan is None or plan.verification is None:
        st.caption(
            "Nothing was executed yet. After a change the original signal is measured here "
            "against the criterion of the approved plan."
        )
        return
    for criterion in plan.criteria:
        with st.container(border=True, key=f"criterion-{criterion.id}"):
            show(_told(criterion, plan.verification, desk.now))
            with guarded("reading the original signal", "The measurements on record stay."):
                _chart(criterion, plan, plan.verification, view, desk)


def _told(criterion: Criterion, verification: Verification, now: Now) -> Html:
    measured = next(
        (one for one in verification.measurements if one.criterion_id == criterion.id), None
    )
    outcome = verification.outcome
    badge = badges.outcome(outcome) if outcome else badges.badge("observing", "action", badges.DOT)
    held = held_so_far(criterion, measured)
    return el(
        "div",
        el("p", badge, " ", _sentence(measured), cls="op-verdict"),
        el("p", el("b", "Criterion: "), sentence(criterion.text)),
        el("p", f"{held} {_left(verification, now)}", cls="op-quiet-text op-num"),
    )


def _sentence(measured: Measurement | None) -> str:
    return sentence(measured.sentence) if measured else "No measurement yet."


def held_so_far(criterion: Criterion, measured: Measurement | None) -> str:
    """How many periods in a row held; a share only while there are too few."""
    held = measured.periods_held if measured else 0
    needed = criterion.hold_periods
    if held > needed:
        return f"{plural(held, 'period')} held, {needed} needed."
    return f"{held} of {plural(needed, 'period')} held."


def _left(verification: Verification, now: Now) -> str:
    if verification.outcome is not None or now.account is None:
        return ""
    left = verification.deadline_at - now.account
    if left <= timedelta():
        return "The observation is over; late datapoints are waited for."
    return f"{span(left)} left to observe."


def _chart(
    criterion: Criterion, plan: Plan, verification: Verification, view: IncidentView, desk: Desk
) -> None:
    phases = _phases(plan, verification, view, desk.now.account)
    asked = [criterion.numerator, *([criterion.denominator] if criterion.denominator else [])]
    answered = queries.series(asked, Window(start=phases.start, end=phases.until))
    signal = signal_of_query(criterion.numerator)
    figure = verification_chart(
        criterion,
        answered[0],
        answered[1] if len(answered) > 1 else None,
        phases=phases,
        unit=signal.unit if signal else "",
        palette=colours(desk),
    )
    draw(figure, f"proof-{criterion.id}", f"Before, during and after: {criterion.text}")


def _phases(
    plan: Plan, verification: Verification, view: IncidentView, account: datetime | None
) -> Phases:
    applied = [run.applied_at for run in plan.runs if run.applied_at and not run.undo]
    since = _since(view)
    done = verification.ended_at or account or verification.deadline_at
    recovered = verification.outcome is VerificationOutcome.RECOVERED
    return Phases(
        start=(since - _LEAD).replace(second=0, microsecond=0),
        since=since,
        applied=min(applied, default=verification.started_at),
        observed_from=verification.started_at,
        until=max(done, verification.started_at + timedelta(minutes=1)),
        planned_until=done if recovered else verification.deadline_at,
    )


def _since(view: IncidentView) -> datetime:
    verdict = view.investigation.verdict if view.investigation else None
    known = [
        at
        for at in (
            verdict.first_failure.at if verdict and verdict.first_failure else None,
            verdict.cause.onset if verdict and verdict.cause else None,
        )
        if at
    ]
    return min(known, default=view.incident.window.start)
