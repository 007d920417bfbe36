"""A global secondary index has too little write capacity, and the table refuses writes for it.

Mechanism: every write of the table that touches the index must be written there too. The index
throttles, the table refuses writes although its own capacity would do.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, Assessment, Brief
from opspilot.diagnosis.capacity import (
    WELL_BELOW,
    argue_refusals,
    failing_user,
    harm_of,
    in_words,
    throttled_indexes,
    throttling,
)
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_trigger, changes_behind, dated, lowers
from opspilot.diagnosis.symptoms import onset_of
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number

CAUSE_CLASS = "dynamodb.index_back_pressure"
_PRIOR = -2.0


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each table one of whose indexes throttles."""
    for table in case.tables:
        for name, shown in throttled_indexes(case, table)[:1]:
            yield _weigh(case, table, name, shown)


def _weigh(case: Case, table: Resource, name: str, shown: Shown[MetricDetail]) -> Assessment:
    brief = Brief(CAUSE_CLASS, table, _PRIOR)
    total = shown.detail.total_incident
    counted = f" ({number(total)} in all)" if total is not None else ""
    brief.speaks_for(STRONG, f"index {name} of {table.name} throttles{counted}", shown.id)
    writes = next((one for one in throttling(case, table) if one.direction == "write"), None)
    if writes:
        text = f"the table refuses writes meanwhile; {in_words(writes)}"
        own = writes.used is not None and writes.used < WELL_BELOW
        brief.speaks_for(GOOD if own else FAIR, text, writes.throttles.id, *writes.ids)
    else:
        text = "the table itself refuses no writes"
        read = case.metric(table, "dynamodb.write_throttles")
        if read:
            brief.speaks_against(FAIR, text, read.id)
    _argue_index(brief, case, table, name)
    in_logs = argue_refusals(brief, case, table)
    onset, capacity = onset_of(shown, case.period), f"{name}.write_capacity"
    found, close = None, False
    if onset:
        found = changes_behind(case, table, onset, lambda change: lowers(change, capacity))
        surge = case.risen(table, "dynamodb.writes")
        what = f"lower capacity of index {name}"
        close = argue_trigger(brief, case, onset, found, what, surge)
    return brief.assessment(
        f"Index {name} of {table.name} cannot take its writes, and holds the table up",
        dated(onset, found),
        harm=harm_of(case, table),
        setting=name,
        change=found.key if found else "",
        change_found=close,
        in_metrics=True,
        in_logs=in_logs,
        failing=failing_user(case, table),
    )


def _argue_index(brief: Brief, case: Case, table: Resource, name: str) -> None:
    shown = case.table(table)
    index = shown.detail.index(name) if shown else None
    if shown is None or index is None:
        brief.misses(f"the capacity of index {name} was not read")
        return
    given, own = index.write_capacity, shown.detail.write_capacity
    if given and own and given < own:
        text = f"the index has {given} write units, the table {own}"
        brief.speaks_for(FAIR, text, shown.id)
