"""How much of a table's capacity is used while it throttles: what tells its failure modes apart.

A table that throttles at its capacity has too little of it; one that throttles well below has it in
the wrong place, for each partition has its own bound (1,000 writes or 3,000 reads a second) and a
share of the table's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from opspilot.diagnosis.assessment import WEAK, Brief, Harm, Onset
from opspilot.diagnosis.case import DURATIONS, Case, Shown
from opspilot.diagnosis.families import Family, told
from opspilot.diagnosis.harm import bare
from opspilot.diagnosis.levels import per_second, period_seconds, since, until
from opspilot.diagnosis.symptoms import onset_of, timeouts
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number
from opspilot.domain.workload import Scaling, TableConfiguration

Direction = Literal["read", "write"]
AT_CAPACITY, WELL_BELOW = 0.75, 0.6

_CONSUMED = {"read": "dynamodb.reads", "write": "dynamodb.writes"}
_PROVISIONED = {"read": "dynamodb.provisioned_reads", "write": "dynamodb.provisioned_writes"}
_LEAST_ON_DEMAND = {"read": 12_000.0, "write": 4_000.0}
"""Units a second that any table on demand serves (DynamoDB developer guide, on-demand capacity)."""


@dataclass(frozen=True, slots=True)
class Throttling:
    """A table that refuses requests, in one direction.

    Attributes:
        consumed: Units a second since the onset; `provisioned` likewise: what it can serve at once,
            which on demand is at least what every table can, and twice its former peak. None where
            not known.
        ids: Ledger entries that tell of the two.
    """

    table: Resource
    direction: Direction
    throttles: Shown[MetricDetail]
    onset: Onset
    consumed: float | None
    provisioned: float | None
    ids: tuple[str, ...]
    on_demand: bool = False

    @property
    def used(self) -> float | None:
        """Share of the capacity in use; None where it has none, or it was not read."""
        if self.consumed is None or not self.provisioned:
            return None
        return self.consumed / self.provisioned


def throttling(case: Case, table: Resource) -> Iterator[Throttling]:
    """The directions in which a table refuses requests, writes first."""
    for direction in ("write", "read"):
        shown = case.risen(table, f"dynamodb.{direction}_throttles")
        onset = onset_of(shown, case.period) if shown else None
        if shown and onset:
            yield _measured(case, table, direction, shown, onset)


def _measured(
    case: Case,
    table: Resource,
    direction: Direction,
    shown: Shown[MetricDetail],
    onset: Onset,
) -> Throttling:
    used = case.metric(table, _CONSUMED[direction])
    given = case.metric(table, _PROVISIONED[direction])
    configuration = case.table(table)
    on_demand = configuration is not None and configuration.detail.billing == "on_demand"
    ids = tuple(one.id for one in (used, given, configuration) if one)
    return Throttling(
        table,
        direction,
        shown,
        onset,
        per_second(used, onset.at) if used else None,
        _at_once(used, direction, onset)
        if on_demand
        else _provisioned(given, onset) or _configured(case, table, direction),
        ids,
        on_demand,
    )


def _at_once(used: Shown[MetricDetail] | None, direction: Direction, onset: Onset) -> float:
    """What a table on demand serves at once: AWS's least, or twice what it did before."""
    before = until(used, onset.at - onset.uncertainty) if used else []
    peak = max(before, default=0.0) / period_seconds(used) if used else 0.0
    return max(_LEAST_ON_DEMAND[direction], 2.0 * peak)


def _provisioned(given: Shown[MetricDetail] | None, onset: Onset) -> float | None:
    """The least capacity since the onset: points come every five minutes only."""
    values = [value for value in since(given, onset.at) if value > 0] if given else []
    return min(values, default=None)


def _configured(case: Case, table: Resource, direction: Direction) -> float | None:
    shown = case.table(table)
    if shown is None:
        return None
    given = shown.detail.write_capacity if direction == "write" else shown.detail.read_capacity
    return float(given) if given else None


def scaling_of(table: TableConfiguration, one: Throttling) -> Scaling | None:
    """What scales the table itself in the direction that it throttles in."""
    return next(
        (
            scaling
            for scaling in table.autoscaling
            if scaling.target == "table" and scaling.dimension == one.direction
        ),
        None,
    )


def throttled_indexes(case: Case, table: Resource) -> list[tuple[str, Shown[MetricDetail]]]:
    """(name, metric) of the indexes of a table that refuse, those with most refusals first."""
    found = [
        (shown.detail.signal.partition(":")[2], shown)
        for shown in case.metrics
        if shown.evidence.resource == table
        and bare(shown.detail.signal)
        in ("dynamodb.index_write_throttles", "dynamodb.index_read_throttles")
        and shown.detail.anomalous
        and shown.detail.direction == "up"
    ]
    return sorted(found, key=lambda one: (-(one[1].detail.total_incident or 0.0), one[0]))


def argue_refusals(brief: Brief, case: Case, table: Resource) -> bool:
    """Whether the log of a function that uses the table tells of its refusals."""
    for function in case.users_of(table):
        log = case.log(function)
        said = told(log, Family.THROTTLED) if log else None
        if said and said.count > said.before:
            text = f"the log of {function.name} tells of refusals {number(said.count)} times"
            brief.speaks_for(WEAK, text, said.log.id)
            return True
    return False


def harm_of(case: Case, table: Resource) -> list[Harm]:
    """What a throttling table hurts at first hand: itself, and those of its users that wait."""
    return [
        Harm(table),
        *(Harm(one, "slow") for one in case.users_of(table) if case.risen(one, *DURATIONS)),
        *(Harm(one, "timeouts") for one in case.users_of(table) if timeouts(case, one)),
    ]


def failing_user(case: Case, table: Resource) -> Resource | None:
    """The first of a table's users whose errors rose."""
    return next((one for one in case.users_of(table) if case.risen(one, "lambda.errors")), None)


def lowers_capacity(change: Change, direction: Direction) -> bool:
    """Whether a change of a table leaves it less capacity, or makes it count at all."""
    setting = f"{direction}_capacity"
    before, after = change.before.get(setting), change.after.get(setting)
    if after is None:
        return "provisioned" in change.after.get("billing_mode", "").lower()
    if before is None:
        return change.kind in ("capacity", "configuration")
    try:
        return float(after) < float(before)
    except ValueError:
        return False


def in_words(one: Throttling) -> str:
    """How much is used of how much: "80 of 100 write units a second"."""
    if one.consumed is None:
        return f"its consumed {one.direction} capacity was not read"
    used = number(round(one.consumed, 1))
    if not one.provisioned:
        return f"it uses {used} {one.direction} units a second"
    if one.on_demand:
        most = number(round(one.provisioned))
        return f"it uses {used} of the {most} {one.direction} units a second that it serves at once"
    return f"it uses {used} of its {number(one.provisioned)} {one.direction} units a second"


__all__ = [
    "AT_CAPACITY",
    "WELL_BELOW",
    "Throttling",
    "argue_refusals",
    "failing_user",
    "harm_of",
    "in_words",
    "lowers_capacity",
    "scaling_of",
    "throttled_indexes",
    "throttling",
]
