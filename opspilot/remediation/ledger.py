"""The evidence that planning needs, by resource."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from opspilot.domain.change import Change
from opspilot.domain.evidence import (
    ChangesDetail,
    ConfigurationDetail,
    Evidence,
    LogDetail,
    MetricDetail,
    MetricRequest,
)
from opspilot.domain.graph import known_edges
from opspilot.domain.resource import Resource
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.workload import Edge, FunctionConfiguration, Topology


@dataclass(frozen=True)
class Ledger:
    """An indexed view; of two entries about the same thing the later one counts."""

    evidence: Sequence[Evidence]

    def configuration(self, resource: Resource) -> FunctionConfiguration | None:
        """A function as it was configured when it was read."""
        found = [
            item.detail.function
            for item in self.evidence
            if item.resource == resource and isinstance(item.detail, ConfigurationDetail)
        ]
        return found[-1] if found else None

    def metric(self, resource: Resource, signal: str) -> tuple[Evidence, MetricDetail] | None:
        """What a signal of a resource shows."""
        found = [
            (item, item.detail)
            for item in self.evidence
            if item.resource == resource
            and isinstance(item.detail, MetricDetail)
            and item.detail.signal == signal
        ]
        return found[-1] if found else None

    def metric_of(self, query: MetricQuery) -> tuple[Evidence, MetricDetail] | None:
        """What the metric of a query shows.

        An entry with exactly these dimensions wins; one whose dimensions are among them (the API
        without its stage) stands in for it.
        """
        asked = set(query.dimensions)
        found = [
            (len(asked - set(item.request.metric.dimensions)), item, item.detail)
            for item in self.evidence
            if isinstance(item.detail, MetricDetail)
            and isinstance(item.request, MetricRequest)
            and (item.request.metric.namespace, item.request.metric.metric)
            == (query.namespace, query.metric)
            and item.request.metric.statistic == query.statistic
            and set(item.request.metric.dimensions) <= asked
            and (item.request.metric.dimensions or not asked)
        ]
        if not found:
            return None
        fewest = min(left for left, _, _ in found)
        return [(item, detail) for left, item, detail in found if left == fewest][-1]

    def log(self, resource: Resource) -> LogDetail | None:
        """What a function's log shows."""
        found = [
            item.detail
            for item in self.evidence
            if item.resource == resource and isinstance(item.detail, LogDetail)
        ]
        return found[-1] if found else None

    def topology(self) -> Topology:
        """All edges that were read, each once for each way in which it is known."""
        edges: dict[tuple[str, str, str, str, str], Edge] = {}
        for edge in known_edges(item.detail for item in self.evidence):
            ends = (edge.caller.arn, edge.callee.arn)
            edges[(*ends, edge.relation, edge.qualifier, edge.via)] = edge
        return Topology(edges=tuple(edges.values()))

    def changes(self, resource: Resource, until: datetime | None) -> list[tuple[str, Change]]:
        """(evidence id, change) of a resource up to a moment, newest first."""
        found = [
            (item.id, change)
            for item in self.evidence
            if isinstance(item.detail, ChangesDetail)
            for change in item.detail.changes
            if change.resource == resource and (until is None or change.at <= until)
        ]
        return sorted(found, key=lambda pair: pair[1].at, reverse=True)
