"""The entries of a ledger by what they hold; of two about one thing the later one counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from opspilot.domain.alarm import Alarm
from opspilot.domain.evidence import (
    AlarmsDetail,
    ChangesDetail,
    ConfigurationDetail,
    Evidence,
    GapDetail,
    GapReason,
    LimitsDetail,
    LogDetail,
    MetricDetail,
    MetricRequest,
    QueueDetail,
    StreamDetail,
    TableDetail,
    TopologyDetail,
)
from opspilot.domain.resource import Resource
from opspilot.domain.signals import signal_of_query
from opspilot.domain.workload import (
    AccountLimits,
    Edge,
    EventSource,
    FunctionConfiguration,
    QueueConfiguration,
    StreamConfiguration,
    TableConfiguration,
)

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


@dataclass(frozen=True)
class Entries:
    """A ledger's entries in order of their ids, however they were handed over.

    Attributes:
        evidence: All entries; of two about one thing the later one counts.
    """

    evidence: Sequence[Evidence]

    @cached_property
    def arrived(self) -> tuple[Evidence, ...]:
        """All entries in order of arrival, which their ids keep."""
        return tuple(sorted(self.evidence, key=lambda item: (len(item.id), item.id)))

    @cached_property
    def metrics(self) -> dict[tuple[str, str], Shown[MetricDetail]]:
        """By ARN and signal."""
        return {
            (item.resource.arn, item.detail.signal): Shown(item, item.detail)
            for item in self.arrived
            if isinstance(item.detail, MetricDetail)
        }

    @cached_property
    def logs(self) -> dict[str, Shown[LogDetail]]:
        """By ARN of the function."""
        return {
            item.resource.arn: Shown(item, item.detail)
            for item in self.arrived
            if isinstance(item.detail, LogDetail)
        }

    @cached_property
    def functions(self) -> dict[str, Shown[FunctionConfiguration]]:
        """Configurations by ARN."""
        return {
            item.resource.arn: Shown(item, item.detail.function)
            for item in self.arrived
            if isinstance(item.detail, ConfigurationDetail)
        }

    @cached_property
    def tables(self) -> dict[str, Shown[TableConfiguration]]:
        """Configurations by ARN."""
        return {
            item.resource.arn: Shown(item, item.detail.table)
            for item in self.arrived
            if isinstance(item.detail, TableDetail)
        }

    @cached_property
    def queues(self) -> dict[str, Shown[QueueConfiguration]]:
        """Configurations by ARN."""
        return {
            item.resource.arn: Shown(item, item.detail.queue)
            for item in self.arrived
            if isinstance(item.detail, QueueDetail)
        }

    @cached_property
    def streams(self) -> dict[str, Shown[StreamConfiguration]]:
        """Configurations by ARN."""
        return {
            item.resource.arn: Shown(item, item.detail.stream)
            for item in self.arrived
            if isinstance(item.detail, StreamDetail)
        }

    @cached_property
    def limits(self) -> Shown[AccountLimits] | None:
        """What the account's functions share."""
        found = [
            Shown(item, item.detail.limits)
            for item in self.arrived
            if isinstance(item.detail, LimitsDetail)
        ]
        return found[-1] if found else None

    @cached_property
    def gaps(self) -> tuple[Shown[GapDetail], ...]:
        """What could not be read."""
        return tuple(
            Shown(item, item.detail) for item in self.arrived if isinstance(item.detail, GapDetail)
        )

    @cached_property
    def alarms(self) -> tuple[tuple[str, Alarm], ...]:
        """(evidence id, alarm) for every alarm that was read."""
        return tuple(
            (item.id, alarm)
            for item in self.arrived
            if isinstance(item.detail, AlarmsDetail)
            for alarm in item.detail.alarms
        )

    @cached_property
    def topologies(self) -> tuple[tuple[Evidence, tuple[Edge, ...]], ...]:
        """Each topology that was read."""
        return tuple(
            (item, item.detail.topology.edges)
            for item in self.arrived
            if isinstance(item.detail, TopologyDetail)
        )

    @cached_property
    def feeds(self) -> tuple[tuple[Evidence, ChangesDetail], ...]:
        """Each change feed that was read."""
        return tuple(
            (item, item.detail) for item in self.arrived if isinstance(item.detail, ChangesDetail)
        )

    @cached_property
    def _questions(self) -> dict[tuple[str, str, str], bool]:
        """(source, ARN, signal) of each question to whether it was answered; no data is one."""
        found: dict[tuple[str, str, str], bool] = {}
        for item in self.arrived:
            key = (item.request.source, item.resource.arn, _signal_of(item))
            detail = item.detail
            open_ = isinstance(detail, GapDetail) and detail.reason is not GapReason.EMPTY
            found[key] = found.get(key, False) or not open_
        return found

    def asked(self, source: str, resource: Resource, signal: str = "") -> bool:
        """Whether a source was asked about a resource, answered or not."""
        return (source, resource.arn, signal) in self._questions

    def answered(self, source: str, resource: Resource, signal: str = "") -> bool:
        """Whether a source told about a resource, be it that there is no data."""
        return self._questions.get((source, resource.arn, signal), False)

    def event_sources(self) -> Iterator[tuple[str, EventSource]]:
        """(evidence id, mapping) as functions, queues and streams tell of them; may repeat."""
        for function in self.functions.values():
            yield from ((function.id, one) for one in function.detail.event_sources)
        for queue in self.queues.values():
            yield from ((queue.id, one) for one in queue.detail.consumers)
        for stream in self.streams.values():
            yield from ((stream.id, one) for one in stream.detail.consumers)


def _signal_of(item: Evidence) -> str:
    """The signal that a metric was read for, whatever statistic stood in for it; else empty."""
    if isinstance(item.detail, MetricDetail):
        return item.detail.signal
    if isinstance(item.request, MetricRequest):
        known = signal_of_query(item.request.metric)
        return known.name if known else ""
    return ""


__all__ = ["Entries", "Shown"]
