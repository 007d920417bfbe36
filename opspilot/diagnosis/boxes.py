"""The three boxes of a verdict: cause, first failure, impact. A symptom is never called a cause."""

from collections.abc import Sequence
from datetime import datetime

from opspilot.diagnosis.assessment import Assessment, Onset
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.families import Family, told
from opspilot.diagnosis.harm import hurts
from opspilot.diagnosis.symptoms import (
    earliest,
    entry_of,
    failing,
    failure_onset,
    onset_of,
    timeouts,
)
from opspilot.domain.hypothesis import Argument, Cause, FirstFailure, Impact
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import signal_named
from opspilot.domain.snapshots import total_since
from opspilot.domain.wording import clock, number, plural, share

_CALLS = "lambda.invocations"


def cause_of(leading: Assessment) -> Cause:
    """First box: the change of state that started it."""
    hypothesis = leading.hypothesis
    return Cause(
        cause_class=hypothesis.cause_class,
        resource=hypothesis.resource,
        summary=hypothesis.summary,
        setting=hypothesis.setting,
        also=hypothesis.also,
        onset=hypothesis.onset,
        onset_uncertainty_seconds=hypothesis.onset_uncertainty_seconds,
        evidence=_cited(hypothesis.arguments_for),
    )


def first_failure_of(
    case: Case, leading: Assessment | None, settled: Sequence[Assessment] = ()
) -> FirstFailure | None:
    """Second box: the component that failed first; None when nothing fails.

    The leading explanation says who fails by it, and of several settled ones the earliest counts.
    Without one the earliest of all counts, and of several in the same period the one furthest down
    the call chain. Where no function fails, whoever turned calls away did.
    """
    failed = _said_to_fail(case, leading, settled) or _earliest_failing(case)
    if failed is None:
        return _throttled_first(case) or _refused_first(case, leading) or _answered_badly(case)
    onset = failure_onset(case, failed)
    errors, log = case.risen(failed, "lambda.errors"), timeouts(case, failed)
    said = "failed"
    if log:
        limit = log.detail.timeout_seconds
        said = f"timed out after {limit:g} s" if limit else "timed out"
    since = f" first at {clock(onset.at)}" if onset else ""
    return FirstFailure(
        resource=failed,
        summary=f"{failed.name} {said}{since}",
        at=onset.at if onset else None,
        uncertainty_seconds=onset.uncertainty.total_seconds() if onset else None,
        evidence=tuple(shown.id for shown in (errors, log) if shown),
    )


def _said_to_fail(
    case: Case, leading: Assessment | None, settled: Sequence[Assessment]
) -> Resource | None:
    """Who fails by the leading explanation; of two faults, by the one that failed first."""
    if leading is None or leading.failing is None:
        return None
    dated = [
        (onset.at, one.failing)
        for one in (leading, *settled)
        if one.failing and (onset := _failed_at(case, one.failing))
    ]
    return min(dated, key=lambda pair: pair[0])[1] if dated else leading.failing


def _failed_at(case: Case, function: Resource) -> Onset | None:
    """When it began to fail, or else to turn callers away."""
    throttles = case.risen(function, "lambda.throttles")
    turned = onset_of(throttles, case.period) if throttles else None
    return failure_onset(case, function) or turned


def _earliest_failing(case: Case) -> Resource | None:
    fails = failing(case)
    deepest = [one for one in fails if not set(case.callees(one)) & set(fails)]
    candidates = [(onset.at, one) for one in deepest if (onset := failure_onset(case, one))]
    if not candidates:
        return next(iter(fails), None)
    return min(candidates, key=lambda pair: pair[0])[1]


def _throttled_first(case: Case) -> FirstFailure | None:
    for resource in case.functions:
        shown = case.risen(resource, "lambda.throttles")
        if shown:
            return FirstFailure(
                resource=resource,
                summary=f"{resource.name} turned callers away",
                at=shown.detail.onset,
                uncertainty_seconds=shown.detail.onset_uncertainty_seconds,
                evidence=(shown.id,),
            )
    return None


def _refused_first(case: Case, leading: Assessment | None) -> FirstFailure | None:
    """The user of a table whose log tells that the table refused it, though few calls failed."""
    table = leading.hypothesis.resource if leading else None
    if leading is None or table is None or table.kind is not ResourceKind.TABLE:
        return None
    for user in case.users_of(table):
        log = case.log(user)
        for family in (Family.CONDITIONAL, Family.THROTTLED):
            said = told(log, family) if log else None
            if log and said and said.count > said.before:
                at = said.first_seen or leading.hypothesis.onset
                since = f" first at {clock(at)}" if at else ""
                return FirstFailure(
                    resource=user,
                    summary=f"{user.name} was refused by {table.name}{since}",
                    at=at,
                    uncertainty_seconds=1.0 if said.first_seen else None,
                    evidence=(log.id,),
                )
    return None


def _answered_badly(case: Case) -> FirstFailure | None:
    """The API whose bad answers rose first."""
    found = [
        (onset.at, shown)
        for api in case.apis
        for signal in ("api.5xx", "api.4xx")
        if (shown := case.risen(api, signal)) and hurts(case, shown)
        if (onset := onset_of(shown, case.period))
    ]
    if not found:
        return None
    at, shown = min(found, key=lambda pair: pair[0])
    api, kind = shown.evidence.resource, shown.detail.signal.removeprefix("api.")
    return FirstFailure(
        resource=api,
        summary=f"{api.name} answered {kind} first at {clock(at)}",
        at=at,
        uncertainty_seconds=shown.detail.onset_uncertainty_seconds,
        evidence=(shown.id,),
    )


def impact_of(case: Case, since: datetime | None) -> Impact | None:
    """Third box: the share of calls from outside that failed since the onset.

    Measured where those outside come in (an API), if failures reach that far; else at the
    incident's own function; else by the callers that a function turned away. None when no traffic
    was read.
    """
    own = case.incident.resource
    entry = entry_of(case, own)
    places = [(entry, "api.5xx", "api.count")] if entry.kind is ResourceKind.API else []
    functions = [own, *failing(case)]
    places += [
        (one, "lambda.errors", _CALLS)
        for one in dict.fromkeys(functions)
        if one.kind is ResourceKind.FUNCTION
    ]
    start = since or case.incident.window.start
    read = [found for place in places if (found := _measured(case, *place, start))]
    away = [found for one in case.functions if (found := _turned_away(case, one, start))]
    return next((one for one in [*read, *away] if one.failed), None) or next(iter(read), None)


def _turned_away(case: Case, function: Resource, start: datetime) -> Impact | None:
    """Calls that a throttled function did not take; Lambda does not count them as invocations."""
    shown, calls = case.risen(function, "lambda.throttles"), case.metric(function, _CALLS)
    refused = total_since(shown.evidence, start) if shown else None
    if shown is None or not refused:
        return None
    total = refused + ((total_since(calls.evidence, start) if calls else None) or 0.0)
    return Impact(
        resource=function,
        summary=(
            f"{function.name} turned {share(refused / total)} of its callers away since"
            f" {clock(start)}: {number(refused)} throttles in {plural(total, 'call')}"
        ),
        failed=refused,
        total=total,
        evidence=tuple(one.id for one in (shown, calls) if one),
    )


def _measured(
    case: Case, resource: Resource, failed: str, total: str, start: datetime
) -> Impact | None:
    bad, calls = case.metric(resource, failed), case.metric(resource, total)
    if calls is None:
        return None
    count = total_since(calls.evidence, start)
    if not count:
        return None
    failures = (total_since(bad.evidence, start) if bad else None) or 0.0
    failures = min(failures, count)
    what = signal_named(failed).title.lower()
    return Impact(
        resource=resource,
        summary=(
            f"{share(failures / count)} of calls to {resource.name} failed since {clock(start)}:"
            f" {number(failures)} {what} in {plural(count, 'call')}"
        ),
        failed=failures,
        total=count,
        evidence=tuple(shown.id for shown in (bad, calls) if shown),
    )


def since_of(leading: Assessment | None, failure: FirstFailure | None) -> datetime | None:
    """From when on harm is counted: from the first failure or the cause's onset, the earlier."""
    return earliest(failure.at if failure else None, leading.hypothesis.onset if leading else None)


def _cited(arguments: tuple[Argument, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for argument in arguments for one in argument.evidence))
