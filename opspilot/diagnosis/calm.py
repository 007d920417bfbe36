"""What was read of a resource, and why it speaks against a cause: one rule for each cause class.

A rule answers only where the evidence that would show the cause was read, whole, and is calm. What
was not read, or shows something, excludes nothing.
"""

from collections.abc import Callable
from typing import NamedTuple

from opspilot.diagnosis.assessment import Onset
from opspilot.diagnosis.case import DURATIONS, Case, Shown
from opspilot.diagnosis.change_search import known_unchanged, release_known
from opspilot.diagnosis.complaints import complaints
from opspilot.diagnosis.families import Family, told
from opspilot.diagnosis.harm import harmed
from opspilot.diagnosis.symptoms import failing, limit_seconds, risen_errors, timeouts
from opspilot.diagnosis.untold import release_behind
from opspilot.diagnosis.variables import change_of_variables, compared
from opspilot.domain.evidence import LogDetail, MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import clock, milliseconds, number, plural

_NEARLY_FULL = 0.95
_MANY_COLD, _FEWEST_COLD = 0.05, 8
_MS = 1_000.0


class Reason(NamedTuple):
    """Why a cause is excluded, and the ledger entries that say so."""

    text: str
    ids: tuple[str, ...]


class Place(NamedTuple):
    """Where a rule looks, and when the trouble began; None where nothing is wrong."""

    case: Case
    resource: Resource
    onset: Onset | None


Rule = Callable[[Place], Reason | None]
"""None: not excluded."""


def whole_log(case: Case, function: Resource) -> Shown[LogDetail] | None:
    """The log of a function that ran, if all of the incident's lines were read."""
    log = case.log(function)
    if log is None or log.evidence.status != "complete":
        return None
    return log if log.detail.lines_incident and log.detail.invocations else None


def calm(case: Case, resource: Resource, signal: str) -> Shown[MetricDetail] | None:
    """A metric that has data in the incident window and shows nothing abnormal."""
    shown = case.metric(resource, signal)
    whole = shown and shown.detail.points and shown.evidence.status == "complete"
    return shown if shown and whole and not shown.detail.anomalous else None


def no_slower(case: Case, function: Resource) -> Shown[MetricDetail] | None:
    """The most telling of a function's durations, if none of those that were read rose.

    Where calls are cut off, the longest last as long as they may: then the median alone tells.
    """
    if any(case.risen(function, signal) for signal in DURATIONS):
        return None
    telling = ("lambda.duration_p50",) if timeouts(case, function) else DURATIONS
    read = (case.metric(function, signal) for signal in telling)
    return next((one for one in read if one and one.detail.points), None)


def memory_sufficed(at: Place) -> Reason | None:
    """No invocation was killed for memory, and none came near its size."""
    case, function = at.case, at.resource
    log = whole_log(case, function)
    if log is None or log.detail.out_of_memory or told(log, Family.MEMORY):
        return None
    used, size = log.detail.memory_used_max_mb, log.detail.memory_size_mb
    if used is None or not size or used >= _NEARLY_FULL * size:
        return None
    text = f"no invocation of {function.name} was killed for memory"
    return Reason(f"{text}; the most was {used} of {size} MB", (log.id,))


def none_timed_out(at: Place) -> Reason | None:
    """No invocation reached its timeout."""
    case, function = at.case, at.resource
    log = whole_log(case, function)
    longest = log.detail.duration_max_ms if log else None
    if log is None or log.detail.timeouts or longest is None:
        return None
    text = f"no invocation of {function.name} timed out; the longest took {milliseconds(longest)}"
    configured, limit = case.configuration(function), limit_seconds(case, function)
    # What callers of an alias meet is the timeout of its version, not that of $LATEST.
    if configured is None or limit is None or configured.detail.aliases:
        return Reason(text, (log.id,))
    if longest >= _NEARLY_FULL * limit * _MS:
        return None
    return Reason(f"{text} of {milliseconds(limit * _MS)}", (log.id, configured.id))


def code_is_well(at: Place) -> Reason | None:
    """It does not fail and its log has no new error; or no release came before the trouble.

    Where nothing is wrong at all, nobody reads its log for that.
    """
    case, function, onset = at
    errors, log = calm(case, function, "lambda.errors"), whole_log(case, function)
    if errors and function not in failing(case) and not risen_errors(case, function):
        text = f"errors of {function.name} did not rise"
        text += f" ({number(errors.detail.total_incident or 0.0)} in all)"
        if log:
            return Reason(f"{text}, nor those in its log", (errors.id, log.id))
        if not harmed(case):
            return Reason(text, (errors.id,))
    if onset is None or release_behind(case, function, onset):
        return None
    return _unchanged(case, function, onset, "released")


def _unchanged(case: Case, function: Resource, onset: Onset, what: str) -> Reason | None:
    """Not changed within the hour before the onset, by a whole feed or by what it says itself."""
    if not release_known(case, function, onset):
        return None
    text = f"{function.name} was not {what} within an hour before {clock(onset.at)}"
    feed = case.feed_of(function)
    if feed and feed.whole_until >= onset.latest:
        return Reason(f"{text}: the feed is whole until {clock(feed.whole_until)}", feed.ids)
    return Reason(text, known_unchanged(case, function, onset))


def variables_are_well(at: Place) -> Reason | None:
    """Its variables are what they were; or nothing of it changed and its log complains of none."""
    case, function, onset = at
    change = change_of_variables(case, function, onset) if onset else None
    known = compared(case, function, change, onset)
    log = whole_log(case, function)
    if log and complaints(log.detail):
        return None
    if known and not known.changed:
        text = f"the variables of {function.name} are those of {known.origin}"
        return Reason(text, (known.shown.id,))
    kept = (
        _unchanged(case, function, onset, "given other variables") if onset and not change else None
    )
    other_than_before = change or known
    if kept or log is None or (other_than_before and harmed(case)):
        return kept
    lines = plural(log.detail.lines_incident, "line")
    text = f"the log of {function.name} complains of no value that it did not before, in {lines}"
    return Reason(text, (log.id,))


def _log_without(family: Family, text: str) -> Rule:
    """No line of its log is of a family of failures; `text` has a place for the name."""

    def rule(at: Place) -> Reason | None:
        case, function = at.case, at.resource
        log = whole_log(case, function)
        if log is None or told(log, family):
            return None
        lines = plural(log.detail.lines_incident, "line")
        return Reason(f"{text.format(function.name)} in {lines}", (log.id,))

    return rule


none_denied = _log_without(
    Family.DENIED, "no call of {} was refused for want of a permission, by its log,"
)
none_expired = _log_without(
    Family.EXPIRED, "the log of {} tells of no more expired or refused credentials than before,"
)
_none_unreachable = _log_without(
    Family.UNREACHABLE, "the log of {} tells of no more than before that it could not reach,"
)


def others_answer(at: Place) -> Reason | None:
    """Its log tells of nothing that it could not reach, and it waits no longer than before."""
    case, function = at.case, at.resource
    usual, log = no_slower(case, function), whole_log(case, function)
    said = _none_unreachable(at)
    if usual is None or log is None or said is None or log.detail.timeouts:
        return None
    if told(log, Family.EXPIRED):
        return None  # Who refuses a credential may be a partner that refuses everybody.
    return Reason(f"{said.text}, and it takes no longer than before", (*said.ids, usual.id))


def could_start(at: Place) -> Reason | None:
    """Each of its environments could be initialised."""
    case, function = at.case, at.resource
    log = whole_log(case, function)
    if log is None or log.detail.init_failures or told(log, Family.INIT):
        return None
    cold = plural(log.detail.cold_starts, "cold start")
    return Reason(f"each environment of {function.name} could be initialised ({cold})", (log.id,))


def started_warm(at: Place) -> Reason | None:
    """Few of its invocations started cold."""
    case, function = at.case, at.resource
    log = whole_log(case, function)
    cold = log.detail.cold_starts if log else 0
    if log is None or cold >= max(_FEWEST_COLD, _MANY_COLD * log.detail.invocations):
        return None
    of = number(log.detail.invocations)
    return Reason(f"{number(cold)} of {of} invocations of {function.name} started cold", (log.id,))


def as_fast_as_before(at: Place) -> Reason | None:
    """None of its durations rose."""
    case, function = at.case, at.resource
    usual = no_slower(case, function)
    level = usual.detail.incident_value if usual else None
    if usual is None or level is None:
        return None
    text = f"{function.name} takes no longer than before ({usual.detail.statistic}"
    return Reason(f"{text} {milliseconds(level)})", (usual.id,))


def never_throttled(at: Place) -> Reason | None:
    """It turned nobody away."""
    case, function = at.case, at.resource
    shown = calm(case, function, "lambda.throttles")
    if shown is None or shown.detail.total_incident:
        return None
    return Reason(f"throttles of {function.name} stayed at 0", (shown.id,))


def called_as_before(at: Place) -> Reason | None:
    """It is called no more often than before."""
    case, function = at.case, at.resource
    shown = calm(case, function, "lambda.invocations")
    if shown is None or case.risen(function, "lambda.recursive"):
        return None
    return Reason(f"{function.name} is called no more often than before", (shown.id,))


def events_on_time(at: Place) -> Reason | None:
    """Its asynchronous events neither age nor get lost."""
    case, function = at.case, at.resource
    age = calm(case, function, "lambda.async_age")
    lost = case.risen(function, "lambda.async_dropped", "lambda.dead_letter_errors")
    if age is None or lost:
        return None
    return Reason(f"asynchronous events of {function.name} wait no longer than before", (age.id,))


__all__ = [
    "Place",
    "Reason",
    "Rule",
    "as_fast_as_before",
    "called_as_before",
    "calm",
    "code_is_well",
    "could_start",
    "events_on_time",
    "memory_sufficed",
    "never_throttled",
    "none_denied",
    "none_expired",
    "none_timed_out",
    "others_answer",
    "started_warm",
    "variables_are_well",
    "whole_log",
]
