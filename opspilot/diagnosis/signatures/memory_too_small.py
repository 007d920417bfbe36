"""A function got less memory, and with it less CPU: its own work takes longer.

Mechanism: Lambda gives CPU in proportion to memory. The duration rises with the memory lowered, by
about the factor of the memory where the work is bound by CPU, while memory suffices (nothing is
killed) and nothing that the function calls slowed.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, LEAD_CAP, WEAK, Assessment, Brief, Harm
from opspilot.diagnosis.case import Case, ChangeFound
from opspilot.diagnosis.change_search import argue_change, changes_behind, lowers
from opspilot.diagnosis.levels import growth
from opspilot.diagnosis.slowness import Slow, slowed, slowest_chain
from opspilot.diagnosis.symptoms import killed_for_memory, timeouts
from opspilot.domain.change import Change
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number

CAUSE_CLASS = "lambda.memory_too_small"
_PRIOR = -2.0
_ROOM = 0.95


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function that slowed after its memory was lowered."""
    for function in case.functions:
        slow = slowed(case, function)
        lowered = _lowered(case, slow) if slow else None
        if slow and lowered:
            yield _weigh(case, slow, lowered)


def _lowered(case: Case, slow: Slow) -> tuple[ChangeFound, float | None] | None:
    """The change that lowered its memory, and the factor by which, where that is known."""
    change = changes_behind(case, slow.resource, slow.onset, _lowers_memory)
    if change:
        before, after = (
            state.get("memory_mb") for state in (change.change.before, change.change.after)
        )
        known = before and after
        return change, float(before) / float(after) if known and before and after else None
    released = changes_behind(case, slow.resource, slow.onset, _is_version)
    shown = case.configuration(slow.resource)
    if released is None or shown is None:
        return None
    versions = {one.version: one.memory_mb for one in shown.detail.versions}
    now = versions.get(released.change.after.get("version", ""))
    before = versions.get(_before(released.change, versions))
    return (released, before / now) if now and before and before > now else None


def _before(change: Change, versions: dict[str, int]) -> str:
    """The version that a release took the place of: as it says, else the next older one."""
    told = change.before.get("version")
    if told:
        return told
    number_now = change.after.get("version", "")
    older = [int(one) for one in versions if one.isdigit() and int(one) < int(number_now or 0)]
    return str(max(older)) if older else ""


def _lowers_memory(change: Change) -> bool:
    return lowers(change, "memory_mb")


def _is_version(change: Change) -> bool:
    return change.kind == "release" and change.after.get("version", "").isdigit()


def _weigh(case: Case, slow: Slow, lowered: tuple[ChangeFound, float | None]) -> Assessment:
    function, (change, factor) = slow.resource, lowered
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    times = growth(slow.shown)
    by = f" to {times:.2g} times the usual" if times else ""
    brief.speaks_for(GOOD, f"{function.name} takes longer{by}", slow.shown.id)
    if factor and times:
        _argue_factor(brief, slow, change, factor, times)
    chain = slowest_chain(case, function)
    if chain:
        text = f"{chain[0].resource.name}, which it waits for, slowed too"
        brief.speaks_against(GOOD, text, chain[0].shown.id)
        brief.cap(LEAD_CAP, "a callee that slowed explains it as well")
    elif case.knows_callees_of(function):
        brief.speaks_for(WEAK, "nothing that it calls slowed", *case.topology_ids)
    in_logs = _argue_room(brief, case, function)
    close = argue_change(brief, case, slow.onset, change, f"lower memory of {function.name}")
    log = timeouts(case, function)
    return brief.assessment(
        f"{function.name} got less memory, and less CPU with it: {change.change.summary}",
        slow.onset,
        harm=[Harm(function, "slow"), *([Harm(function, "timeouts")] if log else [])],
        setting="memory_mb",
        change=change.key,
        change_found=close,
        in_metrics=True,
        in_logs=in_logs,
        failing=function if log else None,
    )


def _argue_factor(
    brief: Brief, slow: Slow, change: ChangeFound, factor: float, times: float
) -> None:
    text = f"its memory was {number(round(factor, 1))} times as much before"
    if 0.35 * factor <= times <= 2.0 * factor:
        brief.speaks_for(FAIR, text, *change.ids)
    elif times > 4.0 * factor:
        more = f"{text}: too little to slow it {times:.2g} times"
        brief.speaks_against(FAIR, more, slow.shown.id)


def _argue_room(brief: Brief, case: Case, function: Resource) -> bool:
    """Whether the log shows that memory itself suffices; deaths for memory rule this out."""
    killed = killed_for_memory(case, function)
    if killed:
        brief.rule_out(f"{function.name} is killed for memory: it has too little to run at all")
        return False
    log = case.log(function)
    if log is None:
        brief.misses(f"the log of {function.name} was not read: its reports tell the memory used")
        return False
    used, size = log.detail.memory_used_max_mb, log.detail.memory_size_mb
    if used is None or not size:
        return False
    if used < _ROOM * size:
        brief.speaks_for(WEAK, f"memory suffices: {used} MB of {size} MB are used", log.id)
    return True
