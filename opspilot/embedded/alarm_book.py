"""Alarms as they were defined, changed, forced and deleted over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from opspilot.embedded.fleet import AlarmSpec
from opspilot.embedded.journal import Record

SEEDED_EVALUATION_S = 3600.0
"""Seeded alarms are evaluated from this long before the world's first moment."""


class _Origin(Protocol):
    @property
    def epoch(self) -> float: ...

    @property
    def region(self) -> str: ...

    @property
    def account_id(self) -> str: ...


Definition = Mapping[str, object]
"""The parameters of PutMetricAlarm."""


@dataclass(frozen=True, slots=True)
class AlarmEntry:
    """Something that was done to an alarm."""

    at: float
    action: Literal["put", "delete", "state"]
    definition: Definition | None = None
    state: str = ""
    reason: str = ""


class AlarmBook:
    """All alarms by name, each with its entries in order of time."""

    def __init__(self, seeded: Sequence[AlarmSpec], origin: _Origin) -> None:
        self.seeded_from = origin.epoch - SEEDED_EVALUATION_S
        self.entries: dict[str, list[AlarmEntry]] = {}
        created = origin.epoch - 40 * 86400.0
        for spec in seeded:
            topic = f"arn:aws:sns:{origin.region}:{origin.account_id}:on-call"
            entry = AlarmEntry(created, "put", definition_of(spec, topic))
            self.entries[spec.name] = [entry]

    def replay(self, kind: str, record: Record, at: float) -> None:
        """Apply a journal record of the kinds alarm.put, alarm.delete and alarm.state."""
        if kind == "alarm.put":
            definition = cast("Definition", record["definition"])
            self._add(str(definition["AlarmName"]), AlarmEntry(at, "put", definition))
        elif kind == "alarm.delete":
            for name in cast("list[str]", record["names"]):
                self._add(name, AlarmEntry(at, "delete"))
        else:
            entry = AlarmEntry(
                at, "state", state=str(record["state"]), reason=str(record["reason"])
            )
            self._add(str(record["name"]), entry)

    def _add(self, name: str, entry: AlarmEntry) -> None:
        self.entries.setdefault(name, []).append(entry)


def definition_of(spec: AlarmSpec, topic: str) -> Definition:
    """The PutMetricAlarm parameters of a seeded alarm."""
    statistic = (
        {"Statistic": spec.statistic}
        if not spec.statistic.startswith(("p", "tm"))
        else {"ExtendedStatistic": spec.statistic}
    )
    return {
        "AlarmName": spec.name,
        "AlarmDescription": spec.description,
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [topic],
        "InsufficientDataActions": [],
        "Namespace": spec.namespace,
        "MetricName": spec.metric,
        "Dimensions": [{"Name": k, "Value": v} for k, v in sorted(spec.dimensions.items())],
        "Period": spec.period_s,
        "EvaluationPeriods": spec.periods,
        "DatapointsToAlarm": spec.datapoints,
        "Threshold": float(spec.threshold),
        "ComparisonOperator": spec.comparison,
        "TreatMissingData": spec.missing,
        **statistic,
    }
