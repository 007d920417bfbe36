"""A function cannot be initialised: a module, class, library or its handler is not in the package.

Mechanism: Runtime.ImportModuleError, Runtime.HandlerNotFound, "Cannot find module",
ClassNotFoundException, Runtime.InvalidEntrypoint and their like, of every invocation, since other
code or another layer is in service.
"""

import re
from collections.abc import Iterator

from opspilot.diagnosis.assessment import STRONG, Assessment, Brief, Harm
from opspilot.diagnosis.cascade import origins
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.change_search import argue_change, changes_behind
from opspilot.diagnosis.families import Family
from opspilot.diagnosis.symptoms import misconfigured
from opspilot.diagnosis.telling import Failure, argue_told, failure_told
from opspilot.domain.change import Change

CAUSE_CLASS = "lambda.missing_dependency"
_PRIOR = -2.5
_NAMED = re.compile(
    r"(?:No module named|Cannot find (?:module|package)|Class not found:|ClassNotFoundException:"
    r"|NoClassDefFoundError:|file or assembly|libraries:)\s*['\"]?([\w./@-]{1,80})"
)


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function that cannot be initialised."""
    for function in origins(case):
        failure = failure_told(case, function, Family.INIT)
        if failure:
            yield _weigh(case, failure)


def _weigh(case: Case, failure: Failure) -> Assessment:
    function, onset = failure.function, failure.onset
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    argue_told(brief, failure)
    change = changes_behind(case, function, onset, _repackages) if onset else None
    close = False
    if onset:
        close = argue_change(brief, case, onset, change, f"release of {function.name}")
    named = _NAMED.search(failure.told.text)
    wrong = misconfigured(case, function)
    if wrong and named is None and wrong[1][0].sort == "missing":
        text = f"it stops at its start for want of a value: {wrong[1][0].text}"
        brief.speaks_against(STRONG, text, wrong[0].id)
    what = f"{named[1]} is missing from it" if named else "something that it needs is missing"
    return brief.assessment(
        f"{function.name} cannot be initialised: {what}",
        onset,
        harm=[Harm(function, "errors"), Harm(function, "init")],
        setting=named[1] if named else "",
        change=change.key if change else "",
        change_found=close,
        in_metrics=failure.errors is not None,
        in_logs=True,
        failing=function,
    )


def _repackages(change: Change) -> bool:
    """Code, layers, handler and runtime alike can take away what an import needs."""
    return change.kind in ("release", "configuration")
