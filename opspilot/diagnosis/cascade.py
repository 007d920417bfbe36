"""How harm passes on: who is hurt when something fails, and whose failures come from below.

A caller's errors are explained by a callee's when the callee failed no later and often enough. What
is left fails by itself; a cascade of any depth ends there.
"""

from collections.abc import Iterable
from datetime import datetime

from opspilot.diagnosis.case import Case
from opspilot.diagnosis.levels import total
from opspilot.diagnosis.symptoms import (
    failing,
    failure_onset,
    killed_for_memory,
    onset_of,
    risen_errors,
    timeouts,
)
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.snapshots import metric_points

_ALONE_SHARE = 0.2
_SEVERAL = 3
_OWN_SHARE = 0.35
"""A function of whose failures at least this share has no counterpart below fails by itself too."""


def hurt_by(case: Case, resource: Resource) -> tuple[Resource, ...]:
    """Whoever is hurt at once when a resource fails: callers, users, and what it should consume."""
    if resource.kind is ResourceKind.ACCOUNT:
        return case.functions
    if resource.kind is ResourceKind.TABLE:
        return case.users_of(resource)
    if resource.kind in (ResourceKind.QUEUE, ResourceKind.STREAM):
        return ()
    return (*case.callers(resource), *case.sources_of(resource))


def reach(case: Case, resources: Iterable[Resource]) -> frozenset[Resource]:
    """All who are hurt in the end, without those that harm starts from."""
    start = set(resources)
    seen, level = set(start), list(start)
    while level:
        level = [
            other
            for one in level
            for other in dict.fromkeys(hurt_by(case, one))
            if other not in seen
        ]
        seen.update(level)
    return frozenset(seen - start)


def callers_up(case: Case, function: Resource) -> tuple[Resource, ...]:
    """Whoever waits for a function, directly or through others, nearest first."""
    found: dict[Resource, None] = {}
    level = [function]
    while level:
        level = [
            caller
            for one in level
            for caller in case.callers(one)
            if caller != function and caller not in found
        ]
        found.update(dict.fromkeys(level))
    return tuple(found)


def passed_on(case: Case, function: Resource) -> tuple[Resource, ...]:
    """The callees whose failures account for a function's; empty where it fails by itself."""
    onset = failure_onset(case, function)
    if onset is None or timeouts(case, function) or killed_for_memory(case, function):
        return ()
    below = _failing_below(case, function, onset.latest)
    if not below:
        return ()
    if _began_alone(case, function, below):
        return ()
    # What began below it later counts as well: the caller fails for that one too by now.
    every = _failing_below(case, function, case.now)
    mine = _failed(case, function, onset.at)
    theirs = [count for one in every if (count := _failed(case, one, onset.at)) is not None]
    if not mine or not theirs:
        return below
    return every if 1.0 - sum(theirs) / mine < _OWN_SHARE else ()


def _failing_below(case: Case, function: Resource, moment: datetime) -> tuple[Resource, ...]:
    """The nearest functions down the calls that had begun to fail by then.

    Few errors may stand out at one of them and not at the next: what does not fail hands them on.
    """
    found: dict[Resource, None] = {}
    seen, level = {function}, [function]
    while level:
        below = [
            callee
            for callee in dict.fromkeys(other for one in level for other in case.callees(one))
            if callee not in seen
        ]
        seen.update(below)
        failed = [callee for callee in below if _fails_by(case, callee, moment)]
        found.update(dict.fromkeys(failed))
        level = [callee for callee in below if callee not in failed]
    return tuple(found)


def _began_alone(case: Case, function: Resource, below: Iterable[Resource]) -> bool:
    """Whether a fair part of its errors is of a sort that came up before anything below failed.

    Two faults in one chain: counted together, the later one hides that the first has its own sort
    of error. One early line of a sort may be an everyday error; so the sort has to be new, and the
    metric of errors, where there is one, has to tell of several more than below by then.
    """
    log, found = case.log(function), risen_errors(case, function)
    onsets = [known for one in below if (known := failure_onset(case, one))]
    if log is None or found is None or not onsets:
        return False
    first = min(one.at - one.uncertainty for one in onsets) - case.period
    mine, theirs = (_failed_before(case, some, first) for some in ((function,), below))
    if mine is not None and mine - (theirs or 0.0) < _SEVERAL:
        return False
    sort = sum(
        pattern.incident_count
        for pattern in log.detail.patterns
        if pattern.change == "new"
        and pattern.first_seen is not None
        and pattern.first_seen < first
        and any(name in example for name in found[1] for example in pattern.examples)
    )
    return sort >= _ALONE_SHARE * sum(found[1].values())


def _failed_before(case: Case, functions: Iterable[Resource], moment: datetime) -> float | None:
    """Errors of some functions in the incident window up to a moment; None where none was read."""
    start = case.incident.window.start
    read = [shown for one in functions if (shown := case.metric(one, "lambda.errors"))]
    early = [
        value
        for shown in read
        for at, value in metric_points(shown.evidence)
        if start <= at < moment
    ]
    return sum(early) if read else None


def _fails_by(case: Case, callee: Resource, moment: datetime) -> bool:
    """Whether a callee had begun to fail, or to turn callers away, by then."""
    throttles = case.risen(callee, "lambda.throttles")
    onsets = [
        failure_onset(case, callee) if callee in failing(case) else None,
        onset_of(throttles, case.period) if throttles else None,
    ]
    return any(one and one.at - one.uncertainty <= moment + case.period for one in onsets)


def _failed(case: Case, function: Resource, start: datetime) -> float | None:
    """Calls of a function that ended badly since a moment; None where no metric tells."""
    counts = [
        count
        for signal in ("lambda.errors", "lambda.throttles")
        if (count := total(case.risen(function, signal), start)) is not None
    ]
    return sum(counts) if counts else None


def origins(case: Case) -> tuple[Resource, ...]:
    """Functions that fail by themselves, those that began first before the others."""
    own = [one for one in failing(case) if not passed_on(case, one)]
    # A ring of calls in which each accounts for the other: all of it is suspect.
    found = own or list(failing(case))
    onsets = {one: failure_onset(case, one) for one in found}
    return tuple(
        sorted(
            found,
            key=lambda one: (
                (known := onsets[one]) is None,
                known.at.timestamp() if known else 0.0,
                one.name,
            ),
        )
    )


__all__ = ["callers_up", "hurt_by", "origins", "passed_on", "reach"]
