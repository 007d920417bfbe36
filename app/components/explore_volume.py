"""The volume of a log on the investigate page, counted by Logs Insights while one looks on."""

from collections.abc import Sequence

import streamlit as st

from app import explore_queries, state
from app.components.explore_around import gap_text
from app.components.explore_charts import narrowed, view_key
from app.components.explore_look import Look
from app.components.figures import colours, draw_selectable
from app.guard import guarded, show_notice
from app.rows import Marked
from app.state import Notice
from app.volume_figure import per_words, volume_chart
from app.wiring import POLL_SECONDS, Desk, LineCount, end_counts
from opspilot.domain.evidence import GapDetail
from opspilot.domain.window import Window
from opspilot.engine.explore_bars import Bar
from opspilot.engine.explore_volume import Volume

_NARROWED = "look-narrowed"
_UNIT, _CENT = 1e6, 0.01


def volume(look: Look, group: str, count: LineCount, marked: Sequence[Marked], desk: Desk) -> None:
    """Lines per bin on the charts' axis; for a fragment of its own.

    While the count runs only what is drawn here is drawn anew. Once it has ended the page runs
    again, at the same moment, because the patterns wait for it too.

    Raises:
        OpsPilotError: The log could not be read at all.
    """
    if st.session_state.pop(_NARROWED, False):
        st.rerun()
    now = count.look()
    if now.done:
        _ended(now, look, group, marked, desk)
        return
    fresh = [now]

    def tick() -> None:
        with guarded("counting the log's lines"):
            current = fresh.pop() if fresh else count.look()
            if current.done:
                state.remember(explored_at=look.at)
                st.rerun()
            _running(current, look, marked, desk)

    st.fragment(tick, run_every=POLL_SECONDS)()


def _running(now: Volume, look: Look, marked: Sequence[Marked], desk: Desk) -> None:
    _draw(look, now.group, now.bars, now.bin_seconds, marked, desk, ())
    so_far = f", {now.records_scanned:,.0f} lines so far" if now.records_scanned else ""
    st.caption(
        f"Counting with Logs Insights: {now.waited.total_seconds():.0f} s{so_far}. The rest of the "
        "page can be used meanwhile."
    )


def _ended(now: Volume, look: Look, group: str, marked: Sequence[Marked], desk: Desk) -> None:
    if now.gap:
        _uncounted(now.gap, look, group, marked, desk)
        return
    _draw(look, group, now.bars, now.bin_seconds, marked, desk, ())
    st.caption(
        f"Counted by Logs Insights from {now.span.start:%-d %b %H:%M} to {now.span.end:%H:%M} UTC: "
        f"{now.bytes_scanned / _UNIT:,.1f} MB scanned, {_cost(now.usd)}."
    )


def _cost(usd: float) -> str:
    return f"about {usd:.2f} USD" if usd >= _CENT else "less than a cent"


def _uncounted(
    gap: GapDetail, look: Look, group: str, marked: Sequence[Marked], desk: Desk
) -> None:
    """Without a count: the lines that were read, and gaps where none was."""
    view = explore_queries.log_view(group, look.window, look.baseline, None)
    if view.gap:
        both = f"Nor did Logs Insights count them: {gap_text(gap)}"
        show_notice(Notice(what=f"{group}: {gap_text(view.gap)}", todo=both, tone="waiting"))
        return
    told = "The bars show the lines that were read instead"
    whole = "; every line was." if not view.missing else ", and gaps where none was."
    show_notice(
        Notice(
            what=f"Logs Insights did not count {group}: {gap_text(gap)}",
            todo=told + whole,
            tone="waiting",
        )
    )
    st.button("Count again", key="look-count", on_click=end_counts, type="tertiary")
    _draw(look, group, view.bars, view.bin_seconds, marked, desk, view.missing)


def _draw(
    look: Look,
    group: str,
    bars: Sequence[Bar],
    bin_seconds: int,
    marked: Sequence[Marked],
    desk: Desk,
    missing: Sequence[Window],
) -> None:
    lines = sum(bar.lines for bar in bars)
    noun = f"{'line' if lines == 1 else 'lines'}{' read' if missing else ''}"
    figure = volume_chart(
        bars,
        bin_seconds,
        marked,
        title=f"{lines:,} {noun} of {group}, per {per_words(bin_seconds)}",
        baseline=look.baseline,
        window=look.window,
        palette=colours(desk),
        missing=missing,
    )
    draw_selectable(figure, view_key(look, f"volume-{group}"), f"Volume of {group}", _marked)


def _marked(key: str) -> None:
    """A span was marked: the whole page has to follow, not this part alone."""
    narrowed(key)
    st.session_state[_NARROWED] = True
