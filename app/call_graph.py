"""The call graph around an incident, laid out: whoever calls stands left of whom it calls."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from opspilot.diagnosis.harm import HARM
from opspilot.domain.evidence import Evidence, MetricDetail
from opspilot.domain.graph import known_edges
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.incident import Incident
from opspilot.domain.resource import Resource
from opspilot.domain.workload import Edge

Part = Literal["cause", "lead", "first failure", "harmed", "quiet", "unread"]
"""What a resource has to do with the incident, the most telling that holds."""

MOST_NODES = 28


@dataclass(frozen=True)
class Node:
    """One resource.

    Attributes:
        column, row: Place in the drawing, counted from 0.
        symptom: The incident was opened on it.
        says: What stands out on it, in a few words.
    """

    resource: Resource
    part: Part
    column: int
    row: int
    symptom: bool = False
    says: str = ""


@dataclass(frozen=True)
class Graph:
    """Nodes by place, arrows in the direction of the work, and how many were left out."""

    nodes: tuple[Node, ...]
    arrows: tuple[tuple[Resource, Resource], ...]
    left_out: int = 0


def graph_of(incident: Incident, evidence: Sequence[Evidence], verdict: Verdict | None) -> Graph:
    """What the ledger tells of who calls whom; one node where it tells nothing."""
    edges = known_edges(item.detail for item in evidence)
    arrows = tuple(dict.fromkeys(map(_arrow, edges)))
    parts = _parts(evidence, verdict)
    found = dict.fromkeys([incident.resource, *(one for arrow in arrows for one in arrow)])
    kept = _nearest(list(found), arrows, [incident.resource, *parts])
    inside = tuple(arrow for arrow in arrows if arrow[0] in kept and arrow[1] in kept)
    columns = _columns(kept, inside)
    read = {item.resource for item in evidence}
    rows: dict[int, int] = defaultdict(int)
    nodes: list[Node] = []
    for resource in sorted(kept, key=lambda one: (columns[one], one.name)):
        column = columns[resource]
        nodes.append(
            Node(
                resource=resource,
                part=parts.get(resource, "quiet" if resource in read else "unread"),
                column=column,
                row=rows[column],
                symptom=resource == incident.resource,
                says=_standing_out(resource, evidence),
            )
        )
        rows[column] += 1
    return Graph(tuple(nodes), inside, len(found) - len(kept))


def _arrow(edge: Edge) -> tuple[Resource, Resource]:
    """In the direction of the work: a queue or stream hands it to the function that consumes it."""
    if edge.relation == "consumes":
        return edge.callee, edge.caller
    return edge.caller, edge.callee


def _parts(evidence: Sequence[Evidence], verdict: Verdict | None) -> dict[Resource, Part]:
    parts: dict[Resource, Part] = {
        item.resource: "harmed" for item in evidence if _is_harmed(item.detail)
    }
    if verdict is None:
        return parts
    if verdict.first_failure:
        parts[verdict.first_failure.resource] = "first failure"
    causes = verdict.causes or ((verdict.cause,) if verdict.cause else ())
    for cause in causes:
        parts[cause.resource] = "cause"
    leads = [one for one in verdict.hypotheses if one.status != "ruled_out"]
    if not causes and leads:
        parts[leads[0].resource] = "lead"
    return parts


def _is_harmed(detail: object) -> bool:
    return (
        isinstance(detail, MetricDetail)
        and detail.anomalous
        and detail.direction == "up"
        and detail.signal in HARM
    )


def _standing_out(resource: Resource, evidence: Sequence[Evidence]) -> str:
    """The metric of a resource that moved most, as its finding says."""
    found = [
        item
        for item in evidence
        if item.resource == resource
        and isinstance(item.detail, MetricDetail)
        and item.detail.anomalous
    ]
    most = max(
        found,
        key=lambda item: (
            abs(item.detail.effect_size) if isinstance(item.detail, MetricDetail) else 0.0
        ),
        default=None,
    )
    return most.finding if most else ""


def _nearest(
    everything: Sequence[Resource],
    arrows: Iterable[tuple[Resource, Resource]],
    centre: Iterable[Resource],
) -> set[Resource]:
    """All, or when they are many those that are fewest steps from what matters."""
    near: dict[Resource, list[Resource]] = defaultdict(list)
    for one, other in arrows:
        near[one].append(other)
        near[other].append(one)
    reached = dict.fromkeys(one for one in centre if one in set(everything))
    waiting = list(reached)
    while waiting and len(reached) < MOST_NODES:
        for other in near[waiting.pop(0)]:
            if other not in reached and len(reached) < MOST_NODES:
                reached[other] = None
                waiting.append(other)
    return set(list(reached)[:MOST_NODES])


def _columns(
    nodes: Iterable[Resource], arrows: Sequence[tuple[Resource, Resource]]
) -> Mapping[Resource, int]:
    """How many steps of work lie before each; a loop counts once."""
    before: dict[Resource, list[Resource]] = defaultdict(list)
    for one, other in arrows:
        if one != other:
            before[other].append(one)
    known: dict[Resource, int] = {}

    def depth(node: Resource, above: frozenset[Resource]) -> int:
        if node not in known:
            callers = [one for one in before[node] if one not in above]
            known[node] = max((depth(one, above | {node}) + 1 for one in callers), default=0)
        return known[node]

    for node in sorted(nodes, key=lambda one: one.arn):
        depth(node, frozenset({node}))
    return known
