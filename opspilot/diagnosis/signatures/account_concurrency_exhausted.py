"""The account's functions together run as many executions as the account may: all are turned away.

Mechanism: concurrency of the account stands at its limit, and functions without a reservation
throttle, however little they do themselves. Who takes the executions is told by the function whose
concurrency rose most.
"""

from collections.abc import Iterator

from opspilot.diagnosis.account import account_of
from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Assessment, Brief, Harm
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_trigger, changes_behind
from opspilot.diagnosis.symptoms import onset_of
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number

CAUSE_CLASS = "lambda.account_concurrency_exhausted"
_PRIOR = -2.5
_FULL, _ROOMY = 0.9, 0.7
_UNREAD_CAP = 0.6


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it where functions without a reservation throttle."""
    throttled = [
        (one, shown)
        for one in case.functions
        if (shown := case.risen(one, "lambda.throttles")) and not _is_reserved(case, one)
    ]
    account = account_of(case)
    shown = case.risen(account, "account.throttles")
    if throttled or shown:
        yield _weigh(case, account, throttled, shown)


def _is_reserved(case: Case, function: Resource) -> bool:
    configuration = case.configuration(function)
    return configuration is not None and configuration.detail.reserved_concurrency is not None


def _weigh(
    case: Case,
    account: Resource,
    throttled: list[tuple[Resource, Shown[MetricDetail]]],
    all_throttles: Shown[MetricDetail] | None,
) -> Assessment:
    brief = Brief(CAUSE_CLASS, account, _PRIOR)
    if throttled:
        names = ", ".join(one.name for one, _ in throttled)
        text = f"{names}, without a reservation, turned callers away"
        brief.speaks_for(GOOD if len(throttled) > 1 else FAIR, text, *(s.id for _, s in throttled))
    if all_throttles:
        brief.speaks_for(WEAK, "throttles of the whole account rose", all_throttles.id)
    full = _argue_limit(brief, case, account)
    onsets = [
        onset for shown in _all(throttled, all_throttles) if (onset := onset_of(shown, case.period))
    ]
    onset = min(onsets, key=lambda one: one.at, default=None)
    close, found = False, None
    taker = _taker(case)
    if onset:
        found = changes_behind(case, account, onset, _is_capacity)
        close = argue_trigger(brief, case, onset, found, "lower limit of the account", taker)
    who = f"; {taker.evidence.resource.name} takes the most of them" if taker else ""
    return brief.assessment(
        f"The account's functions run into its limit of concurrent executions{who}",
        onset,
        harm=[Harm(one, "throttles") for one, _ in throttled] or [Harm(account, "throttles")],
        change=found.key if found else "",
        change_found=close,
        in_metrics=full,
        in_logs=full,
        failing=throttled[0][0] if throttled else None,
    )


def _all(
    throttled: list[tuple[Resource, Shown[MetricDetail]]], more: Shown[MetricDetail] | None
) -> list[Shown[MetricDetail]]:
    return [*(shown for _, shown in throttled), *([more] if more else [])]


def _argue_limit(brief: Brief, case: Case, account: Resource) -> bool:
    """Whether the account's concurrency stands at its limit."""
    limits, used = case.limits, case.metric(account, "account.concurrency")
    if limits is None or used is None or used.detail.peak_value is None:
        brief.misses("the account's concurrency and its limit were not both read")
        brief.cap(_UNREAD_CAP, "whether the account's limit was reached was not read")
        return False
    most, peak = limits.detail.concurrent_executions, used.detail.peak_value
    reserved = limits.detail.reserved
    text = f"up to {number(peak)} executions at a time, of {number(most)} that the account may run"
    if peak >= _FULL * most or peak >= _FULL * (most - reserved):
        brief.speaks_for(STRONG, text, used.id, limits.id)
        return True
    if peak < _ROOMY * (most - reserved):
        brief.speaks_against(GOOD, text, used.id, limits.id)
        brief.rule_out(f"the account never ran near its limit: {text}")
    else:
        brief.speaks_against(FAIR, text, used.id, limits.id)
    return False


def _taker(case: Case) -> Shown[MetricDetail] | None:
    """The concurrency that rose most, by executions."""
    risen = [shown for one in case.functions if (shown := case.risen(one, "lambda.concurrency"))]
    return max(
        risen,
        key=lambda one: (one.detail.incident_value or 0.0) - (one.detail.baseline_value or 0.0),
        default=None,
    )


def _is_capacity(change: Change) -> bool:
    return change.kind == "capacity"
