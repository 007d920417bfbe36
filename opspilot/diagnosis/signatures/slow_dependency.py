"""A function that others wait for became slow; whoever waits times out.

Mechanism: the callee's duration rises, the caller's invocations run into their timeout. The cause
sits at the callee that slowed by itself: down the call chain, the last one that slowed and none of
whose own callees explains it. What changed there shortly before is the cause; the caller's timeouts
are the first failure.
"""

import re
from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, LEAD_CAP, WEAK, Assessment, Brief, Harm
from opspilot.diagnosis.cascade import passed_on
from opspilot.diagnosis.case import DURATIONS, Case, Shown
from opspilot.diagnosis.change_search import CLOSE, ChangeFound, argue_change, changes_behind
from opspilot.diagnosis.harm import hurts
from opspilot.diagnosis.slowness import Slow, slowed, slowest_chain
from opspilot.diagnosis.symptoms import (
    failing,
    failure_onset,
    killed_for_memory,
    limit_seconds,
    risen_errors,
    timeouts,
)
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.wording import clock, milliseconds, plural, quantity

CAUSE_CLASS = "lambda.slow_dependency"
_PRIOR = -2.0
_MS = 1_000.0
_LATENCIES = ("api.latency_p99", "api.integration_latency_p99")
_PILES_UP = ("lambda.throttles", "lambda.async_age", "lambda.iterator_age")
_WAITS = re.compile(r"time[d_]?.?out|deadline|abort", re.IGNORECASE)
"""Error types of a caller that gave up by itself, before its own limit."""


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each callee that slowed by itself below one that fails or may wait for it."""
    own = case.incident.resource
    waiting = list(dict.fromkeys([*failing(case), own, *case.callers(own)]))
    accused: set[Resource] = set()
    for caller in waiting:
        chain = slowest_chain(case, caller)
        if chain and chain[-1].resource not in accused:
            accused.add(chain[-1].resource)
            yield _weigh(case, caller, chain)
    contradicted = None if accused else _contradicted(case, waiting)
    if contradicted:
        yield contradicted


def _weigh(case: Case, start: Resource, chain: list[Slow]) -> Assessment:
    culprit = chain[-1]
    victim = _victim(case, start, chain)
    brief = Brief(CAUSE_CLASS, culprit.resource, _PRIOR)
    _argue_slow(brief, case, culprit)
    in_logs = _argue_waiting(brief, case, victim, culprit)
    _argue_order(brief, case, victim, culprit)
    _argue_load(brief, case, culprit)
    held = case.risen(culprit.resource, *_PILES_UP)
    if held:
        text = f"calls of {culprit.resource.name} pile up meanwhile: {held.evidence.finding}"
        brief.speaks_for(WEAK, text, held.id)
    elif victim not in failing(case) and not case.risen(victim, *DURATIONS, *_LATENCIES):
        brief.cap(LEAD_CAP, f"nobody is seen to wait: {victim.name} neither fails nor slowed")
    if timeouts(case, victim) is None and not hurts(case, culprit.shown):
        brief.rule_out(f"{culprit.resource.name} slowed by too little to matter")
    change = changes_behind(case, culprit.resource, culprit.onset, _could_slow)
    close = argue_change(
        brief, case, culprit.onset, change, f"release or change of {culprit.resource.name}"
    )
    fails = victim in failing(case)
    return brief.assessment(
        _summary(case, culprit, victim, change),
        culprit.onset,
        harm=[Harm(culprit.resource, "slow"), Harm(victim, "timeouts" if fails else "slow")],
        change=change.key if change else "",
        change_found=close,
        in_metrics=True,
        in_logs=in_logs,
        failing=victim if fails else None,
    )


def _victim(case: Case, start: Resource, chain: list[Slow]) -> Resource:
    """The one that fails closest to the culprit; the first one that waits when none fails."""
    path = [start, *(slow.resource for slow in chain[:-1])]
    fails = failing(case)
    return next((one for one in reversed(path) if one in fails), start)


def _could_slow(change: Change) -> bool:
    return change.kind in ("release", "configuration", "capacity")


def _argue_slow(brief: Brief, case: Case, culprit: Slow) -> None:
    detail = culprit.shown.detail
    brief.speaks_for(
        GOOD,
        f"{culprit.resource.name} slowed{_from_to(culprit)} at {clock(culprit.onset.at)}"
        f" ({abs(detail.effect_size):.3g} robust sigma)",
        culprit.shown.id,
    )
    below = case.callees(culprit.resource)
    read = [shown for callee in below if (shown := case.duration(callee))]
    if len(read) < len(below):
        brief.misses(f"durations of what {culprit.resource.name} calls were not all read")
    elif below:
        names = ", ".join(callee.name for callee in below)
        brief.speaks_for(
            WEAK,
            f"what it calls itself ({names}) did not slow with it",
            *(shown.id for shown in read),
        )


def _argue_waiting(brief: Brief, case: Case, victim: Resource, culprit: Slow) -> bool:
    """Whether the caller's log shows that it runs into its timeout."""
    limit = limit_seconds(case, victim)
    log = case.log(victim)
    timing_out = timeouts(case, victim)
    if timing_out:
        detail = timing_out.detail
        brief.speaks_for(
            GOOD,
            f"{plural(detail.timeouts, 'invocation')} of {victim.name} timed out"
            f" ({detail.timeouts_baseline} before)",
            timing_out.id,
        )
    elif log and log.detail.timeouts and log.detail.timeouts_baseline:
        brief.misses(
            f"the log of {victim.name} holds timeouts in both windows that were compared: a window"
            " that begins before the trouble would tell"
        )
    elif waits := _waits_longer(case, victim, culprit):
        text = f"{victim.name} takes longer as well: it waits, and does not give up"
        brief.speaks_for(FAIR, text, waits.id)
        return False
    elif log:
        brief.speaks_against(
            GOOD, f"the log of {victim.name} shows no more timeouts than before", log.id
        )
        if other := _fails_otherwise(case, victim):
            brief.rule_out(f"{victim.name} does not give up waiting: it fails {other}")
    else:
        brief.misses(f"the log of {victim.name} was not read: timeouts there would confirm it")
    now = culprit.shown.detail.incident_value
    if limit is not None and now is not None:
        _argue_limit(brief, case, victim, culprit, limit * _MS)
    return timing_out is not None


def _waits_longer(case: Case, victim: Resource, culprit: Slow) -> Shown[MetricDetail] | None:
    """The duration of a caller that slowed while it does not fail, or fails for those below.

    None where the culprit itself calls what fails: to try again takes long as well.
    """
    fails = failing(case)
    if victim in fails and not passed_on(case, victim):
        return None
    if any(one in fails for one in case.callees(culprit.resource)):
        return None
    slow = slowed(case, victim)
    return slow.shown if slow and hurts(case, slow.shown) else None


def _fails_otherwise(case: Case, victim: Resource) -> str:
    """What the victim's failures are, if its log accounts for them and nothing there waits."""
    if killed_for_memory(case, victim):
        return "for memory"
    found = risen_errors(case, victim)
    if found is None or any(_WAITS.search(name) for name in found[1]):
        return ""
    return f"with {max(found[1], key=lambda name: found[1][name])}"


def _argue_limit(
    brief: Brief, case: Case, victim: Resource, culprit: Slow, limit_ms: float
) -> None:
    detail = culprit.shown.detail
    configuration, log = case.configuration(victim), case.log(victim)
    cited = [one.id for one in (culprit.shown, configuration or log) if one]
    slowest = max(
        value for value in (detail.incident_value, detail.peak_value, 0.0) if value is not None
    )
    takes = f"{culprit.resource.name} takes up to {milliseconds(slowest)} now"
    waits = f"{victim.name} gives up after {milliseconds(limit_ms)}"
    if slowest >= limit_ms:
        brief.speaks_for(FAIR, f"{takes}, {waits}", *cited)
    elif slowest < 0.5 * limit_ms:
        brief.speaks_against(FAIR, f"{takes}, well below the {milliseconds(limit_ms)}", *cited)


def _argue_order(brief: Brief, case: Case, victim: Resource, culprit: Slow) -> None:
    """The callee must slow before its caller fails, as far as periods can tell."""
    failed = failure_onset(case, victim)
    errors = case.risen(victim, "lambda.errors") or timeouts(case, victim)
    if failed is None or errors is None:
        return
    slack = culprit.onset.uncertainty + case.period
    cited = (culprit.shown.id, errors.id)
    if culprit.onset.at - slack <= failed.latest:
        brief.speaks_for(
            WEAK, f"the failures of {victim.name} began with it, at {clock(failed.at)}", *cited
        )
        return
    text = f"{victim.name} failed first, at {clock(failed.at)}"
    brief.speaks_against(GOOD, text, *cited)
    if culprit.onset.at - slack > failed.latest + CLOSE:
        since = clock(culprit.onset.at)
        brief.rule_out(f"{text}, long before {culprit.resource.name} slowed at {since}")


def _argue_load(brief: Brief, case: Case, culprit: Slow) -> None:
    more = case.risen(culprit.resource, "lambda.invocations")
    if more:
        brief.speaks_against(
            WEAK, f"traffic to {culprit.resource.name} rose too: load may be what slows it", more.id
        )


def _contradicted(case: Case, waiting: list[Resource]) -> Assessment | None:
    """Nobody slowed below whoever times out: said, if the durations were read."""
    for caller in waiting:
        below = [one for one in case.callees(caller) if one.kind is ResourceKind.FUNCTION]
        log = timeouts(case, caller)
        if not below or log is None:
            continue
        brief = Brief(CAUSE_CLASS, below[0], _PRIOR)
        brief.speaks_for(WEAK, f"invocations of {caller.name} time out", log.id)
        read = [shown for one in below if (shown := case.duration(one))]
        names = ", ".join(one.name for one in below)
        if read and case.knows_callees_of(caller):
            brief.speaks_against(GOOD, f"none of {names} slowed", *(shown.id for shown in read))
            brief.rule_out(f"none of the functions that {caller.name} calls slowed ({names})")
        else:
            brief.misses(f"durations of all that {caller.name} calls were not read")
        return Assessment(brief.hypothesis(f"Something that {caller.name} calls became slow"))
    return None


def _summary(case: Case, culprit: Slow, victim: Resource, change: ChangeFound | None) -> str:
    name = culprit.resource.name
    limit = limit_seconds(case, victim)
    gives_up = f"; {victim.name} gives up after {milliseconds(limit * _MS)}" if limit else ""
    if victim not in failing(case):
        gives_up = f"; {victim.name} waits for it"
    if change is None:
        return f"{name} slowed{_from_to(culprit)}{gives_up}"
    what = change.change.after.get("version")
    kind = f"release {what}" if change.change.kind == "release" and what else change.change.summary
    return f"{name} {kind} slowed it{_from_to(culprit)}{gives_up}"


def _from_to(culprit: Slow) -> str:
    detail = culprit.shown.detail
    if detail.baseline_value is None or detail.incident_value is None:
        return ""
    return (
        f" from {quantity(detail.baseline_value, detail.unit)}"
        f" to {quantity(detail.incident_value, detail.unit)} ({detail.statistic})"
    )
