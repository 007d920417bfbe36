"""The demand on a table grew faster than its capacity follows; it throttles until it has caught up.

Mechanism: consumption rises steeply, throttles begin with it, and the table does follow by itself:
on demand (which serves twice its former peak at once, more within half an hour), or by autoscaling
(which acts minutes after the demand, up to its maximum).
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, LEAD_CAP, WEAK, Assessment, Brief
from opspilot.diagnosis.capacity import (
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
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import changes_behind
from opspilot.diagnosis.levels import growth
from opspilot.diagnosis.symptoms import onset_of
from opspilot.domain.change import Change
from opspilot.domain.wording import clock, number
from opspilot.domain.workload import Scaling, TableConfiguration

CAUSE_CLASS = "dynamodb.capacity_lag"
_PRIOR = -2.0
_STEEP = 1.4


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each table that throttles and follows the demand by itself."""
    for table in case.tables:
        shown = case.table(table)
        for one in throttling(case, table):
            scaling = scaling_of(shown.detail, one) if shown else None
            if shown and (shown.detail.billing == "on_demand" or scaling):
                yield _weigh(case, one, shown, scaling)
                break


def _weigh(
    case: Case, one: Throttling, shown: Shown[TableConfiguration], scaling: Scaling | None
) -> Assessment:
    table = one.table
    brief = Brief(CAUSE_CLASS, table, _PRIOR)
    text = f"throttled {one.direction}s of {table.name} rose"
    brief.speaks_for(FAIR, text, one.throttles.id)
    follows = (
        f"autoscaling follows the demand, between {scaling.minimum} and {scaling.maximum} units"
        if scaling
        else "it is billed on demand, and follows what is asked of it"
    )
    brief.speaks_for(FAIR, follows, shown.id)
    rose = _argue_demand(brief, case, one)
    _argue_following(brief, case, one, shown, scaling)
    if throttled_indexes(case, table):
        brief.speaks_against(FAIR, "one of its indexes throttles", one.throttles.id)
    in_logs = argue_refusals(brief, case, table)
    return brief.assessment(
        f"{table.name} follows a steep rise of its {one.direction}s too slowly: {in_words(one)}",
        one.onset,
        harm=harm_of(case, table),
        change_found=rose,
        in_metrics=True,
        in_logs=in_logs,
        failing=failing_user(case, table),
    )


def _argue_demand(brief: Brief, case: Case, one: Throttling) -> bool:
    """Whether more is asked of the table since the throttles began, or shortly before."""
    signal = "dynamodb.writes" if one.direction == "write" else "dynamodb.reads"
    surge = case.risen(one.table, signal)
    onset = onset_of(surge, case.period) if surge else None
    times = growth(surge)
    if surge and onset and onset.at <= one.onset.latest + 2 * case.period:
        steep = times is None or times >= _STEEP
        by = f" to {times:.2g} times the usual" if times else ""
        text = f"its consumption rose{by} at {clock(onset.at)}"
        brief.speaks_for(GOOD if steep else WEAK, text, surge.id)
        return True
    consumed = case.metric(one.table, signal)
    if consumed:
        brief.speaks_against(GOOD, "no more is asked of it than before", consumed.id)
    brief.cap(LEAD_CAP, "no rise of the demand was found")
    return False


def _argue_following(
    brief: Brief,
    case: Case,
    one: Throttling,
    shown: Shown[TableConfiguration],
    scaling: Scaling | None,
) -> None:
    def suits(change: Change) -> bool:
        return lowers_capacity(change, one.direction)

    found = changes_behind(case, one.table, one.onset, suits)
    if found:
        text = f"its capacity was changed: {found.change.summary}"
        brief.speaks_against(GOOD, text, *found.ids)
    if one.used is not None and one.used < WELL_BELOW:
        text = f"{in_words(one)}: well below what it follows up to"
        brief.speaks_against(GOOD, text, *one.ids)
        brief.cap(LEAD_CAP, "it throttles well below its capacity")
    raised = shown.detail.last_increase_at
    if raised and raised >= one.onset.at:
        brief.speaks_for(GOOD, f"its capacity was raised at {clock(raised)}, after", shown.id)
    provisioned = one.provisioned
    if scaling and provisioned and provisioned >= scaling.maximum:
        text = f"it stands at autoscaling's maximum of {number(scaling.maximum)}"
        brief.speaks_against(FAIR, text, shown.id)
