"""Cause class to the ways out for it that actions exist for, in order of preference."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from opspilot.domain.hypothesis import Cause, Verdict
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.remediation.ledger import Ledger
from opspilot.remediation.restore import raise_timeout_above, restore_memory, restore_timeout
from opspilot.remediation.restore_variable import restore_variable
from opspilot.remediation.roll_back import moves_settings_only, roll_back
from opspilot.remediation.way import Closed, Way

_SHORTLY = timedelta(hours=1)
_AFTER_ONSET = timedelta(minutes=2)
_OUTSIDE = {"async_max_retries", "async_max_age_seconds", "enabled", "batch_size"}
"""Settings that belong to the function as a whole: no version brings them back."""

Weighed = tuple[Way | Closed, str]
"""A way out, and why it comes after the ones before it."""


def _slow_dependency(cause: Cause, verdict: Verdict, ledger: Ledger) -> list[Weighed]:
    back = roll_back(cause.resource, cause.onset, ledger)
    failing = verdict.first_failure.resource if verdict.first_failure else None
    if failing is None or failing == cause.resource:
        return [(back, "")]
    waiting = raise_timeout_above(failing, cause.resource, ledger)
    why = (
        f"stops the failures of {failing.name} but leaves {cause.resource.name} slow: every caller"
        " goes on waiting for it"
    )
    return [(back, ""), (waiting, why)]


def _timeout_too_small(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    back = roll_back(cause.resource, cause.onset, ledger)
    why = "moves other code into service, where a setting is enough"
    return [(restore_timeout(cause.resource, cause.onset, ledger), ""), (back, why)]


def _out_of_memory(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    back = roll_back(cause.resource, cause.onset, ledger)
    why = "gives the new code what it takes, without knowing why it takes more"
    return [(back, ""), (restore_memory(cause.resource, cause.onset, ledger), why)]


def _bad_environment(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    back = roll_back(cause.resource, cause.onset, ledger)
    variable = restore_variable(cause.resource, cause.setting, cause.onset, ledger)
    return [(variable, ""), (back, "moves other code into service, where a variable is enough")]


def _bad_release(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    return [(roll_back(cause.resource, cause.onset, ledger), "")]


def _memory_too_small(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    because = "its work goes slowly"
    memory = restore_memory(cause.resource, cause.onset, ledger, because=because)
    back = roll_back(cause.resource, cause.onset, ledger)
    if isinstance(back, Way) and moves_settings_only(back, ledger):
        return [(back, ""), (memory, "makes a new version, where one with the memory stands ready")]
    return [(memory, ""), (back, "moves other code into service, where memory is enough")]


def _writers_release(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    """Back from the release of whoever writes the table, if just one writer was released shortly.

    More capacity cures no contention: what contends is the writers' code.
    """
    if cause.resource.kind is ResourceKind.FUNCTION:
        return _own_release(cause, _, ledger)
    if cause.onset is None:
        return [(Closed("when it began is not known"), "")]
    edges = ledger.topology().callers(cause.resource)
    writers = dict.fromkeys(edge.caller for edge in edges if edge.relation == "reads_writes")
    released = [one for one in writers if _released(one, cause.onset, ledger)]
    if len(released) != 1:
        many = ", ".join(one.name for one in released) or "none"
        return [
            (Closed(f"of what writes {cause.resource.name}, released shortly before: {many}"), "")
        ]
    return [(roll_back(released[0], cause.onset, ledger), "")]


def _slower_release(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    """Back from the function's own release, if it takes longer and holds its places so long."""
    signals = ("lambda.duration_p50", "lambda.duration_p99", "lambda.duration_max")
    found = [shown[1] for name in signals if (shown := ledger.metric(cause.resource, name))]
    if not any(shown.anomalous and shown.direction == "up" for shown in found):
        return [(Closed(f"{cause.resource.name} takes no longer than before"), "")]
    return _own_release(cause, _, ledger)


def _released(function: Resource, onset: datetime, ledger: Ledger) -> bool:
    return any(
        change.at >= onset - _SHORTLY and change.kind == "release"
        for _, change in ledger.changes(function, onset + _AFTER_ONSET)
    )


def _own_release(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    """Back from the release, if one is what came shortly before; nothing else is guessed."""
    if cause.onset is None:
        return [(Closed("when it began is not known"), "")]
    since = cause.onset - _SHORTLY
    recent = [change for _, change in ledger.changes(cause.resource, cause.onset + _AFTER_ONSET)]
    recent = [change for change in recent if change.at >= since]
    if any(change.kind == "permission" for change in recent):
        return [
            (Closed(f"the permissions of {cause.resource.name} were changed, not its code"), "")
        ]
    if any(change.kind == "capacity" or _OUTSIDE & change.after.keys() for change in recent):
        return [
            (Closed(f"limits of {cause.resource.name} were changed, which no version holds"), "")
        ]
    if not any("version" in change.after for change in recent):
        return [(Closed(f"{cause.resource.name} was not released shortly before"), "")]
    return [(roll_back(cause.resource, cause.onset, ledger), "")]


def _deployment(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    """Back from each release of the deployment, as one way of several steps.

    Each function was released a little after the one before, and began to fail then.
    """
    ways = [
        roll_back(one, _own_onset(one, cause, ledger), ledger)
        for one in (cause.resource, *cause.also)
    ]
    closed = [way for way in ways if isinstance(way, Closed)]
    steps = [way for way in ways if isinstance(way, Way)]
    if closed or not steps:
        return [(one, "") for one in closed]
    first, *others = steps
    whole = replace(
        first,
        summary="; ".join(way.summary for way in steps),
        rationale="; ".join(way.rationale for way in steps),
        evidence=tuple(dict.fromkeys(one for way in steps for one in way.evidence)),
        then=tuple(way.instruction for way in others),
    )
    return [(whole, "")]


def _own_onset(function: Resource, cause: Cause, ledger: Ledger) -> datetime | None:
    """Since when a function itself fails; the cause's onset where nothing tells."""
    found = ledger.metric(function, "lambda.errors")
    own = found[1].onset if found and found[1].anomalous else None
    return max(own, cause.onset) if own and cause.onset else own or cause.onset


PLANNERS: dict[str, Callable[[Cause, Verdict, Ledger], list[Weighed]]] = {
    "lambda.slow_dependency": _slow_dependency,
    "lambda.timeout_too_small": _timeout_too_small,
    "lambda.out_of_memory": _out_of_memory,
    "lambda.bad_environment": _bad_environment,
    "lambda.code_error_after_release": _bad_release,
    "lambda.memory_too_small": _memory_too_small,
    "lambda.missing_dependency": _bad_release,
    "lambda.permission_denied": _own_release,
    "lambda.cold_start_surge": _own_release,
    "lambda.retry_storm": _own_release,
    "lambda.async_backlog": _slower_release,
    "lambda.throttled_by_reserved_concurrency": _slower_release,
    "dynamodb.conditional_check_storm": _writers_release,
    "bad_deployment": _deployment,
}
"""Cause class to the ways out for it, in order of preference; for the others see `advice`."""

PLANNED = frozenset(PLANNERS)
"""The classes that an action may cure."""
