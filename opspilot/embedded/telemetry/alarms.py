"""Alarm states: every alarm is evaluated at each account minute, when somebody looks, in order.

An evaluation sees what was published by its own moment and nothing later, so the states and their
history depend on the journal only, not on when somebody looked.
"""

from __future__ import annotations

import json
import operator
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, cast

from opspilot.embedded.alarm_book import AlarmBook, AlarmEntry, Definition
from opspilot.embedded.clock import utc
from opspilot.embedded.telemetry.metrics import PUBLISH_DELAY_S, Metrics
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.statistic import parse_statistic

_TICK_S = 60.0

_COMPARE: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}

COMPARISONS = frozenset(_COMPARE)


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state at a time, with AWS's reason text and data."""

    at: float
    before: str
    after: str
    reason: str
    data: str


@dataclass(slots=True)
class AlarmState:
    """An alarm as it stands.

    Attributes:
        definition: PutMetricAlarm parameters; None once deleted.
        configured_at: Last put.
    """

    name: str
    definition: Definition | None = None
    configured_at: float = 0.0
    created_at: float = 0.0
    value: str = "INSUFFICIENT_DATA"
    since: float = 0.0
    updated_at: float = 0.0
    reason: str = "Unchecked: Initial alarm creation"
    data: str = "{}"
    history: list[Transition] = field(default_factory=list[Transition])
    puts: list[float] = field(default_factory=list[float])
    next_tick: float = 0.0
    entries_done: int = 0

    def move(self, at: float, value: str, reason: str, data: str) -> None:
        """Enter a state, or renew its reason."""
        self.updated_at, self.reason, self.data = at, reason, data
        if value != self.value:
            self.history.append(Transition(at, self.value, value, reason, data))
            self.value, self.since = value, at


_SNAPSHOT = (
    "configured_at",
    "created_at",
    "value",
    "since",
    "updated_at",
    "reason",
    "data",
    "puts",
    "next_tick",
    "entries_done",
)


class Alarms:
    """Evaluates the alarms of a book against the metrics."""

    def __init__(self, book: AlarmBook, metrics: Metrics) -> None:
        self._book = book
        self._metrics = metrics
        self._states: dict[str, AlarmState] = {}

    def states(self, now: float) -> list[AlarmState]:
        """Every alarm that exists now, evaluated up to now, by name."""
        for name, entries in self._book.entries.items():
            state = self._states.setdefault(name, AlarmState(name))
            self._advance(state, entries, now)
        return sorted(
            (s for s in self._states.values() if s.definition is not None), key=lambda s: s.name
        )

    def snapshot(self) -> dict[str, Any]:
        """What was evaluated so far, for `restore`."""
        return {
            name: {key: getattr(state, key) for key in _SNAPSHOT}
            | {"history": [asdict(move) for move in state.history]}
            for name, state in self._states.items()
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go on from a snapshot of the same world instead of evaluating everything again."""
        for name, kept in snapshot.items():
            entries = self._book.entries.get(name, [])[: kept["entries_done"]]
            state = AlarmState(name, **{key: kept[key] for key in _SNAPSHOT})
            state.history = [Transition(**move) for move in kept["history"]]
            for entry in entries:
                if entry.action != "state":
                    state.definition = entry.definition
            self._states[name] = state

    def _advance(self, state: AlarmState, entries: Sequence[AlarmEntry], now: float) -> None:
        for entry in entries[state.entries_done :]:
            self._tick_until(state, entry.at)
            _enter(state, entry, self._book.seeded_from)
            state.entries_done += 1
        self._tick_until(state, now)

    def _tick_until(self, state: AlarmState, now: float) -> None:
        while state.definition is not None and state.next_tick <= now:
            self._evaluate(state, state.definition, state.next_tick)
            state.next_tick += _TICK_S

    def _evaluate(self, state: AlarmState, definition: Definition, at: float) -> None:
        period = cast("int", definition["Period"])
        count = cast("int", definition["EvaluationPeriods"])
        end = (at - PUBLISH_DELAY_S) // period * period
        points = self._points(definition, period, (end - count * period, end), at)
        verdict = _verdict(definition, points, state.value)
        if verdict is not None and verdict != state.value:
            reason, data = _explain(definition, points, verdict, at)
            state.move(at, verdict, reason, data)

    def _points(
        self, definition: Definition, period: int, span: tuple[float, float], at: float
    ) -> list[tuple[float, float | None]]:
        """(bucket start, value or None) of each evaluated period, oldest first."""
        dimensions = cast("list[dict[str, str]]", definition.get("Dimensions") or [])
        metric = MetricId.of(
            str(definition["Namespace"]),
            str(definition["MetricName"]),
            {d["Name"]: d["Value"] for d in dimensions},
        )
        name = str(definition.get("Statistic") or definition.get("ExtendedStatistic"))
        statistic = parse_statistic(name)
        assert statistic is not None, name  # noqa: S101 - PutMetricAlarm has checked it
        times, values = self._metrics.query(metric, statistic, period, span, at)
        known = dict(zip(times.tolist(), values.tolist(), strict=True))
        starts = [span[0] + k * period for k in range(int((span[1] - span[0]) // period))]
        return [(start, known.get(start)) for start in starts]


def _enter(state: AlarmState, entry: AlarmEntry, seeded_from: float) -> None:
    if entry.action == "delete":
        state.definition = None
        return
    if entry.action == "state":
        state.move(entry.at, entry.state, entry.reason, "{}")
        return
    is_new = state.definition is None
    state.definition = entry.definition
    state.configured_at = entry.at
    state.puts.append(entry.at)
    if not is_new:
        return
    state.created_at = state.since = state.updated_at = entry.at
    state.value = "INSUFFICIENT_DATA"
    if entry.at < seeded_from:
        state.value, state.reason = "OK", "Threshold not crossed since creation"
    offset = 5.0 + zlib.crc32(state.name.encode()) % 40
    begin = max(entry.at, seeded_from)
    state.next_tick = (begin // _TICK_S + 1) * _TICK_S + offset


def _verdict(
    definition: Definition, points: Sequence[tuple[float, float | None]], current: str
) -> str | None:
    """The state that the points call for; None when missing data keep the current one."""
    compare, _ = _COMPARE[str(definition["ComparisonOperator"])]
    threshold = cast("float", definition["Threshold"])
    needed = cast("int", definition.get("DatapointsToAlarm") or definition["EvaluationPeriods"])
    missing = str(definition.get("TreatMissingData") or "missing")
    present = [value for _, value in points if value is not None]
    absent = len(points) - len(present)
    breaching = sum(1 for value in present if compare(value, threshold))
    if missing == "breaching":
        breaching += absent
    elif not present and missing in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if missing == "missing" else current
    return "ALARM" if breaching >= needed else "OK"


def _explain(
    definition: Definition, points: Sequence[tuple[float, float | None]], verdict: str, at: float
) -> tuple[str, str]:
    present = [(start, value) for start, value in points if value is not None]
    compare, words = _COMPARE[str(definition["ComparisonOperator"])]
    threshold = cast("float", definition["Threshold"])
    data = _reason_data(definition, present, at)
    if verdict == "INSUFFICIENT_DATA":
        return "Insufficient Data: no datapoints were received", data
    chosen = [(s, v) for s, v in reversed(present) if compare(v, threshold) == (verdict == "ALARM")]
    listed = ", ".join(f"{v} ({utc(s).strftime('%d/%m/%y %H:%M:%S')})" for s, v in chosen)
    many = "was" if len(chosen) == 1 else "were"
    negated = "" if verdict == "ALARM" else "not "
    count = len(points)
    needed = cast("int", definition.get("DatapointsToAlarm") or count)
    least = (
        f" (minimum {needed} datapoint{'s' if needed > 1 else ''} for OK -> ALARM transition)"
        if verdict == "ALARM"
        else f" (minimum {count - needed + 1} datapoint{'s' if count - needed else ''} for "
        "ALARM -> OK transition)"
    )
    return (
        f"Threshold Crossed: {len(chosen)} out of the last {count} datapoints [{listed}] {many} "
        f"{negated}{words} the threshold ({threshold}){least}.",
        data,
    )


def _reason_data(definition: Definition, present: list[tuple[float, float]], at: float) -> str:
    content: dict[str, Any] = {
        "version": "1.0",
        "queryDate": stamp(utc(at)),
        "startDate": stamp(utc(present[0][0])) if present else None,
        "statistic": definition.get("Statistic") or definition.get("ExtendedStatistic"),
        "period": definition["Period"],
        "recentDatapoints": [value for _, value in present],
        "threshold": definition["Threshold"],
        "evaluatedDatapoints": [
            {"timestamp": stamp(utc(start)), "value": value} for start, value in reversed(present)
        ],
    }
    return json.dumps({key: value for key, value in content.items() if value is not None})


def stamp(at: datetime) -> str:
    """A time as CloudWatch writes it into JSON texts."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
