"""A function's reserved concurrency is too small for its traffic; Lambda turns callers away.

Mechanism: throttles rise while the function's concurrency stands at its reservation.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, LEAD_CAP, Assessment, Brief, Harm, Onset
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_trigger, changes_behind, lowers
from opspilot.diagnosis.harm import hurts
from opspilot.diagnosis.slowness import Slow, slowed
from opspilot.diagnosis.symptoms import onset_of
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import clock, number

CAUSE_CLASS = "lambda.throttled_by_reserved_concurrency"
_PRIOR = -2.0


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function whose throttles rose."""
    for function in case.functions:
        throttles = case.risen(function, "lambda.throttles")
        if throttles:
            yield _weigh(case, function, throttles)


def _weigh(case: Case, function: Resource, throttles: Shown[MetricDetail]) -> Assessment:
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    total = throttles.detail.total_incident
    counted = f" ({number(total)} in all)" if total is not None else ""
    brief.speaks_for(GOOD, f"throttles of {function.name} rose{counted}", throttles.id)
    reserved = _argue_reservation(brief, case, function)
    onset = onset_of(throttles, case.period)
    close, change = False, None
    if onset:
        change = changes_behind(case, function, onset, _lowers_reservation)
        longer = None if change else _takes_longer(case, function, onset)
        more = ("lambda.invocations",) if longer else ("lambda.invocations", "lambda.concurrency")
        surge = case.risen(function, *more)
        what = f"lower reservation of {function.name}"
        close = argue_trigger(brief, case, onset, change, what, surge)
        if longer and surge is None:
            text = f"each of its calls takes longer since {clock(longer.onset.at)}, no more come"
            brief.speaks_against(GOOD, text, longer.shown.id)
            brief.cap(LEAD_CAP, "its calls hold their places longer: the limit is as it was")
    limit = f" of {reserved}" if reserved is not None else ""
    return brief.assessment(
        f"The reserved concurrency{limit} of {function.name} is too small",
        onset,
        harm=[Harm(function, "throttles")],
        setting="reserved_concurrency",
        change=change.key if change else "",
        change_found=close,
        in_metrics=True,
        failing=function,
    )


def _takes_longer(case: Case, function: Resource, onset: Onset) -> Slow | None:
    """The function as slow from no later on: each call holds its place longer."""
    slow = slowed(case, function)
    if slow and hurts(case, slow.shown) and slow.onset.at <= onset.latest + case.period:
        return slow
    return None


def _argue_reservation(brief: Brief, case: Case, function: Resource) -> int | None:
    configuration = case.configuration(function)
    if configuration is None:
        brief.misses(f"the reserved concurrency of {function.name} was not read")
        return None
    reserved = configuration.detail.reserved_concurrency
    if reserved is None:
        brief.rule_out(f"{function.name} has no reserved concurrency")
        brief.speaks_against(GOOD, "no concurrency is reserved for it", configuration.id)
        return None
    brief.speaks_for(FAIR, f"{reserved} executions at a time are reserved", configuration.id)
    used = case.metric(function, "lambda.concurrency")
    if used and used.detail.peak_value is not None:
        peak = used.detail.peak_value
        text = f"it ran up to {number(peak)} at a time"
        if peak >= reserved:
            brief.speaks_for(GOOD, text, used.id)
        elif peak < 0.5 * reserved:
            brief.speaks_against(FAIR, text, used.id)
    return reserved


def _lowers_reservation(change: Change) -> bool:
    return lowers(change, "reserved_concurrency")
