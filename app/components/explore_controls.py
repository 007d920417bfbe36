"""The controls of the investigate page: what to look at, over which time, against which baseline.

The widgets and the address say the same: whatever changes last wins, so that a link, the browser's
way back and a drag over a chart all lead to one view.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from app import queries, state
from app.components.explore_custom import CUSTOM, custom_form
from app.components.explore_look import TITLES, Look, resolved, unique
from app.components.open_form import called
from app.explored import (
    BASELINES,
    FIXED,
    NAMES,
    RANGE,
    WINDOWS,
    Choice,
    minutes_around,
    of_whole,
    read,
    whole_text,
    window_of,
    written,
)
from app.guard import show_notice
from app.state import Notice
from app.wiring import Desk
from opspilot.domain.resource import Resource

_KEYS = {name: f"look-{name}" for name in ("resource", "metric", "window", "start", "end")}
_BASELINE, _VIEW, _SEEN = "look-baseline", "look-view", "look-address"
_WHOLE, _AGAINST = "look-whole", "look-against"
_VIEWS = ("Detected", "Raw")
_WINDOW_WORDS = {key: words for key, (words, _) in WINDOWS.items()} | {RANGE: "Start and end (UTC)"}
_BASELINE_WORDS = {key: words for key, (words, _) in BASELINES.items()}


def controls(desk: Desk) -> Look | None:
    """Draw the controls; None, with the reason said, when there is nothing to look at yet."""
    problems = _take_address()
    known = queries.listed_resources()
    left, right = st.columns(2, gap="medium")
    with left:
        _resource_field(known)
    with right:
        _metric_field()
    _time_fields(desk)
    custom_form()
    choice = _chosen()
    _write_address(choice)
    for problem in problems:
        show_notice(Notice(what=problem, tone="waiting"))
    # A run that only shows what became of a count looks at the same moment again.
    at = state.current().explored_at
    state.remember(explored_at=None)
    return resolved(choice, known, at or desk.now.account)


def narrow(start: datetime, end: datetime) -> None:
    """Look at a part of the window: for callbacks, before the widgets are drawn."""
    choice = _chosen()
    st.session_state[_WHOLE] = choice.whole or whole_text(choice)
    _set_range(*minutes_around(start, end))


def _take_address() -> tuple[str, ...]:
    """Fill the widgets from the address when somebody else than this page wrote it."""
    address = {name: st.query_params.get_all(name) for name in NAMES}
    choice, problems = read(address)
    now = {name: values for name, values in address.items() if values}
    if st.session_state.get(_SEEN) != now or _KEYS["window"] not in st.session_state:
        known = {one.name: one.arn for one in queries.resources()}
        st.session_state[_KEYS["resource"]] = [known.get(one, one) for one in choice.resources]
        st.session_state[_KEYS["metric"]] = [one for one in choice.metrics if one in TITLES]
        st.session_state[_KEYS["window"]] = choice.window
        st.session_state[_BASELINE] = choice.baseline
        st.session_state[_AGAINST] = choice.against or st.session_state.get(_AGAINST, "")
        st.session_state[_VIEW] = _VIEWS[choice.raw]
        st.session_state[CUSTOM] = list(choice.custom)
        st.session_state[_WHOLE] = choice.whole
        if choice.start and choice.end:
            _set_range(choice.start, choice.end)
    unknown = [one for one in choice.metrics if one not in TITLES]
    return problems + tuple(f"There is no metric called {one!r}." for one in unknown)


def _write_address(choice: Choice) -> None:
    wanted = written(choice)
    for name in NAMES:
        if st.query_params.get_all(name) != wanted.get(name, []):
            if name in wanted:
                st.query_params[name] = wanted[name]
            else:
                del st.query_params[name]
    st.session_state[_SEEN] = wanted


def _chosen() -> Choice:
    """The choices as the widgets have them."""
    held = st.session_state
    fixed = held[_BASELINE] == FIXED
    names = {one.arn: one.name for one in unique(queries.resources())}
    typed: list[str] = held[_KEYS["resource"]]
    ranged = held[_KEYS["window"]] == RANGE
    start, end = (held.get(_KEYS[name]) if ranged else None for name in ("start", "end"))
    return Choice(
        resources=tuple(names.get(one, one) for one in typed),
        metrics=tuple(held[_KEYS["metric"]]),
        custom=tuple(held[CUSTOM]),
        window=held[_KEYS["window"]],
        start=start.replace(tzinfo=UTC) if start else None,
        end=end.replace(tzinfo=UTC) if end else None,
        baseline=held[_BASELINE],
        against=held[_AGAINST] if fixed else "",
        raw=held[_VIEW] == _VIEWS[1],
        whole=held[_WHOLE],
    )


def _resource_field(known: Sequence[Resource]) -> None:
    names = {one.arn: called(one) for one in known}
    typed = [one for one in st.session_state[_KEYS["resource"]] if one not in names]
    st.multiselect(
        "Resources",
        [*names, *typed],
        format_func=partial(_named, names),
        key=_KEYS["resource"],
        placeholder="Search the account, or type a name or ARN",
        accept_new_options=True,
        max_selections=12,
    )


def _metric_field() -> None:
    st.multiselect(
        "Metrics",
        list(TITLES),
        format_func=TITLES.__getitem__,
        key=_KEYS["metric"],
        placeholder="The most telling ones",
    )


def _time_fields(desk: Desk) -> None:
    held = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Window",
            list(_WINDOW_WORDS),
            format_func=_WINDOW_WORDS.__getitem__,
            key=_KEYS["window"],
            width=190,
            on_change=_begin_range,
            args=(desk.now.account,),
        )
        if held[_KEYS["window"]] == RANGE:
            st.datetime_input("Start (UTC)", step=60, key=_KEYS["start"], width=200)
            st.datetime_input("End (UTC)", step=60, key=_KEYS["end"], width=200)
        st.selectbox(
            "Baseline",
            [*_BASELINE_WORDS, *([FIXED] if held[_AGAINST] else [])],
            format_func=_baseline_words,
            key=_BASELINE,
            width=230 if held[_BASELINE] == FIXED else 180,
        )
        st.segmented_control("Show", _VIEWS, key=_VIEW, required=True)
        if held[_KEYS["window"]] != RANGE:
            st.button(
                "Pin",
                key="look-pin",
                on_click=_begin_range,
                args=(desk.now.account, True),
                help="Keep this very window: the link then shows it whenever it is opened.",
                disabled=desk.now.account is None,
            )
        if held[_WHOLE]:
            st.button("Back to the whole", key="look-back", on_click=_back)


def _begin_range(now: datetime | None, pin: bool = False) -> None:
    """A range begins as the window that was shown; a window that is chosen ends a narrowing."""
    held = st.session_state
    if not pin and held[_KEYS["window"]] != RANGE:
        held[_WHOLE] = ""
        return
    seen: dict[str, list[str]] = held.get(_SEEN, {})
    before: str = held[_KEYS["window"]] if pin else seen.get("window", [Choice.window])[0]
    span = Choice(window=before).span(now) if now else None
    if span:
        _set_range(span.start, span.end)


def _back() -> None:
    window, start, end = of_whole(st.session_state[_WHOLE])
    st.session_state[_WHOLE] = ""
    st.session_state[_KEYS["window"]] = window
    if start and end:
        _set_range(start, end)


def _set_range(start: datetime, end: datetime) -> None:
    st.session_state[_KEYS["window"]] = RANGE
    st.session_state[_KEYS["start"]] = start.replace(tzinfo=None)
    st.session_state[_KEYS["end"]] = end.replace(tzinfo=None)


def _baseline_words(key: str) -> str:
    fixed = window_of(st.session_state[_AGAINST]) if key == FIXED else None
    if fixed is None:
        return _BASELINE_WORDS[key]
    return f"{fixed.start:%-d %b %H:%M} to {fixed.end:%H:%M}"


def _named(names: Mapping[str, str], key: str) -> str:
    return names.get(key, key)
