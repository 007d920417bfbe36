"""The controls of the investigate page: what to look at, over which time, against which baseline.

The widgets and the address say the same: whatever changes last wins, so that a link, the browser's
way back and a drag over a chart all lead to one view.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from app import queries
from app.components.open_form import called
from app.explored import (
    BASELINES,
    NAMES,
    RANGE,
    WINDOWS,
    Choice,
    custom_query,
    custom_text,
    metric_typed,
    minutes_around,
    of_whole,
    read,
    whole_text,
    written,
)
from app.guard import notice_of, show_notice
from app.state import Notice
from app.wiring import Desk
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import SIGNALS, signals_of
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window
from opspilot.engine.explore import Asked, asked_of, checked_view, period_of
from opspilot.errors import InputError, OpsPilotError

_KEYS = {name: f"look-{name}" for name in ("resource", "metric", "window", "start", "end")}
_BASELINE, _VIEW, _SEEN = "look-baseline", "look-view", "look-address"
_CUSTOM, _WHOLE = "look-custom", "look-whole"
_VIEWS = ("Detected", "Raw")
_TELLING = frozenset(
    {
        "lambda.errors", "lambda.invocations", "lambda.duration_p99",
        "api.5xx", "api.count", "api.latency_p99",
        "sqs.visible", "sqs.oldest_age", "dynamodb.throttled", "dynamodb.reads",
    }
)  # fmt: skip
_KINDS = {
    ResourceKind.FUNCTION: "function",
    ResourceKind.API: "API",
    ResourceKind.QUEUE: "queue",
    ResourceKind.TABLE: "table",
}
_TITLES = {
    one.name: f"{one.title} ({_KINDS[kind]})" for kind, group in SIGNALS.items() for one in group
}
_WINDOW_WORDS = {key: words for key, (words, _) in WINDOWS.items()} | {RANGE: "Start and end (UTC)"}
_BASELINE_WORDS = {key: words for key, (words, _) in BASELINES.items()}


@dataclass(frozen=True)
class Look:
    """What is looked at, resolved.

    Attributes:
        asked: The series, in the order chosen.
    """

    choice: Choice
    resources: tuple[Resource, ...]
    asked: tuple[Asked, ...]
    window: Window
    baseline: Window

    @property
    def span(self) -> Window:
        """Baseline and window together."""
        return self.baseline.joined(self.window)


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
    _custom_form()
    choice = _chosen()
    _write_address(choice)
    for problem in problems:
        show_notice(Notice(what=problem, tone="waiting"))
    return _resolved(choice, known, desk)


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
        st.session_state[_KEYS["metric"]] = [one for one in choice.metrics if one in _TITLES]
        st.session_state[_KEYS["window"]] = choice.window
        st.session_state[_BASELINE] = choice.baseline
        st.session_state[_VIEW] = _VIEWS[choice.raw]
        st.session_state[_CUSTOM] = list(choice.custom)
        st.session_state[_WHOLE] = choice.whole
        if choice.start and choice.end:
            _set_range(choice.start, choice.end)
    unknown = [one for one in choice.metrics if one not in _TITLES]
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
    state = st.session_state
    names = {one.arn: one.name for one in _unique(queries.resources())}
    typed: list[str] = state[_KEYS["resource"]]
    ranged = state[_KEYS["window"]] == RANGE
    start, end = (state.get(_KEYS[name]) if ranged else None for name in ("start", "end"))
    return Choice(
        resources=tuple(names.get(one, one) for one in typed),
        metrics=tuple(state[_KEYS["metric"]]),
        custom=tuple(state[_CUSTOM]),
        window=state[_KEYS["window"]],
        start=start.replace(tzinfo=UTC) if start else None,
        end=end.replace(tzinfo=UTC) if end else None,
        baseline=state[_BASELINE],
        raw=state[_VIEW] == _VIEWS[1],
        whole=state[_WHOLE],
    )


def _unique(known: Sequence[Resource]) -> list[Resource]:
    """The resources whose short name says which they are."""
    names = [one.name for one in known]
    return [one for one in known if names.count(one.name) == 1]


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
        list(_TITLES),
        format_func=_TITLES.__getitem__,
        key=_KEYS["metric"],
        placeholder="The most telling ones",
    )


def _time_fields(desk: Desk) -> None:
    state = st.session_state
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
        if state[_KEYS["window"]] == RANGE:
            st.datetime_input("Start (UTC)", step=60, key=_KEYS["start"], width=200)
            st.datetime_input("End (UTC)", step=60, key=_KEYS["end"], width=200)
        st.selectbox(
            "Baseline",
            list(_BASELINE_WORDS),
            format_func=_BASELINE_WORDS.__getitem__,
            key=_BASELINE,
            width=180,
        )
        st.segmented_control("Show", _VIEWS, key=_VIEW, required=True)
        if state[_KEYS["window"]] != RANGE:
            st.button(
                "Pin",
                key="look-pin",
                on_click=_begin_range,
                args=(desk.now.account, True),
                help="Keep this very window: the link then shows it whenever it is opened.",
                disabled=desk.now.account is None,
            )
        if state[_WHOLE]:
            st.button("Back to the whole", key="look-back", on_click=_back)


def _begin_range(now: datetime | None, pin: bool = False) -> None:
    """A range begins as the window that was shown; a window that is chosen ends a narrowing."""
    state = st.session_state
    if not pin and state[_KEYS["window"]] != RANGE:
        state[_WHOLE] = ""
        return
    seen: dict[str, list[str]] = state.get(_SEEN, {})
    before: str = state[_KEYS["window"]] if pin else seen.get("window", [Choice.window])[0]
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


def _custom_form() -> None:
    """Any metric of CloudWatch, typed by hand."""
    chosen: list[str] = st.session_state[_CUSTOM]
    with st.expander("Any other metric of CloudWatch", expanded=False):
        with (
            st.form("look-custom-form", border=False),
            st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
        ):
            namespace = st.text_input("Namespace", key="look-namespace", placeholder="AWS/Lambda")
            metric = st.text_input("Metric", key="look-name", placeholder="IteratorAge")
            statistic = st.text_input("Statistic", "Average", key="look-statistic", width=120)
            dimensions = st.text_input(
                "Dimensions", key="look-dimensions", placeholder="Name=value, Name=value", width=300
            )
            sent = st.form_submit_button("Add")
        if sent:
            found = metric_typed(
                namespace or "", metric or "", statistic or "",
                [one for one in (dimensions or "").split(",") if one.strip()],
            )  # fmt: skip
            if isinstance(found, str):
                st.error(f"This metric cannot be read: {found}")
            elif custom_text(found) not in chosen:
                st.session_state[_CUSTOM] = [*chosen, custom_text(found)]
        for index, text in enumerate(st.session_state[_CUSTOM]):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.text(text.replace("|", "  "), width="content")
                st.button(
                    "Remove", key=f"look-remove-{index}", type="tertiary",
                    on_click=_remove, args=(text,),
                )  # fmt: skip


def _remove(text: str) -> None:
    st.session_state[_CUSTOM] = [one for one in st.session_state[_CUSTOM] if one != text]


def _resolved(choice: Choice, known: Sequence[Resource], desk: Desk) -> Look | None:
    """The look, or None after saying what is missing or wrong."""
    if desk.now.account is None:
        return None
    span = choice.span(desk.now.account)
    if span is None:
        st.error("Give a start that lies before the end.")
        return None
    try:
        window, baseline = checked_view(span, BASELINES[choice.baseline][1], desk.now.account)
    except InputError as error:
        show_notice(notice_of(error, ""))
        return None
    resources = _resources(choice.resources, known)
    asked = _asked(choice, resources, baseline.joined(window))
    if not asked:
        _nothing(choice, resources)
        return None
    return Look(choice, resources, asked, window, baseline)


def _resources(named: Sequence[str], known: Sequence[Resource]) -> tuple[Resource, ...]:
    found: dict[Resource, None] = {}
    by_name = {one.name: one for one in _unique(known)} | {one.arn: one for one in known}
    for name in named:
        try:
            found[by_name.get(name) or queries.resolved(name)] = None
        except OpsPilotError as error:
            show_notice(notice_of(error, "The other resources are shown."))
    return tuple(found)


def _asked(choice: Choice, resources: Sequence[Resource], span: Window) -> tuple[Asked, ...]:
    wanted = set(choice.metrics) or _TELLING
    series = [one for resource in resources for one in asked_of(resource, sorted(wanted), span)]
    for text in choice.custom:
        query = custom_query(text)
        if isinstance(query, MetricQuery):
            values = "/".join(value for _, value in query.dimensions) or query.namespace
            timed = query.model_copy(update={"period_seconds": period_of(span)})
            series.append(Asked(subject=values, query=timed))
    return tuple(series)


def _nothing(choice: Choice, resources: Sequence[Resource]) -> None:
    """Say why there is nothing to draw, and what to do."""
    if not choice.resources:
        st.info(
            "Choose a resource: its errors, traffic and duration are drawn against the time "
            "before. Several resources share one time axis."
        )
    elif resources and not any(signals_of(one) for one in resources):
        names = ", ".join(one.name for one in resources)
        st.info(f"OpsPilot knows no metric of {names} by itself: type one below the fields.")
    elif resources:
        titles = ", ".join(_TITLES[one] for one in choice.metrics)
        st.info(f"None of the chosen resources has {titles}. Choose other metrics.")


def _named(names: Mapping[str, str], key: str) -> str:
    return names.get(key, key)
