"""Plans of every incident: a line each, and the one that is open in full."""

from collections.abc import Sequence

import streamlit as st

from app.address import keep
from app.components import badges
from app.components.plan import plan_card
from app.formatting import Now, real_time, short_digest, stopwatch
from app.intentions import Intention
from app.markup import Html, el, joined, show
from app.navigation import incident_link
from app.wiring import Desk
from opspilot.domain.plan import Action, Plan, PlanStatus
from opspilot.domain.views import IncidentView, PlanRow

STATUS_KEY = "plans"
"""Name in the address of the status filter."""

PLAN_KEY = "plan"
"""Name in the address of the plan that is open."""

_ID_WIDTH = 90
_BUTTON_WIDTH = 110
_OPEN = (PlanStatus.PROPOSED, PlanStatus.APPROVED)


def opened_plan() -> str:
    """The plan that the address names; may be empty."""
    return st.query_params.get(PLAN_KEY, "").strip().upper()


def plan_row(row: PlanRow, now: Now) -> None:
    """One line, with a button that opens the plan under it or folds it."""
    plan, is_open = row.plan, opened_plan() == row.plan.id
    with st.container(key=f"row-{plan.id}", horizontal=True, wrap=False, gap="small"):
        incident_link(plan.incident_id, width=_ID_WIDTH)
        show(_cells(row, now))
        label = "Fold" if is_open else "Show plan"
        if st.button(label, key=f"open-{plan.id}", width=_BUTTON_WIDTH):
            keep(PLAN_KEY, "" if is_open else plan.id, "")
            st.rerun()


def plan_in_full(view: IncidentView, plan_id: str, desk: Desk) -> Intention | None:
    """The plan with its decision, as on the page of its incident; what was pressed."""
    plan = next((one for one in view.plans if one.id == plan_id), None)
    return plan_card(view, plan, desk, beside_evidence=False) if plan else None


def none_yet(*, filtered: bool, besides: bool = False) -> None:
    """What to do when there is nothing to see; `besides`: than what waits for the person."""
    if besides and not filtered:
        st.caption("There are no other plans.")
        return
    said = (
        "No plan has one of these statuses. Clear the filter to see all."
        if filtered
        else "No plans yet. Once an incident has a verdict, ask for a plan on its page; it waits "
        "here for its approval."
    )
    show(el("p", said))


def plan_heads(names: Sequence[str] = ("Plan", "Changes", "Who", "Risk and expiry")) -> None:
    """The names of the columns."""
    with st.container(key="plan-head", horizontal=True, wrap=False, gap="small"):
        st.html(el("span", "Incident", cls="op-row-head"), width=_ID_WIDTH)
        cells = [el("span", name) for name in names]
        show(el("div", *cells, cls="op-row op-plan-row op-row-head"))
        st.html(el("span", "", cls="op-row-head"), width=_BUTTON_WIDTH)


def _cells(row: PlanRow, now: Now) -> Html:
    plan = row.plan
    return el(
        "div",
        el(
            "div",
            el("div", badges.plan_status(plan.status), " ", el("b", row.title)),
            el("div", f"{plan.id}, digest {short_digest(plan.digest)}", cls="op-quiet-text op-num"),
        ),
        el("div", *[_change(one) for one in plan.actions]),
        el("div", el("div", f"{plan.requested_by.name} asked"), _agreed(row)),
        el(
            "div",
            badges.risk(plan.risk),
            el("div", _expiry(plan, now), cls="op-num op-waiting-text"),
        ),
        cls="op-row op-plan-row",
    )


def _change(action: Action) -> Html:
    fields = dict.fromkeys([*action.before, *action.after])
    told = [
        joined(
            [
                f"{name} ",
                el("span", action.before.get(name, "none"), cls="op-before"),
                " → ",
                el("b", action.after.get(name, "none")),
            ]
        )
        for name in fields
    ]
    return el("div", f"{action.change.resource.name}: ", joined(told, ", "))


def _agreed(row: PlanRow) -> Html:
    said = [f"{one.by.name} {one.decision}" for one in row.plan.approvals]
    if row.missing:
        said.append(f"missing: {row.missing}")
    elif row.plan.status not in _OPEN and row.plan.reason:
        said.append(row.plan.reason)
    return el("div", "; ".join(said), cls="op-quiet-text")


def _expiry(plan: Plan, now: Now) -> str:
    left = plan.expires_at - now.wall
    if plan.status not in _OPEN:
        return ""
    return (
        f"expires in {stopwatch(left)}{real_time(now)}" if left.total_seconds() > 0 else "expired"
    )
