"""What surrounds an incident as far as it was read, and what of it stands out; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from opspilot.domain.evidence import (
    Evidence,
    MetricDetail,
    TableDetail,
    TopologyRequest,
)
from opspilot.domain.graph import known_edges
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import signals_of
from opspilot.domain.workload import Edge

MOST_NEIGHBOURS = 24
_FIRST_LOOK = 12
"""Neighbours of the incident's own resource; the rest is for what a cascade leads to."""

_TELLING = frozenset(
    {
        "lambda.errors",
        "lambda.throttles",
        "lambda.duration_p50",
        "lambda.duration_p99",
        "lambda.duration_max",
        "lambda.async_age",
        "lambda.async_dropped",
        "lambda.iterator_age",
        "api.5xx",
        "api.latency_p99",
        "api.integration_latency_p99",
        "sqs.visible",
        "sqs.oldest_age",
        "stream.iterator_age",
        "stream.write_throttles",
        "stream.read_throttles",
        "dynamodb.read_throttles",
        "dynamodb.write_throttles",
        "dynamodb.conditional_failures",
    }
)
_SILENT = ("dynamodb.writes", "dynamodb.reads", "sqs.sent", "stream.incoming")
_TELLING_OF_INDEX = ("dynamodb.index_",)


@dataclass(frozen=True)
class Neighbourhood:
    """The ledger of one investigation, read as a graph."""

    own: Resource
    ledger: Sequence[Evidence]

    @cached_property
    def mapped(self) -> bool:
        """Whether the topology of the incident's own resource was asked for."""
        return self.own in self._asked

    @cached_property
    def mapped_also(self) -> tuple[Resource, ...]:
        """Others whose topology was asked for, in this order."""
        return tuple(one for one in self._asked if one != self.own)

    @cached_property
    def near(self) -> tuple[Resource, ...]:
        """Neighbours with signals, the incident's own first, then what each cascade led to."""
        found = dict.fromkeys(self._around(self.own)[:_FIRST_LOOK])
        for resource in self.mapped_also:
            found |= dict.fromkeys(self._around(resource))
        found.pop(self.own, None)
        return tuple(found)[:MOST_NEIGHBOURS]

    @cached_property
    def standing_out(self) -> tuple[Resource, ...]:
        """Neighbours that fail, are slow or are held up, the most so first."""
        return tuple(
            sorted(
                (one for one in self.near if one in self._effects),
                key=lambda one: -self._effects[one],
            )
        )

    @cached_property
    def frontier(self) -> tuple[Resource, ...]:
        """What stands out and whose own dependencies nobody has read yet."""
        return tuple(one for one in self.standing_out if not self._knows(one))

    def beside(self, resources: Iterable[Resource]) -> tuple[Resource, ...]:
        """Tables, queues, streams and APIs next to these."""
        found = dict.fromkeys(
            end
            for resource in resources
            for edge in (*self._down(resource), *self._up(resource))
            for end in (edge.callee, edge.caller)
            if end.kind is not ResourceKind.FUNCTION and signals_of(end)
        )
        return tuple(found)

    @cached_property
    def indexes(self) -> dict[Resource, tuple[str, ...]]:
        """Names of the indexes of every table whose configuration was read."""
        return {
            item.resource: tuple(index.name for index in item.detail.table.indexes)
            for item in self.ledger
            if isinstance(item.detail, TableDetail)
        }

    def _around(self, resource: Resource) -> list[Resource]:
        callees = [edge.callee for edge in self._down(resource)]
        deeper = [edge.callee for callee in callees for edge in self._down(callee)]
        callers = [edge.caller for edge in self._up(resource)]
        ordered = dict.fromkeys([*callees, *callers, *deeper])
        return [one for one in ordered if one != resource and signals_of(one)]

    def _knows(self, resource: Resource) -> bool:
        """Whether everything that a resource depends on was read.

        A topology tells of the callees of callees as well; who uses a table, or feeds a queue, is
        in its own topology alone.
        """
        if resource in self._asked:
            return True
        if resource.kind is not ResourceKind.FUNCTION:
            return False
        return any(edge.caller in self._asked for edge in self._up(resource))

    def _down(self, resource: Resource) -> list[Edge]:
        return [edge for edge in self._edges if edge.caller == resource]

    def _up(self, resource: Resource) -> list[Edge]:
        return [edge for edge in self._edges if edge.callee == resource]

    @cached_property
    def _edges(self) -> tuple[Edge, ...]:
        return known_edges(item.detail for item in self.ledger)

    @cached_property
    def _asked(self) -> dict[Resource, None]:
        """Whose topology was asked for, answered or not, in this order."""
        return dict.fromkeys(
            item.resource for item in self.ledger if isinstance(item.request, TopologyRequest)
        )

    @cached_property
    def _effects(self) -> dict[Resource, float]:
        effects: dict[Resource, float] = {}
        for item in self.ledger:
            detail = item.detail
            if isinstance(detail, MetricDetail) and detail.anomalous and _tells(detail):
                effects[item.resource] = max(
                    effects.get(item.resource, 0.0), abs(detail.effect_size)
                )
        return effects


def _tells(detail: MetricDetail) -> bool:
    """Whether it is fit to follow; of a table also that it fell silent, for its users are to ask.

    A function that is called less stands behind one that fails; of a table nobody else tells.
    """
    if detail.signal in _SILENT:
        return detail.direction == "down" and not detail.incident_value
    return detail.direction == "up" and (
        detail.signal in _TELLING or detail.signal.startswith(_TELLING_OF_INDEX)
    )
