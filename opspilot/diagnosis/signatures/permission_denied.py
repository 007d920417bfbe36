"""A function's role may no longer do what the function does.

Mechanism: AccessDenied (in any service's spelling) accounts for the failures. The text names who
was refused which action on what; a policy of the role, or of what is called, changed before.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import WEAK, Assessment, Brief, Harm
from opspilot.diagnosis.cascade import origins
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.change_search import argue_change, changes_behind
from opspilot.diagnosis.families import Family
from opspilot.diagnosis.telling import Failure, argue_told, failure_told
from opspilot.domain.change import Change
from opspilot.domain.evidence import Denial

CAUSE_CLASS = "lambda.permission_denied"
_PRIOR = -2.5


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function that is refused."""
    for function in origins(case):
        failure = failure_told(case, function, Family.DENIED)
        if failure:
            yield _weigh(case, failure)


def _weigh(case: Case, failure: Failure) -> Assessment:
    function, onset = failure.function, failure.onset
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    argue_told(brief, failure)
    denial = next((one for one in failure.told.log.detail.denied if one.count > one.before), None)
    if denial and denial.action:
        brief.speaks_for(WEAK, f"the text names it: {_worded(denial)}", failure.told.log.id)
    change = changes_behind(case, function, onset, _permits) if onset else None
    close = False
    if onset:
        what = f"change of the permissions of {function.name}"
        close = argue_change(brief, case, onset, change, what)
    return brief.assessment(
        f"{function.name} may not do what it does: {_worded(denial)}"
        if denial and denial.action
        else f"{function.name} is refused by what it calls",
        onset,
        harm=[Harm(function, "errors")],
        setting=denial.action if denial else "",
        change=change.key if change else "",
        change_found=close,
        in_metrics=failure.errors is not None,
        in_logs=True,
        failing=function,
    )


def _worded(denial: Denial) -> str:
    on = f" on {denial.resource}" if denial.resource else ""
    return f"{denial.action}{on} is denied"


def _permits(change: Change) -> bool:
    """A policy, another role, or code that does what the role was never for."""
    return change.kind in ("permission", "release") or "role" in change.after
