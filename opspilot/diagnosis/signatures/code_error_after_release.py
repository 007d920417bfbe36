"""A release of a function brought an error into its code.

Mechanism: errors other than timeouts and memory deaths appear in the log of the function, right
after other code began to serve its callers.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import (
    FAIR,
    GOOD,
    LEAD_CAP,
    STRONG,
    WEAK,
    Assessment,
    Brief,
    Harm,
    Onset,
)
from opspilot.diagnosis.cascade import origins
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_change
from opspilot.diagnosis.families import Family, family_of, says_so_itself
from opspilot.diagnosis.ran_well import ran_well
from opspilot.diagnosis.symptoms import (
    accounts_for,
    failure_onset,
    failures,
    killed_for_memory,
    risen_errors,
    timeouts,
)
from opspilot.diagnosis.telling import failure_told
from opspilot.diagnosis.untold import is_untold, release_behind
from opspilot.diagnosis.variables import explained
from opspilot.domain.evidence import LogDetail, MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number

CAUSE_CLASS = "lambda.code_error_after_release"
_PRIOR = -2.0
_UNREAD_LOG_CAP = 0.7
_NO_RELEASE_CAP = LEAD_CAP
_UNTOLD_CAP = 0.75
_RAN_WELL_CAP = 0.84
_NEARLY_ALL = 0.8
_NOT_CODE = {
    Family.DENIED: "refusals of permission",
    Family.EXPIRED: "refusals of a credential or certificate",
    Family.INIT: "failures to initialise",
    Family.THROTTLED: "refusals of a throttled service",
    Family.CONDITIONAL: "conditional writes that were refused",
    Family.PROVIDER: "errors of an AWS service",
}


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each failing function, unless its failures come from further down."""
    for function in origins(case):
        errors = failures(case, function)
        told = errors or risen_errors(case, function)
        onset = failure_onset(case, function)
        if told and onset:
            yield _weigh(case, function, errors, onset)


def _weigh(
    case: Case, function: Resource, errors: Shown[MetricDetail] | None, onset: Onset
) -> Assessment:
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    if errors:
        total = errors.detail.total_incident
        counted = f" ({number(total)} in all)" if total is not None else ""
        brief.speaks_for(WEAK, f"errors of {function.name} rose{counted}", errors.id)
    names = _argue_types(brief, case, function)
    _argue_others(brief, case, function)
    variable = explained(case, function, onset)
    if variable:
        brief.rule_out(f"a variable explains its errors: {variable.name} is not what it has to be")
    if case.log(function) is not None and not names:
        brief.cap(LEAD_CAP, "its log names no error of the code: a release nearby is a lead")
    if not case.knows_callees_of(function):
        brief.misses(f"what {function.name} calls was not read: the failure may come from there")
    change = release_behind(case, function, onset)
    close = argue_change(brief, case, onset, change, f"release of {function.name}")
    well = ran_well(case, function, onset, change)
    if well and change:
        text = f"{well.told} ran well with it before the first failed"
        brief.speaks_against(STRONG, text, *well.ids)
        brief.cap(_RAN_WELL_CAP, "it ran well for a while before it failed")
        close = False
    if change is None:
        brief.cap(_NO_RELEASE_CAP, "no release was found: a lead, not a cause")
    elif is_untold(change):
        brief.misses(f"what was changed of {function.name} is not told: code or settings")
        brief.cap(_UNTOLD_CAP, "what was changed is not told: code or settings")
    what = change.change.after.get("version") if change else None
    named = f" with {', '.join(names)}" if names else ""
    summary = (
        f"Release {what} of {function.name} fails{named}"
        if what
        else f"The code of {function.name} fails{named}"
    )
    return brief.assessment(
        summary,
        onset,
        harm=[Harm(function, "errors")],
        change=change.key if change else "",
        change_found=close,
        in_metrics=errors is not None,
        in_logs=bool(names),
        failing=function,
    )


def _argue_types(brief: Brief, case: Case, function: Resource) -> list[str]:
    """The risen error types; rules the hypothesis out when the errors are of another sort."""
    found = _own_errors(case, function)
    if found:
        log, types = found
        ranked = sorted(types, key=lambda name: (-types[name], name))
        said = ", ".join(f"{number(types[name])} {name}" for name in ranked[:3])
        waits = all(family_of(name) is Family.UNREACHABLE for name in ranked)
        brief.speaks_for(WEAK if waits else GOOD, f"its log shows {said}", log.id)
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


def _own_errors(case: Case, function: Resource) -> tuple[Shown[LogDetail], dict[str, int]] | None:
    """The risen error types that code can bring about, if they account for the failures."""
    found = risen_errors(case, function) or _exits(case, function)
    if found is None:
        return None
    log, types = found
    own = {name: n for name, n in types.items() if family_of(name) in (None, Family.UNREACHABLE)}
    before = sum(log.detail.errors_baseline.get(name, 0) for name in own)
    named = (failure_told(case, function, family) for family in _NOT_CODE)
    if any(one and one.told.count >= _NEARLY_ALL * sum(own.values()) for one in named):
        return None
    return (log, own) if own and accounts_for(case, log, sum(own.values()), before) else None


def _exits(case: Case, function: Resource) -> tuple[Shown[LogDetail], dict[str, int]] | None:
    """The log, if it is the runtime itself that ends, and not for want of memory."""
    log = case.log(function)
    if log is None or killed_for_memory(case, function):
        return None
    now, before = log.detail.exits, log.detail.exits_baseline
    return (log, {"Runtime.ExitError": now}) if accounts_for(case, log, now, before) else None


def _argue_others(brief: Brief, case: Case, function: Resource) -> None:
    """Errors that name another mechanism speak against the code, whatever their type is."""
    for family, what in _NOT_CODE.items():
        other = failure_told(case, function, family)
        if other:
            words = f": {other.told.text}" if other.told.text else ""
            brief.speaks_against(GOOD, f"its errors are {what}{words}", other.told.log.id)
    outside = failure_told(case, function, Family.UNREACHABLE)
    if outside and says_so_itself(outside.told.text):
        text = f"another host answers with errors of its own: {outside.told.text}"
        brief.speaks_against(STRONG, text, outside.told.log.id)
        brief.cap(LEAD_CAP, "another host answers with errors, and no release of ours makes it")
    elif outside:
        text = f"what it needs cannot be reached: {outside.told.text}"
        brief.speaks_against(FAIR, text, outside.told.log.id)
