"""What fails and what is slow, read off the ledger without asking why."""

from datetime import datetime, timedelta

from scipy.special import betainc

from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import Onset
from opspilot.diagnosis.complaints import Complaint, complaints
from opspilot.diagnosis.levels import only_began
from opspilot.domain.evidence import LogDetail, MetricDetail
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.snapshots import metric_points

_FAIR_SHARE = 0.3
_FEWEST_EVENTS = 3
_SIGNIFICANT = 0.01
_SIGNIFICANT_BESIDE_METRIC = 0.05
_IN_PROPORTION = 1.5
_CLEARLY_MORE = 3.0
_A_MINUTE = timedelta(minutes=1)
_DEATH = "signal: killed"
_SHARE_OF = {
    "lambda.errors": "lambda.invocations",
    "api.5xx": "api.count",
    "api.4xx": "api.count",
    "dynamodb.conditional_failures": "dynamodb.writes",
}
"""Count to the traffic that it is a share of."""
_OF_CLIENTS = "api.4xx"
"""Clients bring a share of it about at any time; failures of ours count from the first call."""


def onset_of(shown: Shown[MetricDetail], period: timedelta) -> Onset | None:
    """The onset of an anomalous metric."""
    detail = shown.detail
    if detail.onset is None:
        return None
    seconds = detail.onset_uncertainty_seconds
    return Onset(detail.onset, timedelta(seconds=seconds) if seconds else period)


def timeouts(case: Case, resource: Resource) -> Shown[LogDetail] | None:
    """The log of a function, if timeouts are what its failures are, or are clearly more."""
    log = case.log(resource)
    if log and accounts_for(case, log, log.detail.timeouts, log.detail.timeouts_baseline):
        return log
    return None


def killed_for_memory(case: Case, resource: Resource) -> Shown[LogDetail] | None:
    """The log of a function, if deaths for memory are what its failures are, or clearly more."""
    log = case.log(resource)
    if log and accounts_for(case, log, log.detail.out_of_memory, log.detail.out_of_memory_baseline):
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
    return (log, more) if accounts_for(case, log, sum(more.values()), known) else None


def misconfigured(
    case: Case, resource: Resource
) -> tuple[Shown[LogDetail], tuple[Complaint, ...]] | None:
    """The log of a function and its complaints of wrong values, if those are what fails it."""
    log = case.log(resource)
    found = complaints(log.detail) if log else ()
    if log is None or not found:
        return None
    now, before = sum(one.count for one in found), sum(one.before for one in found)
    return (log, found) if accounts_for(case, log, now, before) else None


def accounts_for(case: Case, log: Shown[LogDetail], now: int, before: int) -> bool:
    """Whether events of a log account for a function's failures.

    They have to be more than before by an exact test against the window of equal length (binomial
    with one half), a looser one where the metric of failures rose as well; and where that was
    counted and the log was read whole, they have to be a fair share of it.
    """
    if now <= before or now < _FEWEST_EVENTS:
        return False
    errors = failures(case, log.evidence.resource)
    chance = float(betainc(now, before + 1, 0.5))
    if errors is None:
        return chance < _SIGNIFICANT
    total = errors.detail.total_incident
    share = not total or log.evidence.status != "complete" or now >= _FAIR_SHARE * total
    return share and chance < _SIGNIFICANT_BESIDE_METRIC


def failures(case: Case, function: Resource) -> Shown[MetricDetail] | None:
    """The metric of a function's errors, where it rose by more than its traffic did."""
    shown = case.risen(function, "lambda.errors")
    return shown if shown and out_of_proportion(case, shown) else None


def out_of_proportion(case: Case, shown: Shown[MetricDetail]) -> bool:
    """Whether a count rose by more than the traffic that it is a share of."""
    traffic = case.risen(shown.evidence.resource, _SHARE_OF.get(shown.detail.signal, ""))
    if traffic is None:
        return True
    if shown.detail.signal == _OF_CLIENTS and only_began(traffic):
        return False  # There was no traffic before that would tell what share is usual.
    now, before = shown.detail.total_incident, shown.detail.total_baseline
    all_now, all_before = traffic.detail.total_incident, traffic.detail.total_baseline
    if not (before and all_before and all_now and now is not None):
        return True
    return now / all_now >= _IN_PROPORTION * before / all_before


def failing(case: Case) -> tuple[Resource, ...]:
    """Functions whose errors rose or that time out, the incident's own first."""
    return tuple(
        resource
        for resource in case.functions
        if failures(case, resource)
        or timeouts(case, resource)
        or killed_for_memory(case, resource)
        or _told_by_log_alone(case, resource)
    )


def _told_by_log_alone(case: Case, resource: Resource) -> bool:
    """Whether its log tells of failures while its metric of errors could not be read."""
    if case.metric(resource, "lambda.errors") is not None:
        return False
    return bool(risen_errors(case, resource) or misconfigured(case, resource))


def failure_onset(case: Case, resource: Resource) -> Onset | None:
    """When a function began to fail: by its errors, else by the first such line of its log."""
    errors = failures(case, resource)
    found = onset_of(errors, case.period) if errors else None
    first = _first_in_log(case, resource)
    if first is None:
        return found
    if errors is None or found is None or abs(first - found.at) <= 2 * case.period:
        return Onset(first, timedelta(seconds=1))
    return Onset(first, timedelta(seconds=1)) if _thin_since(errors, first, found) else found


def _thin_since(errors: Shown[MetricDetail], first: datetime, found: Onset) -> bool:
    """Whether it failed since the first such line, by too few errors for the metric to stand out.

    Where little is called, one error in five is one in many minutes.
    """
    points = list(metric_points(errors.evidence))
    early = [value for at, value in points if first - _A_MINUTE < at < found.at]
    before = [value for at, value in points if at <= first - _A_MINUTE]
    usual = sum(before) / len(before) if before else 0.0
    return sum(early) >= max(_FEWEST_EVENTS, _CLEARLY_MORE * usual * len(early))


def _first_in_log(case: Case, resource: Resource) -> datetime | None:
    """The first timeout, death, complaint or new error, of those that the failures are."""
    timed_out, told = timeouts(case, resource), misconfigured(case, resource)
    killed, errors = killed_for_memory(case, resource), risen_errors(case, resource)
    words = [_DEATH] if killed else []
    words += errors[1] if errors else []
    log = case.log(resource)
    return earliest(
        timed_out.detail.first_timeout if timed_out else None,
        *(
            pattern.first_seen
            for pattern in (log.detail.patterns if log else ())
            if pattern.change == "new" and any(word in pattern.pattern for word in words)
        ),
        *(one.first_seen for one in (told[1] if told else ()) if not one.before),
    )


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
