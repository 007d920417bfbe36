"""The call graph around a resource, inferred from configuration.

Four witnesses: environment values that name a resource of this account, event source mappings,
resource policies that let API Gateway invoke a function, and the integrations of an API.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from opspilot.adapters.aws.event_sources import SourceMapping, to_event_source
from opspilot.adapters.aws.inventory import Inventory
from opspilot.adapters.aws.names import Directory, Named, Place, from_arn
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.workload import PERMITTED, Edge, Relation
from opspilot.errors import UnknownResource

# These give the function itself a name, often that of a whole service, and call nobody.
_SELF_NAMES = frozenset(
    {"POWERTOOLS_SERVICE_NAME", "OTEL_SERVICE_NAME", "DD_SERVICE", "SERVICE_NAME"}
)
RELATIONS: dict[ResourceKind, Relation] = {
    ResourceKind.FUNCTION: "invokes",
    ResourceKind.TABLE: "reads_writes",
    ResourceKind.QUEUE: "sends_to",
    ResourceKind.STREAM: "streams_to",
    ResourceKind.API: "invokes",
}
"""How a function or an API needs a resource, by its kind."""

_VARIABLE = "${stageVariables."
_EXECUTE_API = re.compile(r"arn:[^:]+:execute-api:[^:]*:[^:]*:([^/:]+)(?:/.*)?")


def edges_of_account(inventory: Inventory, place: Place) -> list[Edge]:
    """Every edge that environments and event source mappings tell of."""
    directory = inventory.directory(place)
    edges = [
        edge
        for name, environment in inventory.environments.items()
        for edge in _from_environment(place.function(name), environment, directory)
    ]
    return [
        *edges,
        *_from_event_sources(inventory.event_sources, place),
        *_from_dead_letters(inventory.dead_letters, place),
    ]


def around(resource: Resource, edges: Iterable[Edge]) -> list[Edge]:
    """The edges to direct callers and callees, and on to the callees of those callees."""
    everything = list(edges)
    callees = {edge.callee.arn for edge in everything if edge.caller == resource}
    return [
        edge
        for edge in everything
        if resource in (edge.caller, edge.callee) or edge.caller.arn in callees
    ]


def in_order(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Each edge once, sorted."""
    unique = {
        (edge.caller.arn, edge.callee.arn, edge.relation, edge.qualifier, edge.via): edge
        for edge in edges
    }
    return tuple(unique[key] for key in sorted(unique))


def from_policy(
    function: Resource, qualifier: str, policy: str, apis: Mapping[str, Resource]
) -> list[Edge]:
    """Edges from the APIs that a resource policy (JSON) lets invoke a function.

    `qualifier` is the alias that the policy belongs to (empty: the function itself), `apis` holds
    the APIs by id; one that is not among them is left out.

    Raises:
        ValueError: The policy is not JSON.
    """
    if not policy:
        return []
    callers = {apis[api_id] for api_id in _api_ids(policy) if api_id in apis}
    return [
        Edge(
            caller=caller,
            callee=function,
            relation="invokes",
            qualifier=qualifier,
            via=PERMITTED,
        )
        for caller in sorted(callers, key=lambda one: one.arn)
    ]


def from_integrations(api: Resource, targets: Iterable[str], directory: Directory) -> list[Edge]:
    """Edges from an API to what of this account its integrations lead to.

    An alias that a stage variable names is told as the URI has it, `${stageVariables.alias}`.
    """
    named = [directory.recognise(one) for one in targets if not _named_by_variable(one)]
    return [_edge(api, one, "integration") for one in named if one is not None]


def unresolved(api: Resource, targets: Iterable[str]) -> list[str]:
    """Sentences about what stage variables name, which integrations alone do not tell."""
    return [
        f"{api.name} invokes a function that a stage variable names ({one}): not followed"
        if _named_by_variable(one)
        else f"through which alias {api.name} invokes {one} is in a stage variable"
        for one in targets
        if _VARIABLE in one
    ]


def _named_by_variable(target: str) -> bool:
    """Whether the resource itself depends on the stage, and not only its alias."""
    place, _, name = target.partition(":function:")
    return _VARIABLE in place + name.partition(":")[0]


def _from_environment(
    function: Resource, environment: Mapping[str, str], directory: Directory
) -> list[Edge]:
    named = [
        (variable, directory.recognise(value))
        for variable, value in environment.items()
        if variable not in _SELF_NAMES
    ]
    return [
        _edge(function, callee, f"environment {variable}")
        for variable, callee in named
        if callee is not None and callee.resource != function
    ]


def _edge(caller: Resource, callee: Named, via: str) -> Edge:
    return Edge(
        caller=caller,
        callee=callee.resource,
        relation=RELATIONS[callee.resource.kind],
        qualifier=callee.qualifier,
        via=via,
    )


def _from_event_sources(mappings: Sequence[SourceMapping], place: Place) -> list[Edge]:
    """One that is switched off still tells who should be consuming; `via` says that it is."""
    return [
        Edge(
            caller=source.function,
            callee=source.source,
            relation="consumes",
            qualifier="",
            via="event source mapping" if source.enabled else "event source mapping, switched off",
        )
        for source in (to_event_source(mapping, place) for mapping in mappings)
        if source is not None and source.source.kind in RELATIONS
    ]


def _api_ids(policy: str) -> set[str]:
    """Ids of the APIs in a policy's source ARNs, arn:aws:execute-api:REGION:ACCOUNT:ID/..."""
    document: Mapping[str, Any] = json.loads(policy)
    return {
        api_id
        for statement in _listed(document.get("Statement"))
        if statement.get("Effect") == "Allow"
        for api_id in _api_ids_of(statement.get("Condition") or {})
    }


def _api_ids_of(condition: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for operator, tests in condition.items():
        if not operator.startswith(("ArnLike", "ArnEquals", "StringLike", "StringEquals")):
            continue
        for key, value in tests.items():
            if key.lower() == "aws:sourcearn":
                found |= {_api_id(str(arn)) for arn in _listed(value)}
    return found - {""}


def _from_dead_letters(targets: Mapping[str, str], place: Place) -> list[Edge]:
    """Edges from functions to the queues that take the events they give up."""
    edges: list[Edge] = []
    for name, arn in targets.items():
        try:
            target = from_arn(arn, place).resource
        except UnknownResource:
            continue
        if target.kind is ResourceKind.QUEUE:
            edges.append(_gives_up(place.function(name), target, "dead letters"))
    return edges


def from_redrive(
    queue: Resource, target: Resource | None, sources: Iterable[str], place: Place
) -> list[Edge]:
    """Edges from a queue to its dead letter queue, and from those whose dead letters it takes."""
    edges = [_gives_up(place.queue(name), queue, "redrive policy") for name in sources]
    if target is not None:
        edges.append(_gives_up(queue, target, "redrive policy"))
    return edges


def _gives_up(caller: Resource, callee: Resource, via: str) -> Edge:
    return Edge(caller=caller, callee=callee, relation="gives_up_to", via=via)


def _listed(value: Any) -> list[Any]:
    """IAM's JSON allows one value in place of a list."""
    if value is None:
        return []
    return cast(list[Any], value) if isinstance(value, list) else [value]


def _api_id(arn: str) -> str:
    match = _EXECUTE_API.fullmatch(arn)
    return match.group(1) if match else ""
