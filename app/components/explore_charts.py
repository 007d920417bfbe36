"""The charts of the investigate page: series on one axis, and what lies around them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import cast

import streamlit as st

from app import explore_queries, tables
from app.components.explore_around import alarms_listed, changes_listed, gap_text
from app.components.explore_controls import narrow
from app.components.explore_look import Look
from app.components.figures import colours, draw, draw_selectable
from app.explore_figures import look_chart, multiples_chart
from app.explore_rows import (
    MOST_STACKED,
    cell_of,
    data_lines,
    drawable,
    drawn_alarms,
    look_row,
    most_telling,
)
from app.formatting import stamp
from app.guard import show_notice
from app.markup import Html, el, show
from app.rows import Marked, lettered
from app.state import Notice
from app.wiring import Desk
from opspilot.domain.evidence import GapDetail, MetricDetail
from opspilot.domain.wording import plural
from opspilot.engine.explore import Explored
from opspilot.engine.explore_around import Surroundings

_MOST_LISTED = 6
_MOST_POINTS = 5_000
_LEAD = timedelta(minutes=10)
"""From the start of a window to the onset that it is widened for."""


def charts(look: Look, desk: Desk) -> tuple[Marked, ...]:
    """Draw every series; returns the changes with the letters they bear on the axis.

    Raises:
        OpsPilotError: The series could not be read at all.
    """
    series = explore_queries.explored(look.asked, look.window, look.baseline)
    around = explore_queries.surroundings(look.resources, look.span)
    marked = lettered(around.changes, look.span)
    show(_summary(series, look, desk))
    _unread(series, around)
    _began_before(series, look)
    shown = drawable(series)
    if not look.choice.raw:
        shown = most_telling(shown)
    if shown:
        _stacked(shown[:MOST_STACKED], around, marked, look, desk)
    if len(shown) > MOST_STACKED:
        _multiples(shown[MOST_STACKED:], look, desk)
    changes_listed(marked, around, look, desk)
    alarms_listed(around, drawn_alarms(shown[:MOST_STACKED], around), look, desk)
    if look.choice.raw:
        _raw_table(shown)
    _download(series)
    return marked


def view_key(look: Look, part: str) -> str:
    """A key for a chart, another for every other view: an old selection must not come along."""
    told = "|".join([part, look.span.model_dump_json(), *(one.subject for one in look.asked)])
    return f"look-{part}-{sha256(told.encode()).hexdigest()[:12]}"


def narrowed(key: str) -> None:
    """Look at the span that was marked on a chart."""
    chart = cast("dict[str, dict[str, list[dict[str, list[str]]]]]", st.session_state.get(key, {}))
    boxes = chart.get("selection", {}).get("box", [])
    if not boxes:
        return
    moments = sorted(
        datetime.fromisoformat(str(at)[:26]).replace(tzinfo=UTC) for at in boxes[0].get("x", [])
    )
    if len(moments) > 1:
        narrow(moments[0], moments[-1])


def _summary(series: Sequence[Explored], look: Look, desk: Desk) -> Html:
    """What was looked at, in one line."""
    out = sum(one.anomalous for one in series)
    found = "" if look.choice.raw else f"{out} of {plural(len(series), 'series', 'series')} stand"
    found = found and f"{found}{'s' if out == 1 else ''} out. "
    now = desk.now.account
    window = f"{stamp(look.window.start, now)} to {stamp(look.window.end, now)}"
    adjacent = look.baseline.end == look.window.start
    until = "until then" if adjacent else f"to {stamp(look.baseline.end, now)}"
    against = f", against {stamp(look.baseline.start, now)} {until}"
    return el(
        "p",
        el("b", found) if found else None,
        f"{window}{'' if look.choice.raw else against}. Drag over a chart to look closer.",
        cls="op-num",
    )


def _began_before(series: Sequence[Explored], look: Look) -> None:
    """What the baseline holds already cannot stand out well: offer to begin earlier."""
    onsets = [
        one.detail.onset
        for one in series
        if isinstance(one.detail, MetricDetail) and one.detail.anomalous and one.detail.onset
    ]
    first = min(onsets, default=look.window.start)
    if first >= look.window.start:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(
            f"Something began at {first:%H:%M} UTC, before this window: the baseline holds it too.",
            width="content",
        )
        st.button(
            "Begin the window before it",
            key="look-earlier",
            on_click=narrow,
            args=(first - _LEAD, look.window.end),
        )


def _stacked(
    shown: Sequence[Explored],
    around: Surroundings,
    marked: Sequence[Marked],
    look: Look,
    desk: Desk,
) -> None:
    rows = [look_row(one, around, look.span, raw=look.choice.raw) for one in shown]
    figure = look_chart(
        rows, marked, baseline=look.baseline, window=look.window, palette=colours(desk)
    )
    key = view_key(look, "chart")
    words = f"{plural(len(rows), 'metric')} on one time axis: {rows[0].row.title}"
    draw_selectable(figure, key, words, narrowed)


def _multiples(more: Sequence[Explored], look: Look, desk: Desk) -> None:
    show(el("h3", f"{len(more)} more series"))
    figure = multiples_chart(
        [cell_of(one) for one in more],
        baseline=look.baseline,
        window=look.window,
        palette=colours(desk),
    )
    draw(figure, view_key(look, "more"), f"{len(more)} small charts")


def _unread(series: Sequence[Explored], around: Surroundings) -> None:
    """What could not be read, what holds no data, and which permission is missing."""
    gaps = [(one.sentence, one.detail) for one in series if isinstance(one.detail, GapDetail)]
    told = dict.fromkeys(gap_text(gap) for _, gap in gaps)
    if gaps:
        names = " ".join(sentence for sentence, _ in gaps[:_MOST_LISTED])
        more = f" And {len(gaps) - _MOST_LISTED} more." if len(gaps) > _MOST_LISTED else ""
        show_notice(Notice(what=f"{names}{more}", todo=" ".join(told), tone="waiting"))
    for name, gap in around.gaps:
        show_notice(Notice(what=f"{name.capitalize()}: {gap_text(gap)}", tone="waiting"))
    empty = [one for one in series if not isinstance(one.detail, GapDetail) and not one.raw.times]
    if empty:
        names = ", ".join(f"{one.raw.query.metric} of {one.asked.subject}" for one in empty)
        st.caption(
            f"No datapoint in baseline or window: {names}. "
            "CloudWatch keeps none while nothing happens, or the dimensions are others."
        )


def _raw_table(series: Sequence[Explored]) -> None:
    lines = [
        {name: line[name] for name in ("time (UTC)", "of", "metric", "statistic", "value")}
        for line in data_lines(series)
    ]
    if len(lines) > _MOST_POINTS:
        st.caption(f"The newest {_MOST_POINTS:,} of {len(lines):,} datapoints; the file has all.")
    newest = sorted(lines, key=lambda line: str(line["time (UTC)"]))[-_MOST_POINTS:]
    tables.table(newest, key="look-points", empty="No datapoint.")


def _download(series: Sequence[Explored]) -> None:
    if any(one.raw.times for one in series):
        st.download_button(
            "Download the series (CSV)",
            data=lambda: tables.csv_text(data_lines(series)),
            file_name="opspilot-series.csv",
            mime="text/csv",
            key="look-series-csv",
        )
