"""One log on the investigate page: which, and what changed in it."""

from collections.abc import Sequence

import streamlit as st

from app import explore_queries, state, tables
from app.components.explore_around import gap_text
from app.components.explore_look import Look
from app.components.logs import p_words
from app.guard import guarded, show_notice
from app.markup import el, show
from app.state import Notice
from app.wiring import POLL_SECONDS, LineCount
from opspilot.domain.resource import ResourceKind
from opspilot.domain.wording import plural
from opspilot.engine.explore_logs import LogView, read_words
from opspilot.engine.explore_patterns import Pattern
from opspilot.engine.explore_sample import SLICES
from opspilot.engine.explore_volume import Volume

_MOST_EXAMPLES = 12


def log_field(look: Look) -> str:
    """The log group to look at; empty when there is none to offer and none was typed."""
    groups = [
        f"/aws/lambda/{one.name}" for one in look.resources if one.kind is ResourceKind.FUNCTION
    ]
    named = st.query_params.get("log", "")
    options: list[str] = list(dict.fromkeys([*groups, named] if named else groups))
    chosen: str | None = st.selectbox(
        "Log",
        options,
        index=0 if options else None,
        key="log",
        bind="query-params",
        accept_new_options=True,
        placeholder="Type the full name of a log group",
        width=420,
    )
    return (chosen or "").strip()


def patterns(look: Look, group: str, count: LineCount) -> None:
    """What is new, gone or changed in rate against as long a time before the window.

    Raises:
        OpsPilotError: The log could not be read at all.
    """
    if _waiting(look, count):
        return
    counted = count.look()
    with st.skeleton(height=260):
        _compared(look, group, counted)


def _compared(look: Look, group: str, counted: Volume) -> None:
    view = explore_queries.log_view(
        group, look.window, look.baseline, counted if counted.known else None
    )
    if view.gap:
        show_notice(Notice(what=f"{group}: {gap_text(view.gap)}", tone="waiting"))
        return
    if view.sampled:
        show(el("p", el("b", "Of the lines read: "), view.sentence))
    else:
        show(el("p", view.sentence))
    _read(view)
    _notes(view.notes)
    if not view.patterns:
        show(el("p", _unchanged(view), cls="op-quiet-text"))
        return
    _pattern_table(view.patterns)
    st.download_button(
        "Download the patterns (CSV)",
        data=tables.csv_text([_pattern_line(one) for one in view.patterns]),
        file_name="opspilot-patterns.csv",
        mime="text/csv",
        key="look-patterns-csv",
    )
    for index, one in enumerate(view.patterns[:_MOST_EXAMPLES]):
        if one.examples:
            words = f"Lines of pattern {index + 1}: {one.change}"
            with st.expander(words, key=f"look-examples-{index}"):
                st.code("\n".join(one.examples), language=None, wrap_lines=True)


def _waiting(look: Look, count: LineCount) -> bool:
    """Whether the lines are still being counted; the page runs again when they are."""
    if count.look().done:
        return False

    def tick() -> None:
        with guarded("counting the log's lines"):
            now = count.look()
            if now.done:
                state.remember(explored_at=look.at)
                st.rerun()
            st.caption(
                f"The lines are being counted first ({now.waited.total_seconds():.0f} s): of a "
                "long window even slices are read, and weighted by the lines in each."
            )
            st.skeleton(height=260)

    st.fragment(tick, run_every=POLL_SECONDS)()
    return True


def _read(view: LogView) -> None:
    """Which share of the lines the comparison rests on, in both windows."""
    then, now = view.read
    words = f"Compared: {read_words(now)} against {read_words(then)}."
    if not view.sampled:
        show(el("p", words, cls="op-quiet-text"))
        return
    known = "" if now.counted else " The volume is what these lines let expect: nobody counted it."
    show(
        el(
            "p",
            f"{words} Both were read in {SLICES} even slices: new and gone tell of the lines read, "
            f"and rates are weighted by the volume of each slice.{known}",
        )
    )


def _notes(notes: Sequence[str]) -> None:
    for note in notes:
        show(el("p", note, cls="op-waiting-text"))


def _unchanged(view: LogView) -> str:
    before = view.detail.lines_baseline if view.detail else 0
    now = view.detail.lines_incident if view.detail else 0
    return (
        f"No pattern changed its rate: {plural(now, 'line')} in the window, {before:,} in as long "
        "a time before it."
    )


def _pattern_table(changed: Sequence[Pattern]) -> None:
    rows = tables.columns_of([_pattern_line(one) for one in changed])
    shown: dict[str, object] = {
        **rows,
        "p": [p_words(one.p_value) for one in changed],
        "trend": [list(one.trend) for one in changed],
    }
    narrow = {
        "change": st.column_config.Column(width=80),
        "before": st.column_config.Column(width=80, help="Lines read of the compared time"),
        "window": st.column_config.Column(width=80, help="Lines read of the window"),
        "before/min": st.column_config.Column(help="Lines a minute, weighted by the volume"),
        "window/min": st.column_config.Column(help="Lines a minute, weighted by the volume"),
    }
    st.dataframe(
        shown,
        key="look-patterns",
        hide_index=True,
        column_order=[
            "change", "pattern", "trend", "before", "window", "before/min", "window/min", "p",
            "first seen (UTC)",
        ],
        column_config={
            **narrow,
            "trend": st.column_config.LineChartColumn(
                width=130, help="Lines over the compared time and the window"
            ),
            "pattern": st.column_config.Column(width=420),
        },
    )  # fmt: skip


def _pattern_line(one: Pattern) -> dict[str, tables.Cell]:
    return {
        "change": one.change,
        "before": one.counts[0],
        "window": one.counts[1],
        "before/min": round(one.per_minute[0], 2),
        "window/min": round(one.per_minute[1], 2),
        "p": float(f"{one.p_value:.3g}"),
        "first seen (UTC)": f"{one.first_seen:%Y-%m-%d %H:%M:%S}" if one.first_seen else "",
        "pattern": one.pattern,
    }
