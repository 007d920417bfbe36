"""Asynchronous events of a function wait, are tried again, and are dropped in the end.

Mechanism: AsyncEventAge and AsyncEventsDropped rise, or dead letters cannot be delivered, because
the function fails or is throttled, or because its settings (retries, age) were changed.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import (
    FAIR,
    GOOD,
    LEAD_CAP,
    STRONG,
    WEAK,
    Assessment,
    Brief,
    Harm,
)
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_trigger, changes_behind
from opspilot.diagnosis.symptoms import failures, onset_of
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number, quantity

CAUSE_CLASS = "lambda.async_backlog"
_PRIOR = -2.0
_HOLDING = {"async_max_retries", "async_max_age_seconds", "reserved_concurrency", "dead_letter"}
"""Settings that decide how long an event waits, and when it is given up."""


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function whose asynchronous events age or get lost."""
    for function in case.functions:
        signals = ("lambda.async_dropped", "lambda.dead_letter_errors", "lambda.async_age")
        risen = [shown for signal in signals if (shown := case.risen(function, signal))]
        if risen:
            yield _weigh(case, function, risen)


def _weigh(case: Case, function: Resource, risen: list[Shown[MetricDetail]]) -> Assessment:
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    for shown in risen:
        _argue_signal(brief, function, shown)
    _argue_settings(brief, case, function)
    own = failures(case, function)
    if own and _explains(case, function, own):
        text = f"{function.name} fails itself, and no more is dropped than what failed"
        brief.speaks_against(STRONG, text, own.id)
        brief.cap(LEAD_CAP, "what is dropped is what failed: an effect")
    elif own:
        text = f"{function.name} fails itself: its events are tried again for that"
        brief.speaks_against(WEAK, text, own.id)
    dated = [onset for shown in risen if (onset := onset_of(shown, case.period))]
    onset = min(dated, key=lambda one: one.at, default=None)
    found = changes_behind(case, function, onset, _could_hold_up) if onset else None
    close = False
    if onset:
        surge = case.risen(function, "lambda.invocations", "lambda.concurrency")
        what = f"change of {function.name} or of its asynchronous settings"
        close = argue_trigger(brief, case, onset, found, what, surge)
    return brief.assessment(
        f"Asynchronous events of {function.name} wait too long or get lost",
        onset,
        harm=[Harm(function, "backlog")],
        change=found.key if found else "",
        change_found=close,
        in_metrics=True,
        in_logs=len(risen) > 1,
        failing=function if own else None,
    )


def _argue_signal(brief: Brief, function: Resource, shown: Shown[MetricDetail]) -> None:
    detail = shown.detail
    if detail.signal == "lambda.async_age":
        peak = quantity(detail.peak_value or 0.0, detail.unit)
        brief.speaks_for(GOOD, f"events of {function.name} waited up to {peak}", shown.id)
        return
    total = number(detail.total_incident or 0.0)
    lost = detail.signal == "lambda.async_dropped"
    text = f"{total} of them were dropped" if lost else f"{total} dead letters were not delivered"
    brief.speaks_for(STRONG if lost else GOOD, text, shown.id)


def _argue_settings(brief: Brief, case: Case, function: Resource) -> None:
    shown = case.configuration(function)
    if shown is None:
        brief.misses(f"the asynchronous settings of {function.name} were not read")
        return
    throttles = case.risen(function, "lambda.throttles")
    if throttles:
        brief.speaks_for(FAIR, f"{function.name} is throttled meanwhile", throttles.id)
    if shown.detail.async_max_retries == 0:
        brief.speaks_for(WEAK, "a failed event is not tried again", shown.id)
    if not shown.detail.dead_letter:
        brief.speaks_for(WEAK, "what is dropped goes nowhere: no dead-letter target", shown.id)


def _explains(case: Case, function: Resource, own: Shown[MetricDetail]) -> bool:
    """Whether its own failures account for what is dropped: it is not throttled, and drops less."""
    dropped = case.risen(function, "lambda.async_dropped")
    if dropped is None or case.risen(function, "lambda.throttles"):
        return False
    return (dropped.detail.total_incident or 0.0) <= (own.detail.total_incident or 0.0)


def _could_hold_up(change: Change) -> bool:
    if change.kind == "configuration":
        return not _HOLDING.isdisjoint(change.after)
    return change.kind in ("capacity", "other")
