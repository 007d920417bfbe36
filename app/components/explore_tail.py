"""The tail of a log: its newest lines as they arrive, until it is stopped."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from app import state
from app.components.explore_around import gap_text
from app.components.explore_lines import lines_block, lines_text
from app.guard import guarded, show_notice
from app.markup import el, show
from app.state import Notice
from app.wiring import desk
from opspilot.domain.wording import plural
from opspilot.engine.explore_lines import FoundLines, Line, filter_of

MOST_KEPT = 500
EVERY_SECONDS = 2
_LATE = timedelta(seconds=15)
_FIRST_LOOK = timedelta(minutes=1)


@dataclass(frozen=True)
class Tail:
    """What a tail has shown so far.

    Attributes:
        since: The next look begins here: lines before it are settled, later ones are read again.
        dropped: Lines that went out at the top.
    """

    group: str
    pattern: str
    since: datetime
    lines: tuple[Line, ...] = ()
    dropped: int = 0


def tail(group: str) -> None:
    """Start, follow and stop the tail of a log; drawn in a fragment of its own."""
    text = st.text_input(
        "Only lines with this text", key="tail-text", max_chars=1_000, width=420,
        placeholder="Every line",
    )  # fmt: skip
    pattern = filter_of(text or "")
    running = state.current().tail
    if running is not None and (running.group, running.pattern) != (group, pattern):
        running = None
        state.remember(tail=None)
    left = st.container(horizontal=True, gap="small")
    if running is None:
        left.button(
            "Start the tail", key="tail-start", type="primary", on_click=_begin,
            args=(group, pattern),
        )  # fmt: skip
        st.caption(f"Reads the newest lines every {EVERY_SECONDS} s, at most {MOST_KEPT} are kept.")
        return
    left.button("Stop the tail", key="tail-stop", on_click=_stop)
    st.fragment(_look, run_every=EVERY_SECONDS)()


def followed(known: Tail, found: FoundLines) -> Tail:
    """The tail after a look: what was read again replaces what was known of that time."""
    settled = tuple(line for line in known.lines if line.at < known.since)
    lines = settled + found.lines
    newest = found.lines[-1].at if found.lines else known.since
    kept = lines[-MOST_KEPT:]
    return Tail(
        group=known.group,
        pattern=known.pattern,
        # Late lines may still come from a little before the newest, unless the answer was cut.
        since=max(known.since, newest if found.truncated else newest - _LATE),
        lines=kept,
        dropped=known.dropped + len(lines) - len(kept),
    )


def _begin(group: str, pattern: str) -> None:
    now = desk().now.account
    if now is not None:
        state.remember(tail=Tail(group, pattern, now - _FIRST_LOOK))


def _stop() -> None:
    state.remember(tail=None)


def _look() -> None:
    known = state.current().tail
    if known is None:
        return
    with guarded("reading the tail"):
        found = desk().bench.explorer.tail(known.group, known.since, known.pattern)
        if found.gap:
            show_notice(Notice(what=f"{known.group}: {gap_text(found.gap)}", tone="waiting"))
            return
        now = followed(known, found)
        state.remember(tail=now)
        _shown(now, behind=found.truncated)


def _shown(now: Tail, *, behind: bool) -> None:
    dropped = f", {now.dropped:,} older ones dropped" if now.dropped else ""
    late = " More lines arrive than are read: the tail lags behind." if behind else ""
    count = plural(len(now.lines), "line")
    show(el("p", f"{count} of {now.group}{dropped}, newest first.{late}", cls="op-num"))
    if not now.lines:
        st.caption("Nothing was logged in the last minute; new lines appear by themselves.")
        return
    with st.container(height=420, key="tail-lines"):
        show(lines_block(tuple(reversed(now.lines))))
    st.download_button(
        "Download the tail (text)",
        data=lines_text(now.lines),
        file_name="opspilot-tail.txt",
        mime="text/plain",
        key="tail-text-file",
    )
