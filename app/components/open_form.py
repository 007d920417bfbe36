"""The form by which a person opens an incident; what cannot be used is said at its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import streamlit as st

from app.formatting import Now, stamp, words
from app.guard import show_notice
from app.markup import el, show
from app.state import Notice
from opspilot.domain.incident import Incident, Severity
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import signals_of
from opspilot.domain.window import Window

_SHORTEST, _LONGEST = timedelta(minutes=5), timedelta(hours=24)
_CUSTOM = "Start and end"
_WINDOWS = {
    "Last 15 minutes": timedelta(minutes=15),
    "Last 30 minutes": timedelta(minutes=30),
    "Last hour": timedelta(hours=1),
    "Last 3 hours": timedelta(hours=3),
    "Last 12 hours": timedelta(hours=12),
}
_BASELINES = {
    "1 hour before": timedelta(hours=1),
    "3 hours before": timedelta(hours=3),
    "12 hours before": timedelta(hours=12),
    "1 day before": timedelta(days=1),
}
_KINDS = {
    ResourceKind.FUNCTION: "Lambda function",
    ResourceKind.API: "REST API",
    ResourceKind.QUEUE: "queue",
    ResourceKind.TABLE: "table",
    ResourceKind.STREAM: "stream",
}


@dataclass(frozen=True)
class Wanted:
    """What the person filled in.

    Attributes:
        resource: ARN of one of the account's resources, or a name or ARN as typed.
        window: None when the account's clock cannot be read: the engine then chooses.
        signal: Empty leaves the choice to the engine.
    """

    resource: str
    title: str
    window: Window | None
    baseline: timedelta
    severity: Severity
    signal: str
    description: str


def resource_field(known: Sequence[Resource]) -> tuple[str, Resource | None]:
    """The resource as typed or chosen, and which of the account's it is; the field searches."""
    by_arn = {one.arn: one for one in known}
    names = {one.arn: called(one) for one in known}
    chosen = st.selectbox(
        "Resource",
        list(by_arn),
        index=None,
        format_func=partial(_named, names),
        placeholder="Search the account, or type a name or ARN",
        accept_new_options=True,
        key="open-resource",
    )
    typed = (chosen or "").strip()
    named = by_arn.get(typed) or next((one for one in known if one.name == typed), None)
    return typed, named


def active_already(active: Incident) -> None:
    """Say before anything is sent that a report would join."""
    owner = f", owned by {active.owner.name}" if active.owner else ""
    what = f"{active.id} is active on {active.resource.name} already"
    show_notice(
        Notice(
            what=f"{what} ({active.severity.value}{owner}).",
            todo="Your report will join it: title and description become a note there.",
            tone="waiting",
        )
    )


def open_form(
    typed: str, resource: Resource | None, now: Now, refusal: str, *, joins: bool
) -> Wanted | None:
    """The rest of the form; what was filled in once it is sent and usable."""
    left, right = st.columns(2, gap="medium")
    with left:
        title = st.text_input("Title (may be left out)", max_chars=200, key="open-title")
        severity = st.selectbox(
            "Severity",
            list(Severity),
            index=1,
            format_func=words,
            key="open-severity",
        )
        signal = _signal_field(resource)
    with right:
        window, problem = _window_fields(now)
        compared = st.selectbox("Compare with", list(_BASELINES), index=1, key="open-baseline")
    description = st.text_area(
        "What was seen (may be left out)", max_chars=1_000, height=80, key="open-description"
    )
    label = "Join the active incident" if joins else "Open incident"
    sent = st.button(label, key="open-send", type="primary", disabled=bool(refusal))
    if refusal:
        show(el("p", refusal, cls="op-quiet-text"))
    problem = problem if typed else _NO_RESOURCE
    if sent and problem:
        st.error(problem)
    if not sent or problem:
        return None
    return Wanted(
        typed,
        (title or "").strip(),
        window,
        _BASELINES[compared],
        severity,
        signal,
        (description or "").strip(),
    )


_NO_RESOURCE = "Name the resource: a Lambda function, table, queue, stream or API."


def _named(names: Mapping[str, str], key: str) -> str:
    """What an option is called; one that was typed is called by itself."""
    return names.get(key, key)


def called(resource: Resource) -> str:
    """What a resource is called in a list: its name and kind."""
    kind = "HTTP API" if resource.is_http_api else _KINDS.get(resource.kind, resource.service)
    return f"{resource.name} ({kind})"


def _signal_field(resource: Resource | None) -> str:
    signals = signals_of(resource) if resource else ()
    titles = {"": "The most telling one"} | {one.name: one.title for one in signals}
    chosen = st.selectbox(
        "Signal on which it was seen",
        list(titles),
        format_func=partial(_named, titles),
        disabled=not signals,
        help="Recovery is measured on it again." if signals else "Choose a resource first.",
        key=f"open-signal-{resource.kind if resource else ''}",
    )
    return chosen or ""


def _window_fields(now: Now) -> tuple[Window | None, str]:
    """The window, and what is wrong with it in words."""
    chosen = st.selectbox("Time under suspicion", [*_WINDOWS, _CUSTOM], index=1, key="open-window")
    if now.account is None:
        return None, ""
    if chosen != _CUSTOM:
        return Window(start=now.account - _WINDOWS[chosen], end=now.account), ""
    earlier = (now.account - timedelta(minutes=30)).replace(second=0, microsecond=0, tzinfo=None)
    latest = now.account.replace(second=0, microsecond=0, tzinfo=None)
    # Without keys their first values would move with the clock, and the choice with them.
    start = st.datetime_input("Start (UTC)", value=earlier, step=60, key="open-start")
    end = st.datetime_input("End (UTC)", value=latest, step=60, key="open-end")
    show(el("p", f"The account's clock shows {stamp(now.account)}.", cls="op-quiet-text"))
    return window_between(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC), now.account)


def window_between(start: datetime, end: datetime, now: datetime) -> tuple[Window | None, str]:
    """The window between two moments, or None and what is wrong with it.

    Args:
        start: As chosen.
        end: As chosen; what lies after `now` is left out later.
        now: Account time.
    """
    if start >= now:
        return None, (
            f"The start lies in the future: the account's clock shows {stamp(now)}. "
            "Choose one that has passed."
        )
    if start >= end:
        return None, "The start must lie before the end."
    if not _SHORTEST <= min(end, now) - start <= _LONGEST:
        return None, "The window must last 5 minutes to 24 hours; choose another start or end."
    return Window(start=start, end=end), ""
