"""The bar with the one next step, and what else can be done from here."""

import streamlit as st

from app import stages
from app.components import badges
from app.components.reasons import reason_given
from app.components.verification import measured
from app.formatting import Now, real_time, short_digest, stopwatch
from app.guard import sentence
from app.intentions import Intention
from app.markup import Html, el, show
from app.wiring import Desk
from opspilot.domain.commands import Command, permits
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Plan, PlanStatus, VerificationOutcome
from opspilot.domain.views import IncidentView
from opspilot.domain.wording import plural

_OPEN_PLAN = (PlanStatus.PROPOSED, PlanStatus.APPROVED)
_DROPPED = (PlanStatus.REJECTED, PlanStatus.WITHDRAWN, PlanStatus.EXPIRED, PlanStatus.VOID)


def next_step_bar(view: IncidentView, desk: Desk) -> Intention | None:
    """The primary step with its reason, then the others; what was pressed."""
    step = stages.next_step(view, desk.actor)
    with st.container(border=True, key="next-step"):
        left, right = st.columns([3, 2], vertical_alignment="center")
        with (
            left,
            st.container(
                horizontal=True,
                wrap=False,
                vertical_alignment="center",
                gap="small",
                key="next-left",
            ),
        ):
            pressed = _primary(step, view)
            show(_beside(step, view, desk))
        with right, st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            return pressed or _others(step, view)


def _primary(step: stages.NextStep, view: IncidentView) -> Intention | None:
    if step.command is None:
        return None
    if step.command is Command.CLOSE_INCIDENT:
        return _closing(view, primary=True, disabled=bool(step.refusal))
    plan = view.plan
    # The key holds the digest: a click counts only for the plan that was on the screen.
    key = f"next-{step.command}-{plan.digest[:12] if plan else ''}"
    if st.button(step.label, key=key, type="primary", disabled=bool(step.refusal)):
        return _intention(step.command, view)
    return None


def _beside(step: stages.NextStep, view: IncidentView, desk: Desk) -> Html:
    now = desk.now
    if step.running:
        mark = el("span", "", cls="op-pulse", aria_hidden="true")
        return el(
            "p",
            mark,
            f"{step.refusal} {measured(view, now)}",
            cls="op-beside op-running",
            role="status",
        )
    if step.refusal:
        said = f"{sentence(step.refusal)} {who_can(step.command, view, desk)}"
        return el("p", said, cls="op-beside op-waiting-text")
    plan = view.plan
    if plan is not None and plan.status in _OPEN_PLAN and plan.actions:
        return _plan_in_short(plan, now)
    if view.incident.status is IncidentStatus.RESOLVED:
        return el("p", measured(view, now), cls="op-beside")
    follows = _WHAT_FOLLOWS.get(step.command, "")
    return el("p", dropped_before(view), el("span", follows), cls="op-beside op-quiet-text")


def dropped_before(view: IncidentView) -> Html | None:
    """What became of the newest plan when it is over and the incident waits for another one."""
    newest = view.plans[-1] if view.plans else None
    if newest is None or view.incident.status is not IncidentStatus.DIAGNOSED:
        return None
    if newest.status is PlanStatus.UNDONE:
        said = f"Plan {newest.number} was undone: what it had changed is as before it."
    elif newest.status in _DROPPED:
        because = f": {sentence(newest.reason)}" if newest.status is PlanStatus.REJECTED else "."
        said = f"Plan {newest.number} is {newest.status}{because}"
    else:
        return None
    return el("span", said, cls="op-waiting-text")


def who_can(command: Command | None, view: IncidentView, desk: Desk) -> str:
    """Who else could decide on the plan, where one may choose whom to act as; else empty."""
    if command is not Command.APPROVE_PLAN or view.plan is None:
        return ""
    asker = view.plan.requested_by.id
    names = [
        one.name
        for one in desk.bench.people
        if permits(one, command) and one.id not in (asker, desk.actor.id)
    ]
    listed = " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    return f"Act as {listed} to decide." if names else ""


_WHAT_FOLLOWS: dict[Command | None, str] = {
    None: "Nothing is left to do here.",
    Command.INVESTIGATE: "Reads metrics, logs, configuration and changes; changes nothing.",
    Command.PROPOSE_PLAN: "Makes a plan with its undo; changes nothing yet.",
    Command.CLOSE_INCIDENT: "Ends the incident, with your reason on record.",
    Command.UNDO_PLAN: "Puts the captured state back.",
}


def _plan_in_short(plan: Plan, now: Now) -> Html:
    first = plan.actions[0]
    more = f" and {plural(len(plan.actions) - 1, 'more action')}" if len(plan.actions) > 1 else ""
    return el(
        "p",
        f"{first.summary}{more} ",
        badges.risk(plan.risk),
        el("span", f"digest {short_digest(plan.digest)}", cls="op-quiet-text op-num"),
        el(
            "span",
            f"expires in {stopwatch(plan.expires_at - now.wall)}{real_time(now)}",
            cls="op-num op-quiet-text",
        ),
        cls="op-beside",
    )


def _others(step: stages.NextStep, view: IncidentView) -> Intention | None:
    status = view.incident.status
    wanted: Intention | None = None
    if status is IncidentStatus.INVESTIGATING and _allowed(view, Command.STOP_INVESTIGATION):
        wanted = _button("Stop, and judge by what there is", Command.STOP_INVESTIGATION, view)
    if view.plan and _allowed(view, Command.UNDO_PLAN) and step.command is not Command.UNDO_PLAN:
        wanted = _undoing(view, view.plan) or wanted
    again = status in (IncidentStatus.DIAGNOSED, IncidentStatus.FAILED)
    if again and step.command is not Command.INVESTIGATE and _allowed(view, Command.INVESTIGATE):
        wanted = _button("Investigate again", Command.INVESTIGATE, view) or wanted
    if step.command is not Command.CLOSE_INCIDENT and _allowed(view, Command.CLOSE_INCIDENT):
        wanted = _closing(view) or wanted
    return wanted


def _allowed(view: IncidentView, command: Command) -> bool:
    return not view.refusals.get(command, "")


def _button(label: str, command: Command, view: IncidentView) -> Intention | None:
    return _intention(command, view) if st.button(label, key=f"other-{command}") else None


def _undoing(view: IncidentView, plan: Plan) -> Intention | None:
    """Undo asks once, naming what comes back: it may be what caused the trouble."""
    with st.popover(f"Undo plan {plan.number}", key="undo-popover"):
        for action in plan.actions:
            back = ", ".join(f"{name} {value}" for name, value in action.before.items())
            show(el("p", f"{action.change.resource.name} goes back to {back}."))
        if plan.verification and plan.verification.outcome is VerificationOutcome.RECOVERED:
            show(el("p", "The signal recovered with this plan: without it the trouble may return."))
        if st.button(f"Undo plan {plan.number} now", key="undo-send", type="primary"):
            return _intention(Command.UNDO_PLAN, view)
    return None


def _closing(
    view: IncidentView, *, primary: bool = False, disabled: bool = False
) -> Intention | None:
    kind = "primary" if primary else "secondary"
    with st.popover("Close incident", type=kind, disabled=disabled, key="close-popover"):
        reason = st.text_input("Why is it over?", key="close-reason", max_chars=300)
        sent = st.button(f"Close {view.incident.id}", key="close-send", type="primary")
        if reason_given(reason, sent=sent):
            return _intention(Command.CLOSE_INCIDENT, view, reason=reason or "")
    return None


def _intention(command: Command, view: IncidentView, *, reason: str = "") -> Intention:
    plan = view.plan
    return Intention(
        command,
        view.incident.id,
        plan_id=plan.id if plan else "",
        digest=plan.digest if plan else "",
        reason=reason,
    )
