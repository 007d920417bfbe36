"""Investigate: any metric and log of the account, over any window, raw and with what stands out."""

from collections.abc import Callable, Sequence

import streamlit as st

from app import explore_queries
from app.components.explore_charts import charts
from app.components.explore_controls import controls
from app.components.explore_lines import lines
from app.components.explore_logs import log_field, patterns
from app.components.explore_look import Look
from app.components.explore_open import open_from
from app.components.explore_suspects import suspects
from app.components.explore_tail import tail
from app.components.explore_volume import volume
from app.guard import guarded, show_notices
from app.rows import Marked
from app.wiring import Desk, LineCount, desk

PLACE = "investigate"

front = desk()
st.title("Investigate", anchor=False)
show_notices(PLACE)


@st.fragment
def looked_into(look: Look, group: str, count: LineCount | None, front: Desk) -> None:
    """The open tab; what is done on it leaves the charts alone."""
    parts: dict[str, Callable[[], None]] = {
        "Suspects": lambda: suspects(look, front),
        "Log patterns": lambda: patterns(look, group, count) if count else None,
        "Log lines": lambda: lines(look, group),
        "Tail": lambda: tail(group),
    }
    tabs = st.tabs(list(parts), key="part", bind="query-params")
    name, tab = next((name, tab) for name, tab in zip(parts, tabs, strict=True) if tab.open)
    with tab, guarded(f"reading the {name.lower()}"):
        if name != "Suspects" and not group:
            st.caption("Choose a function above, or type the full name of a log group.")
        else:
            parts[name]()


@st.fragment(parallel=True)
def counted(
    look: Look, group: str, count: LineCount, marked: Sequence[Marked], front: Desk
) -> None:
    """Lines of the log on the charts' axis; counting them takes longest, and nothing waits."""
    with guarded("counting the log's lines"), st.skeleton(height=150):
        volume(look, group, count, marked, front)


with guarded("reading the account"):
    look = controls(front)
    if look is None:
        st.stop()
    marked: Sequence[Marked] = ()
    with guarded("reading the metrics"), st.skeleton(height=560):
        marked = charts(look, front)
    group = log_field(look)
    count: LineCount | None = None
    if group:
        with guarded("counting the log's lines"):
            count = explore_queries.counted_lines(group, look.window, look.baseline)
            counted(look, group, count, marked, front)
    looked_into(look, group, count, front)
    open_from(look, front, PLACE)
