"""One incident's ledger, indexed by what a signature asks for. Knows nothing about causes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Generic, TypeVar

from opspilot.domain.alarm import Alarm
from opspilot.domain.change import Change
from opspilot.domain.evidence import (
    AlarmsDetail,
    ChangesDetail,
    ChangesRequest,
    ConfigurationDetail,
    Evidence,
    GapDetail,
    LogDetail,
    MetricDetail,
    MetricRequest,
    TopologyDetail,
)
from opspilot.domain.incident import Incident
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.workload import Edge, FunctionConfiguration

DURATIONS = ("lambda.duration_p99", "lambda.duration_max", "lambda.duration_p50")
"""Signals of a function's duration, most telling first; any may have no data."""

_DEFAULT_PERIOD = timedelta(seconds=60)

DetailT = TypeVar("DetailT")


@dataclass(frozen=True, slots=True)
class Shown(Generic[DetailT]):
    """A detail and the ledger entry that holds it."""

    evidence: Evidence
    detail: DetailT

    @property
    def id(self) -> str:
        """Id of the ledger entry."""
        return self.evidence.id


@dataclass(frozen=True, slots=True)
class ChangeFound:
    """A change and the ids of the ledger entries that tell of it.

    Attributes:
        inferred: Put together from entries that each tell a part of it.
    """

    ids: tuple[str, ...]
    change: Change
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """The change feeds that cover a resource; before `whole_until` no change is missing."""

    ids: tuple[str, ...]
    whole_until: datetime


@dataclass(frozen=True)
class Case:
    """The ledger of one investigation.

    Attributes:
        incident: The incident as it stands.
        evidence: All entries in order of arrival; of two about one thing the later one counts.
        now: Account time.
    """

    incident: Incident
    evidence: Sequence[Evidence]
    now: datetime

    def metric(self, resource: Resource, signal: str) -> Shown[MetricDetail] | None:
        """What a signal of a resource shows; None when it was not read or has no data."""
        found = self._metrics.get((resource.arn, signal))
        return found if found and (found.detail.points or found.detail.anomalous) else None

    def duration(self, resource: Resource) -> Shown[MetricDetail] | None:
        """The most telling of a function's durations that has data."""
        shown = (self.metric(resource, signal) for signal in DURATIONS)
        return next((one for one in shown if one), None)

    def risen(self, resource: Resource, *signals: str) -> Shown[MetricDetail] | None:
        """The first of these signals that rose abnormally."""
        for signal in signals:
            found = self.metric(resource, signal)
            if found and found.detail.anomalous and found.detail.direction == "up":
                return found
        return None

    def log(self, resource: Resource) -> Shown[LogDetail] | None:
        """What a function's log shows; None when it was not read or is empty."""
        found = self._logs.get(resource.arn)
        has_lines = found and (found.detail.lines_incident or found.detail.lines_baseline)
        return found if has_lines else None

    def configuration(self, resource: Resource) -> Shown[FunctionConfiguration] | None:
        """A function's configuration as it was read."""
        return self._configurations.get(resource.arn)

    def changes_of(self, resource: Resource) -> tuple[ChangeFound, ...]:
        """Changes of a resource, oldest first."""
        return tuple(found for found in self.changes if found.change.resource == resource)

    def callees(self, resource: Resource) -> tuple[Resource, ...]:
        """Functions that a resource invokes and waits for."""
        return _unique(
            edge.callee
            for edge in self.edges
            if edge.caller == resource
            and edge.relation == "invokes"
            and edge.callee.kind is ResourceKind.FUNCTION
        )

    def knows_callees_of(self, resource: Resource) -> bool:
        """Whether all that a resource invokes was read: its own topology, or that of a caller."""
        asked = {item.resource for item in self.evidence if isinstance(item.detail, TopologyDetail)}
        return resource in asked or bool(set(self.callers(resource)) & asked)

    def callers(self, resource: Resource) -> tuple[Resource, ...]:
        """Whoever invokes a resource and waits for it."""
        return _unique(
            edge.caller
            for edge in self.edges
            if edge.callee == resource and edge.relation == "invokes"
        )

    @cached_property
    def metrics(self) -> tuple[Shown[MetricDetail], ...]:
        """The latest entry of every signal of every resource."""
        return tuple(self._metrics.values())

    @cached_property
    def logs(self) -> tuple[Shown[LogDetail], ...]:
        """The latest entry of every log."""
        return tuple(self._logs.values())

    @cached_property
    def gaps(self) -> tuple[Shown[GapDetail], ...]:
        """What could not be read."""
        return tuple(
            Shown(item, item.detail) for item in self.evidence if isinstance(item.detail, GapDetail)
        )

    @cached_property
    def alarms(self) -> tuple[tuple[str, Alarm], ...]:
        """(evidence id, alarm) for every alarm that was read."""
        return tuple(
            (item.id, alarm)
            for item in self.evidence
            if isinstance(item.detail, AlarmsDetail)
            for alarm in item.detail.alarms
        )

    @cached_property
    def functions(self) -> tuple[Resource, ...]:
        """Functions of the neighbourhood: the incident's own first, then as they were read."""
        read = (item.resource for item in self.evidence)
        return _unique(
            resource
            for resource in (self.incident.resource, *read)
            if resource.kind is ResourceKind.FUNCTION
        )

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All dependencies that were read."""
        return tuple(edge for _, found in self._topologies for edge in found)

    @cached_property
    def topology_ids(self) -> tuple[str, ...]:
        """Ledger entries that tell who calls whom."""
        return tuple(identity for identity, _ in self._topologies)

    @cached_property
    def changes(self) -> tuple[ChangeFound, ...]:
        """All changes that were read, oldest first, each once."""
        found = {
            (change.resource.arn, change.source, change.event_id or change.at.isoformat()): (
                ChangeFound((item.id,), change)
            )
            for item, detail in self._feeds
            for change in detail.changes
        }
        return tuple(sorted(found.values(), key=lambda one: one.change.at))

    def feed_of(self, resource: Resource) -> Feed | None:
        """How far the changes of a resource were read; None when nobody asked for them."""
        covering = [
            (item, detail)
            for item, detail in self._feeds
            if isinstance(item.request, ChangesRequest) and resource in item.request.resources
        ]
        if not covering:
            return None
        return Feed(
            ids=tuple(item.id for item, _ in covering),
            whole_until=max(detail.complete_until for _, detail in covering),
        )

    @cached_property
    def period(self) -> timedelta:
        """The longest period of the metrics that were read."""
        seconds = [
            item.request.metric.period_seconds
            for item in self.evidence
            if isinstance(item.request, MetricRequest)
        ]
        return timedelta(seconds=max(seconds)) if seconds else _DEFAULT_PERIOD

    @cached_property
    def _metrics(self) -> dict[tuple[str, str], Shown[MetricDetail]]:
        return {
            (item.resource.arn, item.detail.signal): Shown(item, item.detail)
            for item in self.evidence
            if isinstance(item.detail, MetricDetail)
        }

    @cached_property
    def _logs(self) -> dict[str, Shown[LogDetail]]:
        return {
            item.resource.arn: Shown(item, item.detail)
            for item in self.evidence
            if isinstance(item.detail, LogDetail)
        }

    @cached_property
    def _configurations(self) -> dict[str, Shown[FunctionConfiguration]]:
        return {
            item.resource.arn: Shown(item, item.detail.function)
            for item in self.evidence
            if isinstance(item.detail, ConfigurationDetail)
        }

    @cached_property
    def _topologies(self) -> tuple[tuple[str, tuple[Edge, ...]], ...]:
        return tuple(
            (item.id, item.detail.topology.edges)
            for item in self.evidence
            if isinstance(item.detail, TopologyDetail)
        )

    @cached_property
    def _feeds(self) -> tuple[tuple[Evidence, ChangesDetail], ...]:
        return tuple(
            (item, item.detail) for item in self.evidence if isinstance(item.detail, ChangesDetail)
        )


def _unique(resources: Iterator[Resource]) -> tuple[Resource, ...]:
    return tuple(dict.fromkeys(resources))
