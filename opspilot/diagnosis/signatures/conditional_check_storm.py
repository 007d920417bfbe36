"""Many writers contend for the same items: their conditional writes are refused, and repeated.

Mechanism: ConditionalCheckFailedRequests rise out of proportion to the writes, none of which is
throttled; the writers' log tells of refused conditions, and their calls multiply or fail.
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
)
from opspilot.diagnosis.capacity import failing_user, throttling
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import changes_behind
from opspilot.diagnosis.families import Family, told
from opspilot.diagnosis.harm import hurts
from opspilot.diagnosis.levels import growth, total
from opspilot.diagnosis.symptoms import onset_of
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number, share

CAUSE_CLASS = "dynamodb.conditional_check_storm"
_PRIOR = -2.0
_CAP = 0.9
_FEW = 0.02


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each table whose conditional writes are refused more than before."""
    for table in case.tables:
        shown = case.risen(table, "dynamodb.conditional_failures")
        if shown and hurts(case, shown):
            yield _weigh(case, table, shown)


def _weigh(case: Case, table: Resource, shown: Shown[MetricDetail]) -> Assessment:
    brief = Brief(CAUSE_CLASS, table, _PRIOR)
    count = shown.detail.total_incident
    counted = f" ({number(count)} in all)" if count is not None else ""
    brief.speaks_for(STRONG, f"refused conditions of {table.name} rose{counted}", shown.id)
    in_logs = _argue_log(brief, case, table)
    writes = case.metric(table, "dynamodb.writes")
    more = growth(writes)
    if writes and more is not None and more > 1.3:
        brief.speaks_for(WEAK, f"writes rose with them ({more:.2g} times)", writes.id)
    onset = onset_of(shown, case.period)
    refused, written = (total(one, onset.at) if onset else None for one in (shown, writes))
    if writes and written and refused is not None and refused < _FEW * written:
        text = f"{share(refused / written)} of the writes since then: few are refused"
        brief.speaks_against(GOOD, text, shown.id, writes.id)
        brief.cap(LEAD_CAP, "so few refused conditions come with as many writes")
    for one in throttling(case, table):
        text = f"throttled {one.direction}s rose as well: capacity may be short"
        brief.speaks_against(FAIR, text, one.throttles.id)
    change = _behind(case, table, onset.at if onset else None)
    brief.cap(_CAP, "which items are contended for is told by no metric")
    return brief.assessment(
        f"Writers contend for the same items of {table.name}",
        onset,
        harm=[Harm(table), *(Harm(one, "errors") for one in case.users_of(table))],
        change=change,
        change_found=in_logs,
        in_metrics=True,
        in_logs=in_logs,
        failing=failing_user(case, table),
    )


def _argue_log(brief: Brief, case: Case, table: Resource) -> bool:
    unread = True
    for function in case.users_of(table):
        log = case.log(function)
        said = told(log, Family.CONDITIONAL) if log else None
        unread = unread and log is None
        if said and said.count > said.before:
            text = f"the log of {function.name} tells of it {number(said.count)} times"
            brief.speaks_for(GOOD, text, said.log.id)
            return True
    if unread:
        brief.misses(f"no log of a function that writes {table.name} was read")
    return False


def _behind(case: Case, table: Resource, at: object) -> str:
    """The release of a writer shortly before, if there is one."""
    for function in case.users_of(table):
        shown = case.risen(table, "dynamodb.conditional_failures")
        onset = onset_of(shown, case.period) if shown and at else None
        found = changes_behind(case, function, onset, _released) if onset else None
        if found:
            return found.key
    return ""


def _released(change: Change) -> bool:
    return change.kind == "release"
