"""One key takes most requests of a table, and its partition refuses what the table could serve.

Mechanism: throttle events rise while the consumed capacity stays well below what is provisioned
(on demand: below what any such table serves at once), no index is behind it, and the capacity was
not changed.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, LEAD_CAP, STRONG, WEAK, Assessment, Brief
from opspilot.diagnosis.capacity import (
    AT_CAPACITY,
    WELL_BELOW,
    Throttling,
    argue_refusals,
    failing_user,
    harm_of,
    in_words,
    lowers_capacity,
    throttled_indexes,
    throttling,
)
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.change_search import changes_behind
from opspilot.domain.change import Change
from opspilot.domain.wording import number

CAUSE_CLASS = "dynamodb.hot_partition"
_PRIOR = -2.0
_CAP = 0.9


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each table that refuses requests, in the direction that it does most."""
    for table in case.tables:
        found = list(throttling(case, table))
        if found:
            yield _weigh(
                case, max(found, key=lambda one: one.throttles.detail.total_incident or 0.0)
            )


def _weigh(case: Case, one: Throttling) -> Assessment:
    table = one.table
    brief = Brief(CAUSE_CLASS, table, _PRIOR)
    total = one.throttles.detail.total_incident
    counted = f" ({number(total)} in all)" if total is not None else ""
    brief.speaks_for(
        FAIR, f"throttled {one.direction}s of {table.name} rose{counted}", one.throttles.id
    )
    below = _argue_use(brief, one)
    indexes = throttled_indexes(case, table)
    if indexes:
        name, shown = indexes[0]
        text = f"its index {name} throttles, and holds the table up"
        brief.speaks_against(GOOD, text, shown.id)
        brief.cap(LEAD_CAP, "an index throttles")
    in_logs = argue_refusals(brief, case, table)
    _argue_capacity(brief, case, one)
    brief.cap(_CAP, "which key is hot is told by no metric")
    return brief.assessment(
        f"One key of {table.name} takes more than its partition serves: {in_words(one)}",
        one.onset,
        harm=harm_of(case, table),
        change_found=below,
        in_metrics=True,
        in_logs=in_logs,
        failing=failing_user(case, table),
    )


def _argue_use(brief: Brief, one: Throttling) -> bool:
    """Whether the table throttles well below what it could serve."""
    used = one.used
    if used is not None:
        if used < WELL_BELOW:
            brief.speaks_for(STRONG, f"{in_words(one)}: it throttles well below", *one.ids)
            return True
        weight = GOOD if used >= AT_CAPACITY else WEAK
        brief.speaks_against(weight, in_words(one), *one.ids)
        brief.cap(LEAD_CAP, "it throttles at its capacity")
        return False
    brief.misses(f"how much of its capacity {one.table.name} uses is not known", *one.ids)
    brief.cap(LEAD_CAP, "how much of its capacity is used is not known")
    return False


def _argue_capacity(brief: Brief, case: Case, one: Throttling) -> None:
    def suits(change: Change) -> bool:
        return lowers_capacity(change, one.direction)

    found = changes_behind(case, one.table, one.onset, suits)
    feed = case.feed_of(one.table)
    if found:
        text = f"its capacity was changed: {found.change.summary}"
        brief.speaks_against(WEAK, text, *found.ids)
    elif feed and feed.whole_until >= one.onset.latest:
        brief.speaks_for(WEAK, "its capacity was not changed", *feed.ids)
