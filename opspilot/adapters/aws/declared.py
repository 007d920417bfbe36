"""The declared graph held against what the account has: nothing is drawn that is not there; pure.

What configuration tells stands: a declared dependency joins only where nothing else knows of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opspilot.adapters.aws.inventory import Inventory
from opspilot.adapters.aws.names import Place, from_arn, is_arn
from opspilot.adapters.aws.topology import RELATIONS
from opspilot.domain.declared import DeclaredEdge, DeclaredGraph
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.workload import DECLARED, Edge
from opspilot.errors import UnknownResource

_MOST_GAPS = 5
_KINDS: Mapping[str, ResourceKind] = {
    "function": ResourceKind.FUNCTION,
    "table": ResourceKind.TABLE,
    "queue": ResourceKind.QUEUE,
    "stream": ResourceKind.STREAM,
    "api": ResourceKind.API,
}


@dataclass(frozen=True)
class DeclaredEdges:
    """What joins the graph, and what does not.

    Attributes:
        gaps: Sentences about what was left out or could not be checked, with file and line.
    """

    edges: list[Edge] = field(default_factory=list[Edge])
    gaps: list[str] = field(default_factory=list[str])


def declared_edges(
    graph: DeclaredGraph, inventory: Inventory, known: Iterable[Edge], place: Place
) -> DeclaredEdges:
    """The declared dependencies whose ends the account has, and that nothing else tells of."""
    told = {(edge.caller, edge.callee) for edge in known}
    found = DeclaredEdges()
    for one in graph.edges:
        where = f"{graph.file}, line {one.line}"
        ends = [
            _end(text, where, inventory, place, found.gaps) for text in (one.caller, one.callee)
        ]
        caller, callee = ends
        if caller is not None and callee is not None and (caller, callee) not in told:
            found.edges.append(_edge(one, caller, callee, where))
    more = len(found.gaps) - _MOST_GAPS
    told_gaps = [
        *found.gaps[:_MOST_GAPS],
        *([f"{graph.file}: {more} more like these"] if more > 0 else []),
    ]
    return DeclaredEdges(found.edges, told_gaps)


def _edge(one: DeclaredEdge, caller: Resource, callee: Resource, where: str) -> Edge:
    return Edge(
        caller=caller,
        callee=callee,
        relation=one.relation or RELATIONS[callee.kind],
        qualifier=one.through,
        via=f"{DECLARED}{where}",
    )


def _end(
    text: str, where: str, inventory: Inventory, place: Place, gaps: list[str]
) -> Resource | None:
    """The resource that a text means; None, and a gap, where there is none."""
    try:
        meant = _meant(text, inventory, place)
    except UnknownResource as error:
        gaps.append(f"{where}: left out: {error.message}")
        return None
    existing = [one for one in meant if _exists(one, inventory)]
    if len(existing) == 1:
        return existing[0]
    if len(existing) > 1:
        kinds = ", ".join(f"{_kind_of(one)}:{text}" for one in existing)
        gaps.append(f"{where}: left out: {text!r} may be {kinds}: say which")
        return None
    if inventory.gaps and len(meant) == 1:
        gaps.append(f"{where}: that {text!r} exists could not be checked")
        return meant[0]
    gaps.append(f"{where}: left out: there is no {text!r} in this account and region")
    return None


def _meant(text: str, inventory: Inventory, place: Place) -> list[Resource]:
    """What a text can mean: one resource, or for a bare name one of each kind.

    Raises:
        UnknownResource: It is an ARN of elsewhere, or of something that OpsPilot does not read.
    """
    if is_arn(text):
        named = from_arn(text, place).resource
        if named.kind is ResourceKind.API:
            # A real ARN of an API has its id; ours of a REST API has its name.
            return [_api(named, inventory, place)]
        if named.kind not in RELATIONS:
            raise UnknownResource(f"{text} is nothing that calls or is called")
        return [named]
    kind, colon, name = text.partition(":")
    if colon:
        return [_of_kind(_KINDS[kind], name, inventory, place)]
    return [_of_kind(one, text, inventory, place) for one in _KINDS.values()]


def _api(named: Resource, inventory: Inventory, place: Place) -> Resource:
    if named.is_http_api:
        return inventory.http_api(named.identifier, place)
    return place.api(inventory.apis.get(named.name, named.name))


def _of_kind(kind: ResourceKind, name: str, inventory: Inventory, place: Place) -> Resource:
    if kind is ResourceKind.API:
        return inventory.api(name, place) or place.api(name)
    makers = {
        ResourceKind.FUNCTION: place.function,
        ResourceKind.TABLE: place.table,
        ResourceKind.QUEUE: place.queue,
        ResourceKind.STREAM: place.stream,
    }
    return makers[kind](name)


def _exists(resource: Resource, inventory: Inventory) -> bool:
    match resource.kind:
        case ResourceKind.FUNCTION:
            return resource.name in inventory.environments
        case ResourceKind.TABLE:
            return resource.name in inventory.tables
        case ResourceKind.QUEUE:
            return resource.name in inventory.queues
        case ResourceKind.STREAM:
            return resource.name in inventory.streams
        case _ if resource.is_http_api:
            return resource.identifier in inventory.http_apis
        case _:
            return bool(inventory.api_ids(resource.name))


def _kind_of(resource: Resource) -> str:
    return next(word for word, kind in _KINDS.items() if kind is resource.kind)
