"""A release of a function brought an error into its code.

Mechanism: errors other than timeouts and memory deaths appear in the log of the function, right
after other code began to serve its callers.
"""

from opspilot.diagnosis.assessment import FAIR, GOOD, WEAK, Assessment, Brief
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import Onset, argue_change, changes_behind
from opspilot.diagnosis.symptoms import (
    failing,
    failure_onset,
    killed_for_memory,
    onset_of,
    risen_errors,
    timeouts,
)
from opspilot.diagnosis.variables import explained
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number

CAUSE_CLASS = "lambda.code_error_after_release"
_PRIOR = -2.0
_UNREAD_LOG_CAP = 0.6
_NO_RELEASE_CAP = 0.45


def assess(case: Case) -> Assessment | None:
    """Weigh it for the failing function that is deepest in the call chain."""
    suspects = [one for one in failing(case) if case.risen(one, "lambda.errors")]
    deepest = [one for one in suspects if not set(case.callees(one)) & set(suspects)]
    for function in deepest or suspects:
        errors = case.risen(function, "lambda.errors")
        onset = onset_of(errors, case.period) if errors else None
        if errors and onset:
            return _weigh(case, function, errors, onset)
    return None


def _weigh(case: Case, function: Resource, errors: Shown[MetricDetail], onset: Onset) -> Assessment:
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    total = errors.detail.total_incident
    counted = f" ({number(total)} in all)" if total is not None else ""
    brief.speaks_for(WEAK, f"errors of {function.name} rose{counted}", errors.id)
    names = _argue_types(brief, case, function)
    variable = explained(case, function, onset)
    if variable:
        brief.rule_out(f"a variable explains its errors: {variable.name} is not what it has to be")
    if not case.knows_callees_of(function):
        brief.misses(f"what {function.name} calls was not read: the failure may come from there")
    change = changes_behind(case, function, onset, _is_release)
    close = argue_change(brief, case, onset, change, f"release of {function.name}")
    if change is None:
        brief.cap(_NO_RELEASE_CAP, "no release was found: a lead, not a cause")
    what = change.change.after.get("version") if change else None
    named = f" with {', '.join(names)}" if names else ""
    summary = (
        f"Release {what} of {function.name} fails{named}"
        if what
        else f"The code of {function.name} fails{named}"
    )
    first = failure_onset(case, function) or onset
    return Assessment(
        brief.hypothesis(summary, first.at, onset.uncertainty.total_seconds()),
        change_found=close,
        in_metrics=True,
        in_logs=bool(names),
        failing=function,
    )


def _is_release(change: Change) -> bool:
    return change.kind == "release"


def _argue_types(brief: Brief, case: Case, function: Resource) -> list[str]:
    """The risen error types; rules the hypothesis out when the errors are of another sort."""
    found = risen_errors(case, function)
    if found:
        log, types = found
        ranked = sorted(types, key=lambda name: (-types[name], name))
        said = ", ".join(f"{number(types[name])} {name}" for name in ranked[:3])
        brief.speaks_for(GOOD, f"its log shows {said}", log.id)
        return ranked[:3]
    log = case.log(function)
    if log is None:
        brief.misses(f"the log of {function.name} was not read: its error types would settle it")
        brief.cap(_UNREAD_LOG_CAP, "the log of the failing function was not read")
        return []
    other = [
        word
        for word, shown in (
            ("timeouts", timeouts(case, function)),
            ("memory deaths", killed_for_memory(case, function)),
        )
        if shown
    ]
    brief.speaks_against(FAIR, "no error type in its log accounts for the failures", log.id)
    if other:
        brief.rule_out(f"the failures of {function.name} are {' and '.join(other)}, not errors")
    return []
