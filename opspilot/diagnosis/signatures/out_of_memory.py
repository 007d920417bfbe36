"""A function runs out of the memory it is given, and the platform kills it.

Mechanism: "Runtime exited with error: signal: killed" or an OutOfMemory status in the log, memory
used at the configured size; because a release takes more, or because the memory was lowered. Which
of the two it was, the versions tell: each keeps the size that it was published with.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Assessment, Brief, Harm, Onset
from opspilot.diagnosis.cascade import origins
from opspilot.diagnosis.case import Case, ChangeFound, Shown
from opspilot.diagnosis.change_search import argue_change, changes_behind, lowers
from opspilot.diagnosis.symptoms import failure_onset, killed_for_memory
from opspilot.domain.change import Change
from opspilot.domain.evidence import LogDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import clock, plural

CAUSE_CLASS = "lambda.out_of_memory"
_PRIOR = -2.5
_NEARLY_FULL = 0.95
_ROOMY, _ROOMY_CAP = 0.7, 0.7


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function that is killed, unless that comes from further down."""
    for function in origins(case):
        log = killed_for_memory(case, function)
        if log:
            yield _weigh(case, function, log)


def _weigh(case: Case, function: Resource, log: Shown[LogDetail]) -> Assessment:
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    detail = log.detail
    brief.speaks_for(
        STRONG,
        f"{plural(detail.out_of_memory, 'invocation')} of {function.name} killed for memory"
        f" ({detail.out_of_memory_baseline} before)",
        log.id,
    )
    errors = case.risen(function, "lambda.errors")
    if errors:
        brief.speaks_for(WEAK, f"errors of {function.name} rose", errors.id)
    _argue_use(brief, log)
    _argue_others(brief, log)
    onset = failure_onset(case, function)
    change = changes_behind(case, function, onset, _takes_more_or_gets_less) if onset else None
    close = _argue_cause(brief, case, function, onset, change) if onset else False
    size = detail.memory_size_mb
    return brief.assessment(
        f"{function.name} needs more than its {size} MB of memory"
        if size
        else f"{function.name} runs out of memory",
        onset,
        harm=[Harm(function, "memory")],
        setting="memory_mb",
        change=change.key if change else "",
        change_found=close,
        in_metrics=errors is not None,
        in_logs=True,
        failing=function,
    )


def _argue_use(brief: Brief, log: Shown[LogDetail]) -> None:
    used, size = log.detail.memory_used_max_mb, log.detail.memory_size_mb
    if used is None or not size:
        brief.misses("how much memory was used is not known: no REPORT line was read", log.id)
        return
    text = f"it used up to {used} MB of its {size} MB"
    if used >= _NEARLY_FULL * size:
        brief.speaks_for(FAIR, text, log.id)
    elif used < _ROOMY * size:
        # A process can also be killed by hand, or by another of its own.
        brief.speaks_against(GOOD, text, log.id)
        brief.cap(_ROOMY_CAP, "it was killed with memory to spare: at most likely")
    else:
        brief.speaks_against(FAIR, text, log.id)


def _argue_others(brief: Brief, log: Shown[LogDetail]) -> None:
    """Failures of another sort beside the deaths speak for something else."""
    detail = log.detail
    if detail.timeouts > max(detail.out_of_memory, detail.timeouts_baseline):
        text = f"more of them timed out ({detail.timeouts})"
        brief.speaks_against(FAIR, text, log.id)


def _argue_cause(
    brief: Brief, case: Case, function: Resource, onset: Onset, change: ChangeFound | None
) -> bool:
    what = f"release or lower memory of {function.name}"
    close = argue_change(brief, case, onset, change, what)
    version = change.change.after.get("version") if change else None
    if version:
        _argue_version(brief, case, function, version)
    return close


def _argue_version(brief: Brief, case: Case, function: Resource, version: str) -> None:
    """Whether the deaths came with the released version, and whether it got less memory."""
    log = case.log(function)
    since = log.detail.versions.get(version) if log else None
    if log and since and len(log.detail.versions) > 1:
        text = f"version {version} served from {clock(since)} on, another one before"
        brief.speaks_for(WEAK, text, log.id)
    shown = case.configuration(function)
    released = shown.detail.version(version) if shown else None
    if shown is None or released is None or not version.isdigit():
        brief.misses(f"the memory of version {version} was not read")
        return
    older = [
        one
        for one in shown.detail.versions
        if one.version.isdigit() and int(one.version) < int(version)
    ]
    if older:
        before = max(older, key=lambda one: int(one.version))
        kept = before.memory_mb == released.memory_mb
        text = (
            f"version {version} has {released.memory_mb} MB as version {before.version} had: it"
            " takes more"
            if kept
            else f"version {version} has {released.memory_mb} MB, version {before.version} had"
            f" {before.memory_mb} MB"
        )
        if released.memory_mb <= before.memory_mb:
            brief.speaks_for(WEAK, text, shown.id)
        else:
            brief.speaks_against(WEAK, text, shown.id)


def _takes_more_or_gets_less(change: Change) -> bool:
    return change.kind == "release" or lowers(change, "memory_mb")
