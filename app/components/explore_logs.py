"""One log on the investigate page: its volume, what changed in it, and its raw lines."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app import queries, tables
from app.components.explore_charts import gap_text, narrowed, view_key
from app.components.explore_look import Look
from app.components.figures import colours, draw_selectable
from app.components.logs import p_words
from app.explore_figures import volume_chart
from app.formatting import capital
from app.guard import show_notice
from app.markup import Html, el, show
from app.rows import Marked
from app.state import Notice
from app.wiring import Desk
from opspilot.domain.resource import ResourceKind
from opspilot.domain.wording import plural
from opspilot.engine.explore_logs import FoundLines, Line, LogView, Pattern, filter_of

_LIMITS = (200, 1_000, 5_000)
_MOST_SHOWN = 500
_MOST_EXAMPLES = 12
_PLAIN, _FILTER = "Plain text", "Filter pattern"
_BAD = frozenset({"ERROR", "FATAL", "CRITICAL"})
_NARROWED = "look-narrowed"
_WARNING = frozenset({"WARN", "WARNING"})


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


def volume(look: Look, group: str, marked: Sequence[Marked], desk: Desk) -> None:
    """Lines per bin on the charts' axis; for a fragment of its own.

    Raises:
        OpsPilotError: The log could not be read at all.
    """
    if st.session_state.pop(_NARROWED, False):
        st.rerun()
    view = queries.log_view(group, look.window, look.baseline)
    if view.gap:
        show_notice(Notice(what=f"{group}: {gap_text(view.gap)}", tone="waiting"))
        return
    lines = sum(count for _, count in view.bars)
    figure = volume_chart(
        view.bars,
        view.bin_seconds,
        marked,
        title=f"{plural(lines, 'line')} of {group}, per {view.bin_seconds} s",
        baseline=look.baseline,
        window=look.window,
        palette=colours(desk),
    )
    draw_selectable(figure, view_key(look, f"volume-{group}"), f"Volume of {group}", _marked)
    _notes(view.notes)


def _marked(key: str) -> None:
    """A span was marked: the whole page has to follow, not this part alone."""
    narrowed(key)
    st.session_state[_NARROWED] = True


def patterns(look: Look, group: str) -> None:
    """What is new, gone or changed in rate against as long a time before the window.

    Raises:
        OpsPilotError: The log could not be read at all.
    """
    view = queries.log_view(group, look.window, look.baseline)
    if view.gap:
        show_notice(Notice(what=f"{group}: {gap_text(view.gap)}", tone="waiting"))
        return
    show(el("p", view.sentence))
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


def lines(look: Look, group: str) -> None:
    """Raw lines of the window that hold a text, or match a filter pattern.

    Raises:
        OpsPilotError: The log could not be searched at all.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search for", key="find", bind="query-params", max_chars=1_000, width=420,
            placeholder="Every line",
        )  # fmt: skip
        how = st.segmented_control(
            "As", (_PLAIN, _FILTER), key="as-pattern", required=True, default=_PLAIN,
            bind="query-params",
        )  # fmt: skip
        limit = st.selectbox("At most", _LIMITS, key="most", bind="query-params", width=110)
    pattern = filter_of(text or "") if how == _PLAIN else (text or "").strip()
    found = queries.found_lines(group, look.window, pattern, limit)
    if found.gap:
        show_notice(Notice(what=f"{group}: {gap_text(found.gap)}", tone="waiting"))
        return
    _counted(found, group, pattern)
    if not found.lines:
        return
    st.download_button(
        "Download the lines (text)",
        data=lines_text(found.lines),
        file_name="opspilot-lines.txt",
        mime="text/plain",
        key="look-lines-text",
    )
    with st.container(height=460, key="look-lines"):
        show(lines_block(found.lines[:_MOST_SHOWN]))


def lines_block(shown: Sequence[Line]) -> Html:
    """Lines in a fixed-width face, the level of each in words and colour."""
    return el("ol", *map(_line, shown), cls="op-lines")


def lines_text(shown: Sequence[Line]) -> str:
    """Lines as a text file: time, stream, line."""
    return "".join(f"{one.at.isoformat()}\t{one.stream}\t{one.text}\n" for one in shown)


def _line(one: Line) -> Html:
    tone = "breach" if one.level in _BAD else "waiting" if one.level in _WARNING else "quiet"
    return el(
        "li",
        el("time", f"{one.at:%H:%M:%S}.{one.at.microsecond // 1000:03}", title=one.at.isoformat()),
        el("span", one.level or "·", cls=f"op-level op-level-{tone}"),
        el("span", one.text, cls="op-line-text", title=one.stream),
    )


def _counted(found: FoundLines, group: str, pattern: str) -> None:
    span = f"{found.window.start:%-d %b %H:%M} to {found.window.end:%-d %b %H:%M} UTC"
    wanted = f"match {pattern}" if pattern else "were logged"
    if not found.lines:
        show(el("p", f"No lines of {group} {wanted} from {span}.", cls="op-quiet-text"))
        return
    shown = f", the first {_MOST_SHOWN} shown" if len(found.lines) > _MOST_SHOWN else ""
    cut = (
        f" Cut: {'; '.join(found.notes)}{_until(found.searched_until)}." if found.truncated else ""
    )
    count = plural(len(found.lines), "line")
    more = "at least " if found.truncated else ""
    words = f"{capital(more)}{count} of {group} {wanted} from {span}{shown}.{cut}"
    show(el("p", words, cls="op-num op-waiting-text" if found.truncated else "op-num"))


def _until(moment: datetime | None) -> str:
    return (
        f"; whole until {moment:%H:%M:%S} UTC. Narrow the window to see the rest" if moment else ""
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
    narrow = {name: st.column_config.Column(width=80) for name in ("change", "before", "window")}
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
