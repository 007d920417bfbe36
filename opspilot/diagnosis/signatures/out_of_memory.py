"""A function runs out of the memory it is given, and the platform kills it.

Mechanism: "Runtime exited with error: signal: killed" or an OutOfMemory status in the log, memory
used at the configured size; because a release takes more, or because the memory was lowered.
"""

from opspilot.diagnosis.assessment import FAIR, STRONG, Assessment, Brief
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import Onset, argue_change, changes_behind
from opspilot.diagnosis.symptoms import failing, failure_onset, killed_for_memory
from opspilot.domain.change import Change
from opspilot.domain.evidence import LogDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import plural

CAUSE_CLASS = "lambda.out_of_memory"
_PRIOR = -2.5
_NEARLY_FULL = 0.95


def assess(case: Case) -> Assessment | None:
    """Weigh it for the first function whose invocations are killed."""
    for function in failing(case):
        log = killed_for_memory(case, function)
        if log:
            return _weigh(case, function, log)
    return None


def _weigh(case: Case, function: Resource, log: Shown[LogDetail]) -> Assessment:
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    detail = log.detail
    brief.speaks_for(
        STRONG,
        f"{plural(detail.out_of_memory, 'invocation')} of {function.name} killed for memory"
        f" ({detail.out_of_memory_baseline} before)",
        log.id,
    )
    used, size = detail.memory_used_max_mb, detail.memory_size_mb
    if used is not None and size:
        text = f"it used up to {used} MB of its {size} MB"
        if used >= _NEARLY_FULL * size:
            brief.speaks_for(FAIR, text, log.id)
        else:
            brief.speaks_against(FAIR, text, log.id)
    onset = failure_onset(case, function)
    close = _argue_cause(brief, case, function, onset) if onset else False
    given = f" of its {size} MB" if size else ""
    return Assessment(
        brief.hypothesis(
            f"{function.name} runs out{given} of memory"
            if not size
            else f"{function.name} needs more than its {size} MB of memory",
            onset.at if onset else None,
            onset.uncertainty.total_seconds() if onset else None,
        ),
        change_found=close,
        in_metrics=case.risen(function, "lambda.errors") is not None,
        in_logs=True,
        failing=function,
    )


def _argue_cause(brief: Brief, case: Case, function: Resource, onset: Onset) -> bool:
    change = changes_behind(case, function, onset, _takes_more_or_gets_less)
    what = f"release or lower memory of {function.name}"
    return argue_change(brief, case, onset, change, what)


def _takes_more_or_gets_less(change: Change) -> bool:
    if change.kind == "release":
        return True
    before, after = change.before.get("memory_mb"), change.after.get("memory_mb")
    return after is not None and (before is None or float(after) < float(before))
