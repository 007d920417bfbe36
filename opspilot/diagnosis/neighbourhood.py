"""Which resources a ledger tells of, and who needs whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from opspilot.diagnosis.entries import Entries
from opspilot.domain.evidence import Evidence
from opspilot.domain.graph import known_edges
from opspilot.domain.incident import Incident
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.workload import Edge, EventSource


@dataclass(frozen=True)
class Neighbourhood:
    """The resources around an incident.

    Attributes:
        incident: The incident as it stands.
        evidence: All entries, in any order.
    """

    incident: Incident
    evidence: Sequence[Evidence]

    @cached_property
    def entries(self) -> Entries:
        """The entries by what they hold."""
        return Entries(self.evidence)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """All that was read: the incident's own first, then by name."""
        read = {item.resource for item in self.evidence} - {self.incident.resource}
        return (self.incident.resource, *sorted(read, key=lambda one: (one.name, one.arn)))

    def of_kind(self, kind: ResourceKind) -> tuple[Resource, ...]:
        """Those of a kind, in the same order."""
        return tuple(one for one in self.resources if one.kind is kind)

    @cached_property
    def functions(self) -> tuple[Resource, ...]:
        """Functions of the neighbourhood."""
        return self.of_kind(ResourceKind.FUNCTION)

    @cached_property
    def tables(self) -> tuple[Resource, ...]:
        """Tables of the neighbourhood."""
        return self.of_kind(ResourceKind.TABLE)

    @cached_property
    def queues(self) -> tuple[Resource, ...]:
        """Queues of the neighbourhood."""
        return self.of_kind(ResourceKind.QUEUE)

    @cached_property
    def streams(self) -> tuple[Resource, ...]:
        """Streams of the neighbourhood."""
        return self.of_kind(ResourceKind.STREAM)

    @cached_property
    def apis(self) -> tuple[Resource, ...]:
        """APIs of the neighbourhood."""
        return self.of_kind(ResourceKind.API)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All dependencies that were read."""
        return known_edges(item.detail for item in self.entries.arrived)

    @cached_property
    def topology_ids(self) -> tuple[str, ...]:
        """Ledger entries that tell who calls whom."""
        return tuple(item.id for item, _ in self.entries.topologies)

    @cached_property
    def event_sources(self) -> tuple[tuple[str, EventSource], ...]:
        """(evidence id, mapping) for every event source mapping that was read; may repeat."""
        return tuple(self.entries.event_sources())

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
        asked = {item.resource for item, _ in self.entries.topologies}
        return resource in asked or bool(set(self.callers(resource)) & asked)

    def callers(self, resource: Resource) -> tuple[Resource, ...]:
        """Whoever invokes a resource and waits for it."""
        return _unique(
            edge.caller
            for edge in self.edges
            if edge.callee == resource and edge.relation == "invokes"
        )

    def users_of(self, table: Resource) -> tuple[Resource, ...]:
        """Functions that read or write a table."""
        return _unique(
            edge.caller
            for edge in self.edges
            if edge.callee == table and edge.relation == "reads_writes"
        )

    def tables_of(self, function: Resource) -> tuple[Resource, ...]:
        """Tables that a function reads or writes."""
        return _unique(
            edge.callee
            for edge in self.edges
            if edge.caller == function and edge.relation == "reads_writes"
        )

    def consumers_of(self, source: Resource) -> tuple[Resource, ...]:
        """Functions that are fed by a queue or stream."""
        told = (
            edge.caller
            for edge in self.edges
            if edge.callee == source and edge.relation == "consumes"
        )
        mapped = (one.function for _, one in self.event_sources if one.source == source)
        return _unique((*told, *mapped))

    def sources_of(self, function: Resource) -> tuple[Resource, ...]:
        """Queues and streams that feed a function."""
        told = (
            edge.callee
            for edge in self.edges
            if edge.caller == function and edge.relation == "consumes"
        )
        mapped = (one.source for _, one in self.event_sources if one.function == function)
        return _unique((*told, *mapped))


def _unique(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    return tuple(dict.fromkeys(resources))


__all__ = ["Neighbourhood"]
