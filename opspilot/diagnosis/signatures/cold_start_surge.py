"""Many invocations meet a function that still has to start: cold starts make callers wait.

Mechanism: an unusual share of invocations initialises first (Init Duration in their reports), and
callers become slow or give up while the function's own typical duration stays, because more traffic
needs more environments at once, or because a release or setting threw the warm ones away.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, WEAK, Assessment, Brief, Harm, Onset
from opspilot.diagnosis.cascade import callers_up
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_trigger, changes_behind
from opspilot.diagnosis.levels import growth
from opspilot.diagnosis.symptoms import failing, onset_of
from opspilot.domain.change import Change
from opspilot.domain.evidence import LogDetail, MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import milliseconds, number, plural, share

CAUSE_CLASS = "lambda.cold_start_surge"
_PRIOR = -2.5
_MANY = 0.05
_FEWEST = 8
_LONG_MS = 800.0
_FLAT = 1.5


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function of which an unusual share starts cold, while somebody waits."""
    for function in case.functions:
        log = case.log(function)
        waits = _waiting(case, function)
        if log and waits and _is_unusual(log.detail):
            yield _weigh(case, function, log, waits)


def _is_unusual(log: LogDetail) -> bool:
    """Whether cold starts are many, and clearly more than before where that was counted.

    One that replaces an environment which was killed is no cause: whatever killed it is.
    """
    killed = log.timeouts + log.out_of_memory + log.exits + log.init_failures
    cold = log.cold_starts - killed
    if cold < _FEWEST or not log.invocations:
        return False
    before = log.cold_starts_baseline
    return cold >= _MANY * log.invocations and (before is None or cold >= 3 * before)


def _waiting(case: Case, function: Resource) -> Shown[MetricDetail] | None:
    """The metric of whoever became slow or fails because of it: callers first, nearest first."""
    for one in (*callers_up(case, function), function):
        shown = case.risen(
            one,
            "api.latency_p99",
            "api.integration_latency_p99",
            "lambda.duration_p99",
            "lambda.duration_max",
            "lambda.errors",
        )
        if shown:
            return shown
    return None


def _weigh(
    case: Case, function: Resource, log: Shown[LogDetail], waits: Shown[MetricDetail]
) -> Assessment:
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    detail = log.detail
    cold = f"{plural(detail.cold_starts, 'invocation')} of {number(detail.invocations)}"
    part = share(min(1.0, detail.cold_starts / max(1, detail.invocations)))
    brief.speaks_for(GOOD, f"{cold} of {function.name} ({part}) had to start cold", log.id)
    _argue_init(brief, function, log)
    typical = case.metric(function, "lambda.duration_p50")
    grown = growth(typical)
    if typical and grown is not None and grown < _FLAT:
        brief.speaks_for(FAIR, f"its typical duration stayed ({grown:.2g} times)", typical.id)
    elif typical and grown is not None:
        text = f"its typical duration rose too ({grown:.2g} times): it is slow when warm as well"
        brief.speaks_against(GOOD, text, typical.id)
    brief.speaks_for(WEAK, f"{waits.evidence.resource.name} waits or fails", waits.id)
    onset = onset_of(waits, case.period)
    close, change = False, ""
    if onset:
        close, change = _argue_trigger(brief, case, function, onset)
    victim = waits.evidence.resource
    return brief.assessment(
        f"{part} of the invocations of {function.name} start cold"
        + (f", up to {milliseconds(detail.init_max_ms)} each" if detail.init_max_ms else ""),
        onset,
        harm=[Harm(function, "slow"), Harm(victim, "slow"), Harm(victim, "timeouts")],
        change=change,
        change_found=close,
        in_metrics=True,
        in_logs=True,
        failing=victim if victim in failing(case) else None,
    )


def _argue_init(brief: Brief, function: Resource, log: Shown[LogDetail]) -> None:
    longest = log.detail.init_max_ms
    if longest is None:
        brief.misses(f"how long {function.name} takes to start is not told", log.id)
    elif longest >= _LONG_MS:
        brief.speaks_for(WEAK, f"a start takes up to {milliseconds(longest)}", log.id)
    else:
        brief.speaks_against(FAIR, f"a start takes {milliseconds(longest)} at most", log.id)


def _argue_trigger(brief: Brief, case: Case, function: Resource, onset: Onset) -> tuple[bool, str]:
    found = changes_behind(case, function, onset, _empties)
    surge = case.risen(function, "lambda.concurrency", "lambda.invocations")
    what = f"release or change of {function.name}"
    return argue_trigger(brief, case, onset, found, what, surge), found.key if found else ""


def _empties(change: Change) -> bool:
    """Whether a change starts every environment anew, or gives back those kept warm."""
    return change.kind in ("release", "configuration", "capacity")
