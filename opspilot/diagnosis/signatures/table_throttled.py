"""A table has less capacity than its requests need, and refuses some of them.

Mechanism: throttle events rise while the consumed capacity stands at the provisioned one, because
the capacity was lowered or because more is asked than it was ever given. A table that follows the
demand by itself (on demand, autoscaling) only lags behind: that is another cause.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, LEAD_CAP, Assessment, Brief
from opspilot.diagnosis.capacity import (
    AT_CAPACITY,
    WELL_BELOW,
    Throttling,
    argue_refusals,
    failing_user,
    harm_of,
    in_words,
    lowers_capacity,
    scaling_of,
    throttled_indexes,
    throttling,
)
from opspilot.diagnosis.case import Case, ChangeFound
from opspilot.diagnosis.change_search import argue_trigger, changes_behind, dated
from opspilot.domain.change import Change
from opspilot.domain.wording import number

CAUSE_CLASS = "dynamodb.table_throttled"
_PRIOR = -2.0


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
        GOOD, f"throttled {one.direction}s of {table.name} rose{counted}", one.throttles.id
    )
    found = _lowered(case, one)
    _argue_use(brief, one, found)
    _argue_billing(brief, case, one, found)
    indexes = throttled_indexes(case, table)
    if indexes:
        name, shown = indexes[0]
        brief.speaks_against(GOOD, f"its index {name} throttles too, and may hold it up", shown.id)
    in_logs = argue_refusals(brief, case, table)
    surge = case.risen(table, "dynamodb.writes" if one.direction == "write" else "dynamodb.reads")
    what = f"lower {one.direction} capacity of {table.name}"
    close = argue_trigger(brief, case, one.onset, found, what, surge)
    return brief.assessment(
        f"{table.name} has too little {one.direction} capacity: {in_words(one)}",
        dated(one.onset, found),
        harm=harm_of(case, table),
        setting=f"{one.direction}_capacity",
        change=found.key if found else "",
        change_found=close,
        in_metrics=True,
        in_logs=in_logs,
        failing=failing_user(case, table),
    )


def _lowered(case: Case, one: Throttling) -> ChangeFound | None:
    def suits(change: Change) -> bool:
        return lowers_capacity(change, one.direction)

    return changes_behind(case, one.table, one.onset, suits)


def _argue_use(brief: Brief, one: Throttling, found: ChangeFound | None) -> None:
    used = one.used
    if used is None:
        brief.misses(f"how much of its capacity {one.table.name} uses is not known", *one.ids)
    elif used >= AT_CAPACITY:
        brief.speaks_for(GOOD, in_words(one), *one.ids)
    elif used < WELL_BELOW and found:
        # Requests come in bursts: a minute's mean may stay below what its worst second asks for.
        brief.speaks_against(FAIR, f"{in_words(one)}: it throttles well below", *one.ids)
    elif used < WELL_BELOW:
        brief.speaks_against(GOOD, f"{in_words(one)}: it throttles well below", *one.ids)
        brief.cap(LEAD_CAP, "it throttles well below its capacity")
    else:
        brief.speaks_for(FAIR / 2, in_words(one), *one.ids)


def _argue_billing(brief: Brief, case: Case, one: Throttling, found: ChangeFound | None) -> None:
    shown = case.table(one.table)
    if shown is None:
        brief.misses(f"the capacity and billing of {one.table.name} were not read")
        return
    if shown.detail.billing == "on_demand":
        brief.speaks_against(GOOD, "it is billed on demand and has no capacity set", shown.id)
        brief.rule_out(
            f"{one.table.name} is billed on demand: there is no capacity to be too small"
        )
        return
    scaling = scaling_of(shown.detail, one)
    if found is None and scaling and (one.provisioned or 0.0) < scaling.maximum:
        brief.speaks_against(GOOD, "autoscaling follows the demand on it", shown.id)
        brief.cap(LEAD_CAP, "its capacity follows the demand, and is not at its maximum")
