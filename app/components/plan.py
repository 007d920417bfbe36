"""The plan: what changes, how it is undone, how success is told, and the decision on it."""

import streamlit as st

from app.components import badges
from app.components.chips import chips
from app.components.evidence import definitions
from app.components.next_step import who_can
from app.components.plan_runs import runs
from app.components.reasons import reason_given
from app.formatting import Now, moment, real_time, short_digest, stopwatch
from app.guard import sentence
from app.intentions import Intention
from app.markup import Html, el, joined, show
from app.wiring import Desk
from opspilot.domain.commands import Command
from opspilot.domain.plan import Action, Criterion, Plan, PlanStatus
from opspilot.domain.views import IncidentView

_OPEN = (PlanStatus.PROPOSED, PlanStatus.APPROVED)


def plan_tab(view: IncidentView, desk: Desk, *, decide: bool = True) -> Intention | None:
    """The newest plan in full, the decision on it (unless nobody may), and earlier plans folded."""
    now = desk.now
    if not view.plans:
        st.caption(_none_yet(view))
        return None
    *earlier, newest = view.plans
    wanted = plan_card(view, newest, desk, decide=decide)
    if newest.alternatives:
        with st.expander(f"Other ways that were weighed: {len(newest.alternatives)}"):
            show(_alternatives(newest))
    for plan in reversed(earlier):
        with st.expander(f"Plan {plan.number}: {plan.status}"):
            show(_head(plan, now))
            for action in plan.actions:
                _action(action, key=f"{plan.id}-")
            show(_people(plan, now))
    return wanted


def plan_card(
    view: IncidentView,
    plan: Plan,
    desk: Desk,
    *,
    beside_evidence: bool = True,
    decide: bool = True,
) -> Intention | None:
    """A plan in full, and the decision on it while it is open; what was pressed.

    Args:
        view: The plan's incident.
        plan: One of the incident's.
        desk: Who looks.
        beside_evidence: Whether the page has the ledger too, so that citations can be buttons.
        decide: Whether the decision is offered; not on a record of the past.
    """
    now = desk.now
    with st.container(border=True, key="plan"):
        show(_head(plan, now))
        for action in plan.actions:
            _action(action, beside_evidence=beside_evidence)
        show(_criteria(plan.criteria))
        show(_people(plan, now))
        runs(plan, now)
        return _decision(view, plan, desk) if decide and plan.status in _OPEN else None


def _none_yet(view: IncidentView) -> str:
    if view.incident.plan_requested_by:
        return f"The plan that {view.incident.plan_requested_by.name} asked for is being made."
    return "There is no plan yet. Once there is a verdict, somebody can ask for one."


def _head(plan: Plan, now: Now) -> Html:
    left = plan.expires_at - now.wall
    expires = f"expires in {stopwatch(left)}{real_time(now)}" if plan.status in _OPEN else ""
    return el(
        "div",
        el("b", f"Plan {plan.number} for {plan.incident_id}"),
        badges.plan_status(plan.status),
        badges.risk(plan.risk),
        el("span", f"digest {short_digest(plan.digest)}", title=plan.digest, cls="op-num"),
        el("span", expires, cls="op-num op-waiting-text") if expires else None,
        el("span", plan.reason, cls="op-quiet-text") if plan.reason else None,
        cls="op-head-line",
    )


def _action(action: Action, key: str = "", *, beside_evidence: bool = True) -> None:
    show(
        el(
            "div",
            el("p", el("b", f"{action.id} "), action.summary, cls="op-verdict"),
            el(
                "div",
                _change("change", action.before, action.after),
                _change("undo", action.after, action.before),
                cls="op-diff",
            ),
            definitions(
                [
                    ("Action", el("code", f"{action.change.type} on {action.change.resource.arn}")),
                    ("Why", action.rationale or "not said"),
                    ("Risk", f"{action.risk.upper()}: {action.risk_reason}"),
                    ("Who else is touched", action.blast_radius or "nobody known"),
                ]
            ),
        )
    )
    if beside_evidence:
        chips(action.evidence, f"{key}{action.id}")
    else:
        show(el("p", "Evidence: ", badges.chip_text(action.evidence)))


def _change(name: str, before: dict[str, str], after: dict[str, str]) -> Html:
    lines = [
        el(
            "div",
            f"{field} ",
            el("span", before.get(field, "none"), cls="op-before"),
            " → ",
            el("b", after.get(field, "none")),
        )
        for field in dict.fromkeys([*before, *after])
    ]
    return el("div", el("span", name, cls="op-quiet-text"), *lines, cls="op-num")


def _criteria(criteria: tuple[Criterion, ...]) -> Html:
    lines = [el("li", sentence(one.text)) for one in criteria]
    return el("div", el("h3", "Success means"), el("ul", *lines, cls="op-list"))


def _people(plan: Plan, now: Now) -> Html:
    decided = [
        el(
            "li",
            f"{one.by.name} {one.decision} it, ",
            moment(one.decided_at, now.wall, now.zone),
            real_time(now),
            f": {one.reason}" if one.reason else None,
            f", digest {short_digest(one.digest)}",
        )
        for one in plan.approvals
    ]
    asked = el(
        "li",
        f"{plan.requested_by.name} asked for it, ",
        moment(plan.requested_at, now.wall, now.zone),
        real_time(now),
    )
    done = el("li", f"{plan.executed_by.name} had it executed") if plan.executed_by else None
    return el("div", el("h3", "Who"), el("ul", asked, joined(decided), done, cls="op-list"))


def _alternatives(plan: Plan) -> Html:
    lines = [
        el("li", el("b", f"{one.summary}. "), sentence(one.why_not)) for one in plan.alternatives
    ]
    return el("ul", *lines, cls="op-list")


def _decision(view: IncidentView, plan: Plan, desk: Desk) -> Intention | None:
    """Approve or execute, reject with a reason, withdraw; a refused button says why."""
    approving = plan.status is PlanStatus.PROPOSED
    command = Command.APPROVE_PLAN if approving else Command.EXECUTE_PLAN
    label = (
        f"Approve plan {plan.number} as {desk.actor.name}"
        if approving
        else f"Execute plan {plan.number}"
    )
    refusal = view.refusals.get(command, "")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        # The digest in the key: a click counts only for the plan that was on the screen.
        key = f"plan-{command}-{plan.digest[:12]}"
        if st.button(label, key=key, disabled=bool(refusal)):
            return _intention(command, plan)
        if rejected := _rejecting(view, plan):
            return rejected
        withdrawn = view.refusals.get(Command.WITHDRAW_PLAN, "")
        if st.button(
            "Withdraw", key="plan-withdraw", disabled=bool(withdrawn), help=withdrawn or None
        ):
            return _intention(Command.WITHDRAW_PLAN, plan)
        if refusal:
            said = f"{sentence(refusal)} {who_can(command, view, desk)}"
            show(el("p", said, cls="op-beside op-waiting-text"))
    return None


def _rejecting(view: IncidentView, plan: Plan) -> Intention | None:
    refusal = view.refusals.get(Command.REJECT_PLAN, "")
    with st.popover("Reject", disabled=bool(refusal), help=refusal or None, key="reject-popover"):
        reason = st.text_input("Why not?", key="reject-reason", max_chars=300)
        sent = st.button(f"Reject plan {plan.number}", key="reject-send")
        if reason_given(reason, sent=sent):
            return _intention(Command.REJECT_PLAN, plan, reason or "")
    return None


def _intention(command: Command, plan: Plan, reason: str = "") -> Intention:
    return Intention(command, plan.incident_id, plan_id=plan.id, digest=plan.digest, reason=reason)
