"""A function is called many times for each piece of work: retries upon retries, or a loop.

Mechanism: invocations rise by far more than what comes in from outside, either because callers
repeat what fails, or because a function feeds itself (Lambda drops such loops, and counts them).
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Assessment, Brief, Harm, Onset
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_change, changes_behind
from opspilot.diagnosis.levels import growth
from opspilot.diagnosis.symptoms import entry_of, onset_of
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource, ResourceKind

CAUSE_CLASS = "lambda.retry_storm"
_PRIOR = -2.5
_AMPLIFIED = 1.8
_MANIFOLD = 3.0


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function that is called far more often than its callers are."""
    for function in case.functions:
        dropped = case.risen(function, "lambda.recursive")
        more = case.risen(function, "lambda.invocations")
        amplified = _amplified(case, function, more) if more else None
        if dropped or (more and amplified):
            yield _weigh(case, function, dropped, more, amplified)


def _amplified(
    case: Case, function: Resource, more: Shown[MetricDetail]
) -> tuple[float, Shown[MetricDetail]] | None:
    """(by how much more than what feeds it, the metric of that), if by enough."""
    times = growth(more)
    fed = _fed_by(case, function)
    usual = growth(fed) if fed else None
    if times is None or fed is None or usual is None or times < _AMPLIFIED * max(usual, 0.5):
        return None
    return times / usual, fed


def _fed_by(case: Case, function: Resource) -> Shown[MetricDetail] | None:
    """The traffic that the function's own should follow: of its callers, its source, the entry."""
    for caller in case.callers(function):
        signal = "api.count" if caller.kind is ResourceKind.API else "lambda.invocations"
        shown = case.metric(caller, signal) if caller != function else None
        if shown:
            return shown
    for source in case.sources_of(function):
        shown = case.metric(source, "sqs.sent") or case.metric(source, "stream.incoming")
        if shown:
            return shown
    entry = entry_of(case, function)
    return case.metric(entry, "api.count") if entry != function else None


def _weigh(
    case: Case,
    function: Resource,
    dropped: Shown[MetricDetail] | None,
    more: Shown[MetricDetail] | None,
    amplified: tuple[float, Shown[MetricDetail]] | None,
) -> Assessment:
    shown = dropped or more
    onset = onset_of(shown, case.period) if shown else None
    repeats = _repeater(case, function, onset)
    accused = function if dropped else repeats
    brief = Brief(CAUSE_CLASS, accused, _PRIOR)
    if dropped:
        text = f"Lambda dropped calls of {function.name} as a loop that feeds itself"
        brief.speaks_for(STRONG, text, dropped.id)
    if amplified and more:
        factor, fed = amplified
        text = (
            f"{function.name} is called {factor:.2g} times as often for each call of"
            f" {fed.evidence.resource.name} as before"
        )
        brief.speaks_for(STRONG if factor >= _MANIFOLD else GOOD, text, more.id, fed.id)
    _argue_failures(brief, case, function)
    found = changes_behind(case, accused, onset, _could_repeat) if onset else None
    close = False
    if onset:
        close = argue_change(brief, case, onset, found, f"release or change of {accused.name}")
    return brief.assessment(
        f"{function.name} is fed by itself in a loop"
        if dropped
        else f"{accused.name} calls {function.name} again and again for one piece of work",
        onset,
        harm=[Harm(function, "repeats")],
        change=found.key if found else "",
        change_found=close,
        in_metrics=True,
        in_logs=dropped is not None or (amplified is not None and amplified[0] >= _MANIFOLD),
        failing=function,
    )


def _repeater(case: Case, function: Resource, onset: Onset | None) -> Resource:
    """Who calls again: the caller that was changed, or the only one; else the function itself."""
    callers = [one for one in case.callers(function) if one.kind is ResourceKind.FUNCTION]
    others = [one for one in callers if one != function]
    changed = [one for one in others if onset and changes_behind(case, one, onset, _could_repeat)]
    if len(changed) == 1:
        return changed[0]
    return others[0] if len(others) == 1 and function not in callers else function


def _argue_failures(brief: Brief, case: Case, function: Resource) -> None:
    """What is repeated failed, was turned away, or took too long."""
    shown = case.risen(function, "lambda.errors", "lambda.throttles", "lambda.duration_p99")
    if shown:
        brief.speaks_for(WEAK, f"{function.name} fails, throttles or slows meanwhile", shown.id)
    entry = entry_of(case, function)
    came = case.risen(entry, "api.count") if entry.kind is ResourceKind.API else None
    if came:
        brief.speaks_against(FAIR, f"more came in from outside at {entry.name} too", came.id)


def _could_repeat(change: Change) -> bool:
    return change.kind in ("release", "configuration")
