"""Plans: what waits for an approval or an execution, and what became of every plan."""

import streamlit as st

from app import queries
from app.components.plan_list import (
    STATUS_KEY,
    none_yet,
    opened_plan,
    plan_heads,
    plan_in_full,
    plan_row,
)
from app.components.status_filter import status_filter
from app.guard import guarded, show_notices
from app.intentions import carry_out
from app.wiring import Desk, desk
from opspilot.domain.plan import PlanStatus
from opspilot.domain.views import PlanRow

PLACE = "plans"
EVERY_SECONDS = 5
A_PAGE = 25
SHOWN_KEY = "show"


def listed(rows: list[PlanRow], front: Desk) -> None:
    """A line each, the open one in full beneath its line."""
    plan_heads()
    for row in rows:
        plan_row(row, front.now)
        if opened_plan() == row.plan.id:
            view = queries.incident(front, row.plan.incident_id)
            wanted = plan_in_full(view, row.plan.id, front)
            if wanted:
                carry_out(wanted, front, PLACE)
                st.rerun()


@st.fragment(run_every=EVERY_SECONDS)
def plans() -> None:
    """What waits for the person who looks, then all, newest first; read anew at intervals."""
    front = desk()
    with guarded("reading the plans"):
        waiting = {item.plan_id for item in queries.inbox(front).mine if item.plan_id}
        unfinished = queries.plans(front, (PlanStatus.PROPOSED, PlanStatus.APPROVED), 100).rows
        mine = [row for row in unfinished if row.plan.id in waiting]
        if mine:
            st.subheader(f"Waiting for you: {len(mine)}", anchor=False)
            listed(mine, front)
            st.subheader("Other plans", anchor=False)
        statuses = status_filter(PlanStatus, STATUS_KEY)
        page = queries.plans(front, statuses, limit=shown())
        others = [row for row in page.rows if row.plan.id not in {one.plan.id for one in mine}]
        if others:
            listed(others, front)
        else:
            none_yet(filtered=bool(statuses), besides=bool(mine))
        if page.cursor and st.button("Show more"):
            st.query_params[SHOWN_KEY] = str(shown() + A_PAGE)
            st.rerun()


def shown() -> int:
    """How many plans the address asks for."""
    named = st.query_params.get(SHOWN_KEY, "")
    return min(int(named), 500) if named.isascii() and named.isdigit() and int(named) else A_PAGE


st.title("Plans", anchor=False)
show_notices(PLACE)
plans()
