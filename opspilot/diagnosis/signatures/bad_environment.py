"""An environment variable of a function is wrong or missing since somebody changed it.

Mechanism: the log complains of something that does not exist, cannot be reached, or is not set, and
the variables that callers meet differ from those that were published before. The complaint alone is
a lead: the table may have been deleted, and then no variable is to blame.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Assessment, Brief, Harm, Onset
from opspilot.diagnosis.cascade import origins
from opspilot.diagnosis.case import Case, ChangeFound, Shown
from opspilot.diagnosis.change_search import argue_change, known_unchanged
from opspilot.diagnosis.complaints import Complaint
from opspilot.diagnosis.symptoms import failure_onset, misconfigured
from opspilot.diagnosis.variables import Compared, change_of_variables, compared, culprit
from opspilot.domain.environment import LATEST, VariableChange
from opspilot.domain.evidence import LogDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number

CAUSE_CLASS = "lambda.bad_environment"
_PRIOR = -2.5
_UNCHANGED_CAP = 0.45
_UNREAD_CAP = 0.8


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is known of the function that complains."""

    function: Resource
    log: Shown[LogDetail]
    complaint: Complaint
    onset: Onset | None


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function that complains, unless its failures come from further down."""
    for function in origins(case):
        told = misconfigured(case, function)
        if told:
            log, said = told
            yield _weigh(case, _Fault(function, log, said[0], failure_onset(case, function)))


def _weigh(case: Case, fault: _Fault) -> Assessment:
    brief = Brief(CAUSE_CLASS, fault.function, _PRIOR)
    errors = case.risen(fault.function, "lambda.errors")
    if errors:
        brief.speaks_for(WEAK, f"errors of {fault.function.name} rose", errors.id)
    complaint = fault.complaint
    brief.speaks_for(
        GOOD,
        f"its log says, {number(complaint.count)} times ({number(complaint.before)} before):"
        f" {complaint.text}",
        fault.log.id,
    )
    onset = fault.onset
    change = change_of_variables(case, fault.function, onset) if onset else None
    known = compared(case, fault.function, change, onset)
    variable = _argue_variables(brief, case, fault, known)
    close = _argue_change(brief, case, fault, change)
    return brief.assessment(
        _summary(fault, variable, known),
        fault.onset,
        harm=[Harm(fault.function, "errors")],
        setting=variable.name if variable else complaint.variable,
        change=change.key if change else "",
        change_found=close,
        in_metrics=errors is not None,
        in_logs=True,
        failing=fault.function,
    )


def _argue_variables(
    brief: Brief, case: Case, fault: _Fault, known: Compared | None
) -> VariableChange | None:
    """Weigh what the variables were against what they are; the one at fault, if it stands out."""
    name = fault.function.name
    if known is None:
        brief.misses(
            f"what the variables of {name} were before is told by no version that was read"
        )
        brief.cap(_UNREAD_CAP, "what the variables were before was not read")
        return None
    if fault.complaint.variable in known.now.values:
        text = f"{fault.complaint.variable}, which its log misses, is set"
        brief.speaks_against(GOOD, text, known.shown.id)
        brief.rule_out(text)
        return None
    cited = (known.shown.id, *case.topology_ids)
    variable = culprit(case, fault.function, fault.complaint, known)
    if variable is None and not known.changed:
        text = f"its variables are those of version {known.before.version}"
        brief.speaks_against(GOOD, text, known.shown.id)
        brief.cap(_UNCHANGED_CAP, "no variable changed: what it names may be gone instead")
        return None
    if variable is None:
        names = ", ".join(one.name for one in known.changed)
        brief.speaks_for(WEAK, f"{names} are not what they were in {known.origin}", known.shown.id)
        brief.misses(f"which of {names} is at fault does not stand out")
        return None
    brief.speaks_for(GOOD, _was(variable, known), known.shown.id)
    for argument in known.corroborated(case, fault.function, variable):
        brief.speaks_for(WEAK, argument, *cited)
    for argument in known.contradicted(case, fault.function, variable):
        brief.speaks_against(FAIR, argument, *cited)
    return variable


def _argue_change(brief: Brief, case: Case, fault: _Fault, change: ChangeFound | None) -> bool:
    if fault.onset is None:
        brief.misses(f"when {fault.function.name} began to fail is not known")
        return False
    what = f"change of variables of {fault.function.name}"
    kept = known_unchanged(case, fault.function, fault.onset) if change is None else ()
    if kept:
        text = f"{fault.function.name} was not changed before: its variables are what they were"
        brief.speaks_against(STRONG, text, *kept)
        brief.cap(_UNCHANGED_CAP, "nothing of it changed: what it names may be gone instead")
    return argue_change(brief, case, fault.onset, change, what)


def _was(variable: VariableChange, known: Compared) -> str:
    was, now = ("not set" if one is None else one for one in (variable.before, variable.after))
    where = "" if known.now.version == LATEST else f" in version {known.now.version}"
    if variable.before is None and variable.after is None:
        return f"{variable.name} is not set{where}, nor was it in version {known.before.version}"
    return f"{variable.name} is {now}{where}, in version {known.before.version} it was {was}"


def _summary(fault: _Fault, variable: VariableChange | None, known: Compared | None) -> str:
    name = fault.function.name
    if variable and known:
        return f"A variable of {name} is wrong: {_was(variable, known)}"
    if fault.complaint.variable:
        return f"{fault.complaint.variable} of {name} is not set"
    return f"A variable of {name} is wrong or missing: {fault.complaint.text}"
