"""One incident's ledger, indexed by what a signature asks for. Knows nothing about causes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from opspilot.diagnosis.entries import Shown
from opspilot.diagnosis.inferred import in_feed_words, span_of
from opspilot.diagnosis.neighbourhood import Neighbourhood
from opspilot.domain.alarm import Alarm
from opspilot.domain.change import Change
from opspilot.domain.evidence import (
    ChangesRequest,
    ComparisonRequest,
    GapDetail,
    LogDetail,
    MetricDetail,
    MetricRequest,
)
from opspilot.domain.resource import Resource
from opspilot.domain.workload import (
    AccountLimits,
    FunctionConfiguration,
    QueueConfiguration,
    StreamConfiguration,
    TableConfiguration,
)

DURATIONS = ("lambda.duration_p99", "lambda.duration_max", "lambda.duration_p50")
"""Signals of a function's duration, most telling first; any may have no data."""

_DEFAULT_PERIOD = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ChangeFound:
    """A change and the ids of the ledger entries that tell of it.

    Attributes:
        inferred: Put together from entries that each tell a part of it.
        span: It happened at most so long before `change.at`; 0 where the moment is known.
    """

    ids: tuple[str, ...]
    change: Change
    inferred: bool = False
    span: timedelta = timedelta(0)

    @property
    def earliest(self) -> datetime:
        """The earliest moment at which it can have happened."""
        return self.change.at - self.span

    @property
    def key(self) -> str:
        """Identity of the change, however many entries tell of it."""
        return self.change.event_id or f"{self.change.resource}@{self.change.at.isoformat()}"


@dataclass(frozen=True, slots=True)
class Feed:
    """The change feeds that cover a resource; before `whole_until` no change is missing."""

    ids: tuple[str, ...]
    whole_until: datetime


@dataclass(frozen=True)
class Case(Neighbourhood):
    """The ledger of one investigation.

    Attributes:
        incident: The incident as it stands.
        evidence: All entries, in any order; of two about one thing the later one counts.
        now: Account time.
    """

    now: datetime

    def metric(self, resource: Resource, signal: str) -> Shown[MetricDetail] | None:
        """What a signal of a resource shows; None when it was not read or has no data."""
        found = self.entries.metrics.get((resource.arn, signal))
        return found if found and (found.detail.points or found.detail.anomalous) else None

    def duration(self, resource: Resource) -> Shown[MetricDetail] | None:
        """The most telling of a function's durations that has data."""
        shown = (self.metric(resource, signal) for signal in DURATIONS)
        return next((one for one in shown if one), None)

    def risen(self, resource: Resource, *signals: str) -> Shown[MetricDetail] | None:
        """The first of these signals that rose abnormally."""
        return self._moved(resource, "up", signals)

    def fallen(self, resource: Resource, *signals: str) -> Shown[MetricDetail] | None:
        """The first of these signals that fell abnormally."""
        return self._moved(resource, "down", signals)

    def _moved(
        self, resource: Resource, direction: str, signals: Iterable[str]
    ) -> Shown[MetricDetail] | None:
        for signal in signals:
            found = self.metric(resource, signal)
            if found and found.detail.anomalous and found.detail.direction == direction:
                return found
        return None

    def log(self, resource: Resource) -> Shown[LogDetail] | None:
        """What a function's log shows; None when it was not read or is empty."""
        found = self.entries.logs.get(resource.arn)
        has_lines = found and (found.detail.lines_incident or found.detail.lines_baseline)
        return found if has_lines else None

    def configuration(self, resource: Resource) -> Shown[FunctionConfiguration] | None:
        """A function's configuration as it was read."""
        return self.entries.functions.get(resource.arn)

    def table(self, resource: Resource) -> Shown[TableConfiguration] | None:
        """A table's configuration as it was read."""
        return self.entries.tables.get(resource.arn)

    def queue(self, resource: Resource) -> Shown[QueueConfiguration] | None:
        """A queue's configuration as it was read."""
        return self.entries.queues.get(resource.arn)

    def stream(self, resource: Resource) -> Shown[StreamConfiguration] | None:
        """A stream's configuration as it was read."""
        return self.entries.streams.get(resource.arn)

    @property
    def limits(self) -> Shown[AccountLimits] | None:
        """What the account's functions share, as it was read."""
        return self.entries.limits

    def changes_of(self, resource: Resource) -> tuple[ChangeFound, ...]:
        """Changes of a resource, oldest first."""
        return tuple(found for found in self.changes if found.change.resource == resource)

    @cached_property
    def metrics(self) -> tuple[Shown[MetricDetail], ...]:
        """The latest entry of every signal of every resource."""
        return tuple(self.entries.metrics.values())

    @cached_property
    def logs(self) -> tuple[Shown[LogDetail], ...]:
        """The latest entry of every log."""
        return tuple(self.entries.logs.values())

    @property
    def gaps(self) -> tuple[Shown[GapDetail], ...]:
        """What could not be read."""
        return self.entries.gaps

    @property
    def alarms(self) -> tuple[tuple[str, Alarm], ...]:
        """(evidence id, alarm) for every alarm that was read."""
        return self.entries.alarms

    @cached_property
    def changes(self) -> tuple[ChangeFound, ...]:
        """All changes that were read, oldest first, each once; inferred ones in feeds' words."""
        read_at = frozenset(
            item.collected_at
            for item in self.evidence
            if item.request.source in ("configuration", "limits")
        )
        found = {
            (change.resource.arn, change.source, change.event_id or change.at.isoformat()): (
                ChangeFound((item.id,), change, change.since is not None, span_of(change, read_at))
            )
            for item, detail in self.entries.feeds
            for told in detail.changes
            for change in in_feed_words(told)
        }
        return tuple(sorted(found.values(), key=lambda one: one.change.at))

    def feed_of(self, resource: Resource) -> Feed | None:
        """How far the changes of a resource were read; None when nobody asked for them."""
        covering = [
            (item, detail)
            for item, detail in self.entries.feeds
            if isinstance(item.request, ChangesRequest) and resource in item.request.resources
        ]
        if not covering:
            return None
        return Feed(
            ids=tuple(item.id for item, _ in covering),
            whole_until=max(detail.complete_until for _, detail in covering),
        )

    def compared(self, resource: Resource, onset: datetime) -> tuple[str, ...]:
        """Entries that found a configuration as it was when it was read before an onset.

        Empty where none was compared, or where something differs.
        """
        read = [
            (item, detail)
            for item, detail in self.entries.feeds
            if isinstance(item.request, ComparisonRequest) and item.resource == resource
        ]
        if any(detail.changes for _, detail in read):
            return ()
        return tuple(
            item.id for item, detail in read if item.window.start <= onset <= detail.complete_until
        )

    @cached_property
    def period(self) -> timedelta:
        """The period that most of the metrics have that were read."""
        seconds = Counter(
            item.request.metric.period_seconds
            for item in self.evidence
            if isinstance(item.request, MetricRequest)
        )
        if not seconds:
            return _DEFAULT_PERIOD
        return timedelta(seconds=max(seconds, key=lambda one: (seconds[one], one)))


__all__ = ["DURATIONS", "Case", "ChangeFound", "Feed", "Shown"]
