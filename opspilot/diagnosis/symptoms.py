"""What fails and what is slow, read off the ledger without asking why."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scipy.stats import binom

from opspilot.diagnosis.case import DURATIONS, Case, Shown
from opspilot.diagnosis.change_search import Onset
from opspilot.diagnosis.complaints import Complaint, complaints
from opspilot.domain.evidence import LogDetail, MetricDetail
from opspilot.domain.resource import Resource, ResourceKind

_EXPLAINS_SHARE = 0.3
_FAIR_SHARE = 0.3
_FEWEST_EVENTS = 3
_SIGNIFICANT = 0.01
_DEATH = "signal: killed"

HARM = (
    "lambda.errors",
    "lambda.throttles",
    *DURATIONS,
    "api.5xx",
    "api.4xx",
    "api.latency_p99",
    "sqs.visible",
    "sqs.oldest_age",
    "dynamodb.read_throttles",
    "dynamodb.write_throttles",
)
"""Signals whose rise hurts somebody; more traffic alone hurts nobody."""

TRAFFIC = (
    "lambda.invocations",
    "api.count",
    "lambda.concurrency",
    "dynamodb.reads",
    "dynamodb.writes",
)


@dataclass(frozen=True, slots=True)
class Slow:
    """A function whose duration rose."""

    resource: Resource
    shown: Shown[MetricDetail]
    onset: Onset


def onset_of(shown: Shown[MetricDetail], period: timedelta) -> Onset | None:
    """The onset of an anomalous metric."""
    detail = shown.detail
    if detail.onset is None:
        return None
    seconds = detail.onset_uncertainty_seconds
    return Onset(detail.onset, timedelta(seconds=seconds) if seconds else period)


def slowed(case: Case, resource: Resource) -> Slow | None:
    """The function as slow, by the one of its risen durations whose onset is known best."""
    risen = [shown for signal in DURATIONS if (shown := case.risen(resource, signal))]
    dated = [(onset, shown) for shown in risen if (onset := onset_of(shown, case.period))]
    if not dated:
        return None
    onset, shown = min(dated, key=lambda pair: (pair[0].uncertainty, pair[0].at))
    return Slow(resource, shown, onset)


def slowest_chain(case: Case, start: Resource) -> list[Slow]:
    """The slowed callees from `start` down: each explains the one above it, the last by itself.

    A callee explains its caller if it slowed by a fair part of what the caller slowed by; a
    statistically clear rise of a few milliseconds does not explain seconds.
    """
    chain: list[Slow] = []
    above, seen = start, {start}
    while True:
        slow = [
            one
            for callee in case.callees(above)
            if callee not in seen and (one := slowed(case, callee)) and _explains(case, one, above)
        ]
        if not slow:
            return chain
        chain.append(max(slow, key=lambda one: _rise(one.shown)))
        above = chain[-1].resource
        seen.add(above)


def _rise(shown: Shown[MetricDetail]) -> float:
    before, now = shown.detail.baseline_value, shown.detail.incident_value
    return now - before if before is not None and now is not None else 0.0


def _explains(case: Case, callee: Slow, above: Resource) -> bool:
    """Whether the callee's rise is a fair part of its caller's, under one statistic."""
    for signal in DURATIONS:
        own, other = case.risen(callee.resource, signal), case.risen(above, signal)
        if own and other:
            return _rise(own) >= _EXPLAINS_SHARE * _rise(other)
    return True


def timeouts(case: Case, resource: Resource) -> Shown[LogDetail] | None:
    """The log of a function, if timeouts are what its failures are, or are clearly more."""
    log = case.log(resource)
    if log and _tells(case, log, log.detail.timeouts, log.detail.timeouts_baseline):
        return log
    return None


def killed_for_memory(case: Case, resource: Resource) -> Shown[LogDetail] | None:
    """The log of a function, if deaths for memory are what its failures are, or clearly more."""
    log = case.log(resource)
    if log and _tells(case, log, log.detail.out_of_memory, log.detail.out_of_memory_baseline):
        return log
    return None


def risen_errors(case: Case, resource: Resource) -> tuple[Shown[LogDetail], dict[str, int]] | None:
    """The log of a function and its error types, if those are what its failures are.

    A handful of errors of the everyday kind among hundreds of timeouts is not told.
    """
    log = case.log(resource)
    if log is None:
        return None
    before = log.detail.errors_baseline
    more = {name: n for name, n in log.detail.errors.items() if n > before.get(name, 0)}
    known = sum(before.get(name, 0) for name in more)
    return (log, more) if _tells(case, log, sum(more.values()), known) else None


def misconfigured(
    case: Case, resource: Resource
) -> tuple[Shown[LogDetail], tuple[Complaint, ...]] | None:
    """The log of a function and its complaints of wrong values, if those are what fails it."""
    log = case.log(resource)
    found = complaints(log.detail) if log else ()
    if log is None or not found:
        return None
    now, before = sum(one.count for one in found), sum(one.before for one in found)
    return (log, found) if _tells(case, log, now, before) else None


def _tells(case: Case, log: Shown[LogDetail], now: int, before: int) -> bool:
    """Whether events of a log account for a function's failures.

    Against the failures that its metric counts, where those rose and the log was read whole; else
    by an exact test of their number against the window of equal length before (binomial with one
    half).
    """
    if now <= before or now < _FEWEST_EVENTS:
        return False
    errors = case.risen(log.evidence.resource, "lambda.errors")
    total = errors.detail.total_incident if errors else None
    if total and log.evidence.status == "complete":
        return now >= _FAIR_SHARE * total
    return float(binom.sf(now - 1, now + before, 0.5)) < _SIGNIFICANT


def failing(case: Case) -> tuple[Resource, ...]:
    """Functions whose errors rose or that time out, the incident's own first."""
    return tuple(
        resource
        for resource in case.functions
        if case.risen(resource, "lambda.errors")
        or timeouts(case, resource)
        or killed_for_memory(case, resource)
    )


def failure_onset(case: Case, resource: Resource) -> Onset | None:
    """When a function began to fail: by its errors, else by the first such line of its log."""
    errors = case.risen(resource, "lambda.errors")
    found = onset_of(errors, case.period) if errors else None
    first = _first_in_log(case, resource)
    if first and (found is None or abs(first - found.at) <= 2 * case.period):
        return Onset(first, timedelta(seconds=1))
    return found


def _first_in_log(case: Case, resource: Resource) -> datetime | None:
    """The first timeout, death for memory or complaint, of those that the failures are."""
    timed_out, told = timeouts(case, resource), misconfigured(case, resource)
    killed = killed_for_memory(case, resource)
    deaths = [
        pattern.first_seen
        for pattern in (killed.detail.patterns if killed else ())
        if pattern.change == "new" and _DEATH in pattern.pattern
    ]
    return earliest(
        timed_out.detail.first_timeout if timed_out else None,
        *deaths,
        *(one.first_seen for one in (told[1] if told else ()) if not one.before),
    )


def harmed(case: Case) -> bool:
    """Whether anything abnormal hurts: in a harmful signal, in vanished traffic, or in a log."""
    return any(_hurts(shown.detail) for shown in case.metrics) or any(
        timeouts(case, resource)
        or killed_for_memory(case, resource)
        or risen_errors(case, resource)
        for resource in case.functions
    )


def _hurts(detail: MetricDetail) -> bool:
    if not detail.anomalous:
        return False
    if detail.direction == "up":
        return detail.signal in HARM
    return detail.signal in TRAFFIC


def entry_of(case: Case, resource: Resource) -> Resource:
    """Where those outside come in: the API above a resource, if one is known, else the resource."""
    level, seen = [resource], {resource}
    while level:
        for one in level:
            if one.kind is ResourceKind.API:
                return one
        above = [caller for one in level for caller in case.callers(one) if caller not in seen]
        seen.update(above)
        level = above
    return resource


def limit_seconds(case: Case, resource: Resource) -> float | None:
    """The timeout of a function, as its log names it or as it is configured."""
    log = case.log(resource)
    if log and log.detail.timeout_seconds:
        return log.detail.timeout_seconds
    configuration = case.configuration(resource)
    return float(configuration.detail.timeout_seconds) if configuration else None


def earliest(*moments: datetime | None) -> datetime | None:
    """The earliest known moment."""
    return min((moment for moment in moments if moment is not None), default=None)
