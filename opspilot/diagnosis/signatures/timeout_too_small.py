"""A function's own timeout is too small for what it does, without anything below it being slower.

Mechanism: invocations run into the limit because the limit was lowered, or because the function's
own work grew. Since every timed-out invocation lasts exactly as long as the limit, a rise of the
function's own duration alone says little.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, LEAD_CAP, WEAK, Assessment, Brief, Harm, Onset
from opspilot.diagnosis.case import Case, ChangeFound
from opspilot.diagnosis.change_search import (
    argue_change,
    changes_behind,
    is_release,
    lowers,
    untold_change,
)
from opspilot.diagnosis.harm import hurts
from opspilot.diagnosis.levels import until
from opspilot.diagnosis.slowness import slowed, slowest_chain
from opspilot.diagnosis.symptoms import (
    failing,
    failure_onset,
    limit_seconds,
    timeouts,
)
from opspilot.domain.change import Change
from opspilot.domain.resource import Resource
from opspilot.domain.wording import clock, milliseconds, plural, share

CAUSE_CLASS = "lambda.timeout_too_small"
_PRIOR = -2.0
_MS = 1_000.0
_TIGHT, _AMPLE = 0.8, 0.5
_FEW = 0.3
_LONGER = 1.02
_NO_CHANGE_CAP = 0.45
_UNTOLD_CAP = 0.84


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function that times out."""
    for function in failing(case):
        onset = failure_onset(case, function)
        if timeouts(case, function) and onset:
            yield _weigh(case, function, onset)


def _weigh(case: Case, function: Resource, onset: Onset) -> Assessment:
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    limit = limit_seconds(case, function)
    _argue_timeouts(brief, case, function)
    tight = limit is not None and _argue_headroom(brief, case, function, limit * _MS)
    lowered = changes_behind(case, function, onset, _lowers_timeout) or _seen_lowered(
        brief, case, function, onset, limit
    )
    grown = changes_behind(case, function, onset, _gives_more_to_do)
    if lowered or not grown:
        close = argue_change(brief, case, onset, lowered, f"lower timeout of {function.name}")
    else:
        close = argue_change(brief, case, onset, grown, f"release of {function.name}")
    if lowered is None:
        _argue_callees(brief, case, function, limit)
        _argue_callers(brief, case, function)
    if not (lowered or grown or tight):
        brief.cap(_NO_CHANGE_CAP, "neither its limit nor its code changed: a lead, not a cause")
    stands = f"its limit of {milliseconds(limit * _MS)}" if limit else "its limit"
    summary = (
        f"The timeout of {function.name} was lowered: {lowered.change.summary}"
        if lowered
        else f"{function.name} takes longer than {stands}"
    )
    behind = lowered or grown
    return brief.assessment(
        summary,
        onset,
        harm=[Harm(function, "timeouts")],
        setting="timeout_seconds",
        change=behind.key if behind else "",
        change_found=close,
        in_metrics=case.risen(function, "lambda.errors") is not None,
        in_logs=True,
        failing=function,
    )


def _gives_more_to_do(change: Change) -> bool:
    """Other code, or more messages at a time; of the feed's changes what it was is not known."""
    if "batch_size" in change.after:
        return "batch_size" not in change.before or not lowers(change, "batch_size")
    return is_release(change)


def _lowers_timeout(change: Change) -> bool:
    return lowers(change, "timeout_seconds")


def _seen_lowered(
    brief: Brief, case: Case, function: Resource, onset: Onset, limit: float | None
) -> ChangeFound | None:
    """A change that nothing tells of, where calls took longer before than they may take now."""
    shown = case.metric(function, "lambda.duration_max")
    before = max(until(shown, onset.at - case.period), default=0.0) if shown else 0.0
    if shown is None or limit is None or before <= _LONGER * limit * _MS:
        return None
    found = untold_change(case, function, onset)
    text = f"before it took up to {milliseconds(before)}, more than its limit is now"
    brief.speaks_for(GOOD if found else FAIR, text, shown.id)
    brief.cap(_UNTOLD_CAP, "what was changed is not told: at most likely")
    return found


def _argue_timeouts(brief: Brief, case: Case, function: Resource) -> None:
    log = timeouts(case, function)
    if log:
        brief.speaks_for(
            FAIR,
            f"{plural(log.detail.timeouts, 'invocation')} of {function.name} timed out"
            f" ({log.detail.timeouts_baseline} before)",
            log.id,
        )


def _argue_headroom(brief: Brief, case: Case, function: Resource, limit_ms: float) -> bool:
    """Whether it used to be close to its limit already."""
    shown = case.duration(function)
    if shown is None or shown.detail.baseline_value is None:
        brief.misses(f"how long {function.name} usually takes is not known")
        return False
    usual = shown.detail.baseline_value
    text = f"it usually takes {milliseconds(usual)} of its {milliseconds(limit_ms)}"
    if usual >= _TIGHT * limit_ms:
        brief.speaks_for(FAIR, text, shown.id)
    elif usual <= _AMPLE * limit_ms:
        brief.speaks_against(WEAK, text, shown.id)
    return usual >= _TIGHT * limit_ms


def _argue_callers(brief: Brief, case: Case, function: Resource) -> None:
    """Callers that wait longer, while few calls reach the limit, have it slow above all."""
    log = timeouts(case, function)
    if log is None or not log.detail.invocations:
        return
    waits = next(
        (
            slow.shown
            for one in case.callers(function)
            if (slow := slowed(case, one)) and hurts(case, slow.shown)
        ),
        None,
    )
    part = log.detail.timeouts / log.detail.invocations
    if waits and part < _FEW:
        text = f"{share(part)} of its calls reach the limit, while callers wait longer for the rest"
        brief.speaks_against(GOOD, text, log.id, waits.id)
        brief.cap(LEAD_CAP, "it became slow for its callers: its limit is the least of it")


def _argue_callees(brief: Brief, case: Case, function: Resource, limit: float | None) -> None:
    """A slower callee explains the timeouts better than a limit that nobody changed."""
    chain = slowest_chain(case, function)
    if chain:
        slow = chain[0]
        configuration = case.configuration(function)
        kept = f"its limit of {milliseconds(limit * _MS)} did not change" if limit else ""
        text = f"{slow.resource.name}, which it waits for, slowed at {clock(slow.onset.at)}"
        brief.speaks_against(GOOD, text, slow.shown.id)
        feed = case.feed_of(function)
        cited = [configuration.id] if configuration else []
        cited += feed.ids if feed else []
        if kept and cited:
            brief.speaks_against(WEAK, f"{kept}, as far as the change feed tells", *cited)
        brief.rule_out(f"{kept}, and {text}" if kept else text)
        return
    below = case.callees(function)
    read = [shown for one in below if (shown := case.duration(one))]
    if not case.knows_callees_of(function):
        brief.misses(f"what {function.name} calls was not read: one of it may have slowed")
    elif read:
        brief.speaks_for(FAIR, "nothing that it calls slowed", *(shown.id for shown in read))
    elif below:
        brief.misses(f"durations of what {function.name} calls were not read")
