"""What the choices of the investigate page come to: resources, series, window and baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app import queries
from app.explored import BASELINES, Choice, custom_query
from app.guard import notice_of, show_notice
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import SIGNALS, signals_of
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window
from opspilot.engine.explore import Asked, asked_of
from opspilot.engine.explore_spans import checked_against, checked_view, period_of
from opspilot.errors import InputError, OpsPilotError

_TELLING = frozenset(
    {
        "lambda.errors", "lambda.invocations", "lambda.duration_p99",
        "api.5xx", "api.count", "api.latency_p99",
        "sqs.visible", "sqs.oldest_age", "dynamodb.write_throttles", "dynamodb.reads",
    }
)  # fmt: skip
_KINDS = {
    ResourceKind.FUNCTION: "function",
    ResourceKind.API: "API",
    ResourceKind.QUEUE: "queue",
    ResourceKind.TABLE: "table",
    ResourceKind.STREAM: "stream",
    ResourceKind.ACCOUNT: "account",
}
TITLES = {
    one.name: f"{one.title} ({_KINDS[kind]})" for kind, group in SIGNALS.items() for one in group
}
"""What each signal of ours is called in a list."""


@dataclass(frozen=True)
class Look:
    """What is looked at, resolved.

    Attributes:
        asked: The series, in the order chosen.
        at: Account time that counted as now.
    """

    choice: Choice
    resources: tuple[Resource, ...]
    asked: tuple[Asked, ...]
    window: Window
    baseline: Window
    at: datetime

    @property
    def span(self) -> Window:
        """Baseline and window together."""
        return self.baseline.joined(self.window)


def resolved(choice: Choice, known: Sequence[Resource], now: datetime | None) -> Look | None:
    """The look at this account time, or None after saying what is missing or wrong."""
    if now is None:
        return None
    span = choice.span(now)
    if span is None:
        st.error("Give a start that lies before the end.")
        return None
    try:
        window, baseline = _spans(choice, span, now)
    except InputError as error:
        show_notice(notice_of(error, ""))
        return None
    resources = _resources(choice.resources, known)
    asked = _asked(choice, resources, baseline.joined(window))
    if not asked:
        _nothing(choice, resources)
        return None
    return Look(choice, resources, asked, window, baseline, now)


def _spans(choice: Choice, span: Window, now: datetime) -> tuple[Window, Window]:
    fixed = choice.fixed()
    if fixed is not None:
        return checked_against(span, fixed, now)
    return checked_view(span, BASELINES[choice.baseline][1], now)


def _resources(named: Sequence[str], known: Sequence[Resource]) -> tuple[Resource, ...]:
    found: dict[Resource, None] = {}
    by_name = {one.name: one for one in unique(known)} | {one.arn: one for one in known}
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
        titles = ", ".join(TITLES[one] for one in choice.metrics)
        st.info(f"None of the chosen resources has {titles}. Choose other metrics.")


def unique(known: Sequence[Resource]) -> list[Resource]:
    """The resources whose short name says which they are."""
    names = [one.name for one in known]
    return [one for one in known if names.count(one.name) == 1]
