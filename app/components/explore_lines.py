"""Raw lines on the investigate page: searched, page by page, and all of them as a file."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from app import explore_queries
from app.components.explore_around import gap_text
from app.components.explore_look import Look
from app.guard import show_notice
from app.markup import Html, el, show
from app.state import Notice
from opspilot.domain.window import Window
from opspilot.domain.wording import plural
from opspilot.engine.explore_lines import MOST_COLLECTED, FoundLines, Line, filter_of

_PAGE_SIZES = (100, 250, 500)
_PLAIN, _FILTER = "Plain text", "Filter pattern"
_BAD = frozenset({"ERROR", "FATAL", "CRITICAL"})
_WARNING = frozenset({"WARN", "WARNING"})
_FROM = "from"
_EARLIER = "look-pages"


def lines(look: Look, group: str) -> None:
    """Raw lines of the window that hold a text, or match a filter pattern, a page at a time.

    Raises:
        OpsPilotError: The log could not be searched at all.
    """
    pattern, size = _search_fields()
    begin = _begin(look.window)
    rest = Window(start=begin or look.window.start, end=look.window.end)
    found = explore_queries.found_lines(group, rest, pattern, size)
    if found.gap:
        show_notice(Notice(what=f"{group}: {gap_text(found.gap)}", tone="waiting"))
        return
    show(_counted(found, group, pattern))
    _page_buttons(found, begin, look.window)
    if found.lines:
        with st.container(height=460, key="look-lines"):
            show(lines_block(found.lines))
    _files(found, look, group, pattern)


def lines_block(shown: Sequence[Line]) -> Html:
    """Lines in a fixed-width face, the level of each in words and colour."""
    return el("ol", *map(_line, shown), cls="op-lines")


def lines_text(shown: Sequence[Line]) -> str:
    """Lines as a text file: time, stream, line."""
    return "".join(f"{one.at.isoformat()}\t{one.stream}\t{one.text}\n" for one in shown)


def file_text(found: FoundLines) -> str:
    """A search as a text file; its last line says where the answer was cut, if it was."""
    text = lines_text(found.lines)
    if found.gap:
        return f"{text}# cut: {gap_text(found.gap)}\n"
    if found.truncated and found.searched_until:
        return f"{text}# cut: whole until {found.searched_until.isoformat()}\n"
    return text


def _search_fields() -> tuple[str, int]:
    """The filter pattern that is asked for, and how many lines make a page."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search for", key="find", bind="query-params", max_chars=1_000, width=420,
            placeholder="Every line", on_change=_to_first,
        )  # fmt: skip
        how = st.segmented_control(
            "As", (_PLAIN, _FILTER), key="as-pattern", required=True, default=_PLAIN,
            bind="query-params", on_change=_to_first,
        )  # fmt: skip
        size = st.selectbox(
            "Lines a page", _PAGE_SIZES, key="most", bind="query-params", width=130,
            on_change=_to_first,
        )  # fmt: skip
    pattern = filter_of(text or "") if how == _PLAIN else (text or "").strip()
    return pattern, size


def _begin(window: Window) -> datetime | None:
    """Where the shown page begins; None on the first one."""
    try:
        at = datetime.fromisoformat(st.query_params.get(_FROM, ""))
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at if window.start < at < window.end else None


def _page_buttons(found: FoundLines, begin: datetime | None, window: Window) -> None:
    """First, previous and next page; nothing where one page holds everything."""
    if begin is None and found.goes_on is None:
        return
    earlier: list[str] = st.session_state.get(_EARLIER, [])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("First page", key="page-first", on_click=_to_first, disabled=begin is None)
        st.button(
            "Previous page", key="page-back", on_click=_back,
            disabled=begin is None or not earlier,
            help=None if earlier else "A link opens one page: go to the first one and on.",
        )  # fmt: skip
        onward = "Next page" if found.lines else "Search on"
        st.button(
            onward, key="page-next", on_click=_onward, args=(found.goes_on,),
            disabled=found.goes_on is None,
        )  # fmt: skip
        until = found.goes_on or window.end
        st.caption(f"{(until - window.start) / window.length:.0%} of the window", width="content")


def _to_first() -> None:
    st.session_state[_EARLIER] = []
    st.query_params.pop(_FROM, None)


def _onward(goes_on: datetime) -> None:
    st.session_state[_EARLIER] = [*st.session_state.get(_EARLIER, []), _here()]
    st.query_params[_FROM] = goes_on.isoformat(timespec="milliseconds")


def _back() -> None:
    earlier: list[str] = st.session_state.get(_EARLIER, [])
    before = earlier.pop() if earlier else ""
    if before:
        st.query_params[_FROM] = before
    else:
        st.query_params.pop(_FROM, None)


def _here() -> str:
    return st.query_params.get(_FROM, "")


def _counted(found: FoundLines, group: str, pattern: str) -> Html:
    """What the page holds, and whether more follows."""
    wanted = f"match {pattern}" if pattern else "were logged"
    until = found.searched_until or found.window.end
    span = f"from {_moment(found.window.start)} to {_moment(until)} UTC"
    count = plural(len(found.lines), "line") if found.lines else "No lines"
    more = " More follow." if found.goes_on and found.lines else ""
    if found.goes_on and not found.lines:
        more = " The search has not reached the end of the window: search on."
    if found.truncated and found.goes_on is None:
        more = f" Cut: {'; '.join(found.notes)}. Narrow the window to see the rest."
    tone = "op-num op-waiting-text" if found.truncated and not found.goes_on else "op-num"
    return el("p", f"{count} of {group} {wanted} {span}.{more}", cls=tone)


def _moment(at: datetime) -> str:
    return f"{at:%-d %b %H:%M:%S}"


def _files(found: FoundLines, look: Look, group: str, pattern: str) -> None:
    if not found.lines:
        return
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Download this page (text)",
            data=file_text(found),
            file_name="opspilot-lines.txt",
            mime="text/plain",
            key="look-lines-text",
        )
        st.download_button(
            "Download all that match (text)",
            data=lambda: file_text(explore_queries.every_line(group, look.window, pattern)),
            file_name="opspilot-all-lines.txt",
            mime="text/plain",
            key="look-all-lines",
            help=f"Of the whole window, at most about {MOST_COLLECTED:,} lines; a file that was "
            "cut says so in its last line.",
        )


def _line(one: Line) -> Html:
    tone = "breach" if one.level in _BAD else "waiting" if one.level in _WARNING else "quiet"
    return el(
        "li",
        el("time", f"{one.at:%H:%M:%S}.{one.at.microsecond // 1000:03}", title=one.at.isoformat()),
        el("span", one.level or "·", cls=f"op-level op-level-{tone}"),
        el("span", one.text, cls="op-line-text", title=one.stream),
    )


__all__ = ["file_text", "lines", "lines_block", "lines_text"]
