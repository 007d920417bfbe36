"""Capacity of tables: which requests DynamoDB admits at once, later, or not at all.

Requests to one table come from many places of the call graph, while the walk goes place by place.
As with reserved concurrency, each walk notes what is asked for, and the rulings for the next are
made from that in order of time: every table and index has a bucket of tokens per direction, which
fills with its capacity and holds five minutes of it; a key takes no more than one partition does.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opspilot.embedded.configuration import Timeline
from opspilot.embedded.simulator.buckets import Bucket, Scaling
from opspilot.embedded.simulator.records import CapacityLevel, RefusalBatch
from opspilot.embedded.simulator.traffic import Bools, Floats, Ints
from opspilot.embedded.stores import TableConfig

TABLE, PARTITION = "table", "partition"
PARTITION_UNITS = {"read": 3000.0, "write": 1000.0}
_ON_DEMAND_UNITS = {"read": 12_000.0, "write": 4_000.0}
_BURST_S = 300.0
_PARTITION_BURST_S = 5.0
_PAUSE_S = 0.05
_TRIES = 4
_MOST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Demand:
    """Requests from one place; arrays have one entry each.

    Attributes:
        direction: "read" or "write".
        index: The index that is read; None for the table and for writes.
        hot: Whether the request goes to the one key that many go to.
    """

    place: str
    rows: Ints
    at: Floats
    units: float
    direction: str
    index: str | None
    hot: Bools


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of requests: how long they are held up, and what refuses them for good."""

    delay: Floats
    refused_by: list[str | None]


class TableCapacity:
    """Rulings by place and row, and the demands from which the next are made."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._held: dict[str, dict[int, tuple[float, str | None]]] = {}
        self._demands: dict[str, list[Demand]] = {}
        self._rounds = 0
        self.refusals: list[RefusalBatch] = []
        self.levels: list[CapacityLevel] = []

    def ruling(self, place: str, rows: Ints) -> Ruling:
        """What becomes of these requests, as ruled so far; all pass where nothing is ruled."""
        held = self._held.get(place)
        if not held:
            return Ruling(np.zeros(rows.size), [None] * rows.size)
        found = [held.get(row, (0.0, None)) for row in rows.tolist()]
        return Ruling(np.array([delay for delay, _ in found]), [why for _, why in found])

    def note(self, table: str, demand: Demand) -> None:
        """Requests that arrive at a table whose capacity is limited."""
        self._demands.setdefault(table, []).append(demand)

    def decide(self) -> bool:
        """Rule anew on what was noted; whether another walk is needed."""
        held: dict[str, dict[int, tuple[float, str | None]]] = {}
        self.refusals, self.levels = [], []
        for table, demands in self._demands.items():
            _Table(table, demands, self._timeline).rule(held, self.refusals, self.levels)
        self._demands.clear()
        self._rounds += 1
        changed = {p: set(r) for p, r in held.items()} != {p: set(r) for p, r in self._held.items()}
        self._held = held
        return changed and self._rounds < _MOST_ROUNDS


class _Table:
    """Rules on the demands on one table within one chunk."""

    def __init__(self, name: str, demands: list[Demand], timeline: Timeline) -> None:
        self._name = name
        self._demands = demands
        self._timeline = timeline
        self._begin = min(float(one.at.min()) for one in demands)
        self._end = max(float(one.at.max()) for one in demands)
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._scalings: dict[tuple[str, str], Scaling] = {}
        self._refused: dict[tuple[str, str], list[float]] = {}

    def rule(
        self,
        held: dict[str, dict[int, tuple[float, str | None]]],
        refusals: list[RefusalBatch],
        levels: list[CapacityLevel],
    ) -> None:
        """Put the rulings, the refused attempts and the capacities where they are kept."""
        for direction in ("read", "write"):
            if not self._suffices(direction):
                self._replay(held, direction)
        for (target, direction), times in self._refused.items():
            refusals.append(RefusalBatch(self._name, target, direction, np.array(times)))
        levels.extend(self._levels())

    def _config(self, at: float) -> TableConfig | None:
        return self._timeline.states[self._timeline.index(at)].tables.get(self._name)

    def _suffices(self, direction: str) -> bool:
        """Whether no bucket can ever run dry: then nothing has to be replayed."""
        configs = [
            state.tables[self._name]
            for state in self._timeline.states[
                self._timeline.index(self._begin) : self._timeline.index(self._end) + 1
            ]
            if self._name in state.tables
        ]
        mine = [one for one in self._demands if one.direction == direction]
        if not mine:
            return True
        at = np.concatenate([one.at for one in mine])
        units = np.concatenate([np.full(one.at.size, one.units) for one in mine])
        hot = np.concatenate([one.hot for one in mine])
        least = min((_least(one, direction) for one in configs), default=np.inf)
        if _shortfall(at, units, least) > 0.5 * _BURST_S * least:
            return False
        partition = PARTITION_UNITS[direction]
        return not (hot.any() and _shortfall(at[hot], units[hot], partition) > partition)

    def _replay(self, held: dict[str, dict[int, tuple[float, str | None]]], direction: str) -> None:
        waiting = [
            (at, number, position, 0)
            for number, demand in enumerate(self._demands)
            if demand.direction == direction
            for position, at in enumerate(demand.at.tolist())
        ]
        heapq.heapify(waiting)
        while waiting:
            at, number, position, tried = heapq.heappop(waiting)
            demand = self._demands[number]
            refusing = self._admit(at, demand, hot=bool(demand.hot[position]))
            row = int(demand.rows[position])
            if refusing is None:
                if tried:
                    delay = at - float(demand.at[position])
                    held.setdefault(demand.place, {})[row] = (delay, None)
                continue
            target = TABLE if refusing == PARTITION else refusing
            self._refused.setdefault((target, demand.direction), []).append(at)
            if tried < _TRIES:
                luck = 0.5 + (row * 0.618034) % 1.0
                again = at + _PAUSE_S * 2**tried * luck
                heapq.heappush(waiting, (again, number, position, tried + 1))
            else:
                delay = at - float(demand.at[position])
                held.setdefault(demand.place, {})[row] = (delay, refusing)

    def _admit(self, at: float, demand: Demand, *, hot: bool) -> str | None:
        """Take the tokens of a request; or what refuses it, and then nothing is taken."""
        config = self._config(at)
        if config is None:
            return None
        needed = [
            (target, self._filled(at, target, demand.direction, config))
            for target in _targets(config, demand)
        ]
        if hot:
            needed.append((PARTITION, self._filled(at, PARTITION, demand.direction, config)))
        for target, bucket in needed:
            if bucket.tokens < min(demand.units, bucket.capacity):
                return target
        for target, bucket in needed:
            bucket.tokens -= demand.units
            scaling = self._scaling(target, demand.direction, config)
            if scaling:
                scaling.spend(at, demand.units, bucket.capacity)
        return None

    def _filled(self, at: float, target: str, direction: str, config: TableConfig) -> Bucket:
        capacity = self._capacity(at, target, direction, config)
        bucket = self._buckets.get((target, direction))
        if bucket is None:
            burst = _PARTITION_BURST_S if target == PARTITION else _BURST_S
            tokens = capacity * burst * (0.0 if self._begins_short(direction, capacity) else 1.0)
            bucket = self._buckets[target, direction] = Bucket(capacity, burst, tokens, at)
        bucket.fill(at, capacity)
        return bucket

    def _begins_short(self, direction: str, capacity: float) -> bool:
        """Whether demand exceeded the capacity already when the chunk began: no burst is left."""
        early = sum(
            one.units * int((one.at < self._begin + 60.0).sum())
            for one in self._demands
            if one.direction == direction
        )
        return early > 60.0 * capacity

    def _capacity(self, at: float, target: str, direction: str, config: TableConfig) -> float:
        if target == PARTITION:
            return PARTITION_UNITS[direction]
        configured = _configured(config, target, direction)
        scaling = self._scaling(target, direction, config)
        return max(configured, scaling.level(at)) if scaling else configured

    def _scaling(self, target: str, direction: str, config: TableConfig) -> Scaling | None:
        bounds = config.autoscaling.get((target, direction))
        if bounds is None or config.billing == "on_demand":
            return None
        key = (target, direction)
        if key not in self._scalings:
            self._scalings[key] = Scaling(bounds[0], bounds[1], bounds[2] / 100.0)
        return self._scalings[key]

    def _levels(self) -> Iterator[CapacityLevel]:
        for (target, direction), scaling in self._scalings.items():
            for since, level in scaling.raised:
                yield CapacityLevel(self._name, target, direction, since, level)


def limited(config: TableConfig) -> bool:
    """Whether a table can refuse requests for want of capacity at all."""
    return config.billing == "provisioned"


def _targets(config: TableConfig, demand: Demand) -> list[str]:
    if demand.direction == "read":
        return [demand.index or TABLE]
    return [TABLE, *config.indexes]


def _configured(config: TableConfig, target: str, direction: str) -> float:
    if config.billing == "on_demand":
        return _ON_DEMAND_UNITS[direction]
    holder = config if target == TABLE else config.indexes.get(target)
    if holder is None:
        return np.inf
    capacity = holder.read_capacity if direction == "read" else holder.write_capacity
    return float(capacity or 1)


def _least(config: TableConfig, direction: str) -> float:
    return min(_configured(config, target, direction) for target in (TABLE, *config.indexes))


def _shortfall(at: Floats, units: Floats, capacity: float) -> float:
    """The most that demand ever gets ahead of what a capacity has brought in."""
    order = np.argsort(at)
    ahead = np.cumsum(units[order]) - capacity * (at[order] - at[order[0]])
    return float((ahead - np.minimum.accumulate(np.minimum(ahead, 0.0))).max())
