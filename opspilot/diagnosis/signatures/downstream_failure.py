"""Something that a function needs outside of what can be read fails or became slow.

Mechanism: the log tells of connections refused, reads timed out, answers 5xx; nothing inside that
the function calls fails or slowed, and the function was not changed. The state that changed is not
observable, so this is likely at most.
"""

import re
from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Assessment, Brief, Harm
from opspilot.diagnosis.cascade import origins
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.change_search import changes_behind
from opspilot.diagnosis.families import Family, says_so_itself
from opspilot.diagnosis.levels import only_began
from opspilot.diagnosis.ran_well import ran_well
from opspilot.diagnosis.slowness import slowed, slowest_chain
from opspilot.diagnosis.symptoms import failure_onset, timeouts
from opspilot.diagnosis.telling import Failure, argue_told, failure_told
from opspilot.diagnosis.untold import release_behind, tried_again, unchanged_since
from opspilot.domain.change import Change
from opspilot.domain.resource import Resource, ResourceKind

CAUSE_CLASS = "downstream_failure"
_PRIOR = -2.0
_CAP = 0.9
_BY_ELIMINATION_CAP = 0.7
_HOST = re.compile(
    r"(?:host=['\"]?|https?://|ENOTFOUND |ECONNREFUSED |ETIMEDOUT |connect to |from |dial tcp )"
    r"([a-z0-9-]+(?:\.[a-z0-9-]+)+)",
    re.IGNORECASE,
)


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function that cannot reach what it needs, or waits for nothing known."""
    told = [
        failure
        for function in origins(case)
        if (failure := failure_told(case, function, Family.UNREACHABLE))
    ]
    for failure in told:
        if not _waits_inside(case, failure.function):
            yield _weigh(case, failure)
    for function in case.functions:
        if timeouts(case, function) and not any(one.function == function for one in told):
            found = _by_elimination(case, function)
            if found:
                yield found


def _waits_inside(case: Case, function: Resource) -> bool:
    """Whether a function of ours that it calls is what it waits for."""
    return bool(slowest_chain(case, function))


def _weigh(case: Case, failure: Failure) -> Assessment:
    function, said = failure.function, failure.told
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    argue_told(brief, failure, STRONG if says_so_itself(said.text) else GOOD)
    host = _HOST.search(said.text)
    if host and not host[1].endswith("amazonaws.com"):
        brief.speaks_for(WEAK, f"it names a host outside of the account: {host[1]}", said.log.id)
    _argue_inside(brief, case, function)
    _argue_unchanged(brief, case, failure)
    brief.cap(_CAP, "what changed lies outside of what can be read: at most likely")
    return brief.assessment(
        f"{function.name} gets no good answer from {host[1] if host else 'what it depends on'}"
        + (f": {said.text}" if said.text else ""),
        failure.onset,
        harm=[Harm(function, "errors"), Harm(function, "timeouts"), Harm(function, "slow")],
        in_metrics=failure.errors is not None,
        in_logs=True,
        failing=function,
    )


def _argue_inside(brief: Brief, case: Case, function: Resource) -> None:
    below = case.callees(function)
    read = [shown for one in below if (shown := case.duration(one))]
    if not case.knows_callees_of(function):
        brief.misses(f"what {function.name} calls inside was not read")
    elif below and read:
        names = ", ".join(one.name for one in below)
        ids = [shown.id for shown in read]
        brief.speaks_for(WEAK, f"what it calls inside ({names}) neither fails nor slowed", *ids)
    elif not below:
        brief.speaks_for(WEAK, "it calls no other function", *case.topology_ids)
    throttled = [
        shown
        for table in case.tables_of(function)
        if (shown := case.risen(table, "dynamodb.read_throttles", "dynamodb.write_throttles"))
    ]
    if throttled:
        brief.speaks_against(GOOD, "a table that it uses throttles", throttled[0].id)


def _argue_unchanged(brief: Brief, case: Case, failure: Failure) -> None:
    function, onset = failure.function, failure.onset
    if onset is None:
        return
    change = changes_behind(case, function, onset, _could_cause) or release_behind(
        case, function, onset
    )
    feed = case.feed_of(function)
    well = ran_well(case, function, onset, change)
    if change and well:
        text = f"{function.name} itself changed, but {well.told} ran well after that"
        brief.speaks_for(FAIR, text, *change.ids, *well.ids)
    elif change:
        text = f"{function.name} itself changed shortly before: {change.change.summary}"
        brief.speaks_against(GOOD, text, *change.ids)
    elif feed and feed.whole_until >= onset.latest:
        brief.speaks_for(FAIR, f"{function.name} itself was not changed", *feed.ids)
    elif ids := unchanged_since(case, function, onset):
        brief.speaks_for(WEAK, f"{function.name} itself was not changed", *ids)
    else:
        brief.misses(f"whether {function.name} itself was changed is not known")


def _could_cause(change: Change) -> bool:
    return change.kind in ("release", "configuration", "permission")


def _by_elimination(case: Case, function: Resource) -> Assessment | None:
    """It takes longer, and nothing that can be read explains for what."""
    slow, log = slowed(case, function), timeouts(case, function)
    if slow is None and case.duration(function) is not None:
        return None  # It was measured, and is not slower.
    onset = slow.onset if slow else failure_onset(case, function)
    feed = case.feed_of(function)
    if onset is None or log is None or not case.knows_callees_of(function):
        return None
    inside = slowest_chain(case, function) or changes_behind(case, function, onset, _could_cause)
    whole = feed is not None and feed.whole_until >= onset.latest
    ids = feed.ids if feed and whole else unchanged_since(case, function, onset)
    more = case.risen(function, "lambda.invocations")
    explained = more is None or only_began(more) or tried_again(case, function)
    busy = not explained or case.risen(function, "lambda.throttles")
    if inside or not ids or busy or function.kind is not ResourceKind.FUNCTION:
        return None
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    if slow:
        brief.speaks_for(GOOD, f"{function.name} slowed and times out", slow.shown.id, log.id)
    else:
        brief.speaks_for(FAIR, f"{function.name} times out, as it did not before", log.id)
    _argue_inside(brief, case, function)
    brief.speaks_for(FAIR, f"{function.name} itself was not changed", *ids)
    brief.cap(_BY_ELIMINATION_CAP, "no line says what it waits for: by elimination only")
    return brief.assessment(
        f"{function.name} waits for something outside of what was read",
        onset,
        harm=[Harm(function, "timeouts"), Harm(function, "slow")],
        in_metrics=True,
        failing=function,
    )
