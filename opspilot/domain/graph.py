"""The one call graph that all entries of a ledger tell of, whatever the source."""

from collections.abc import Iterable, Iterator

from opspilot.domain.evidence_detail import (
    ConfigurationDetail,
    EvidenceDetail,
    TopologyDetail,
    TracesDetail,
)
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.workload import Edge, FunctionConfiguration, Relation

_ARN_PARTS = 6


def known_edges(details: Iterable[EvidenceDetail]) -> tuple[Edge, ...]:
    """Every dependency that was read, in order of arrival; then what only others show.

    Those are the destinations of asynchronous invocations, which a function's configuration tells,
    and traced calls. Configuration tells through which alias a function is called, and traces do
    not: where both know of a dependency, what configuration says stands alone.
    """
    kept = list(details)
    told = [
        edge
        for detail in kept
        if isinstance(detail, TopologyDetail)
        for edge in detail.topology.edges
    ]
    known = {(edge.caller, edge.callee) for edge in told}
    more = dict.fromkeys(
        edge for detail in kept for edge in _further(detail) if _ends(edge) not in known
    )
    return (*told, *more)


def _further(detail: EvidenceDetail) -> Iterator[Edge]:
    if isinstance(detail, TracesDetail):
        yield from (call.edge() for call in detail.calls)
    elif isinstance(detail, ConfigurationDetail):
        yield from _handed_on(detail.function)


def _ends(edge: Edge) -> tuple[Resource, Resource]:
    return edge.caller, edge.callee


def _handed_on(function: FunctionConfiguration) -> Iterator[Edge]:
    """To where events and results of asynchronous invocations go, if that is a resource of ours."""
    given: list[tuple[str, Relation, str]] = []
    for one in function.asynchronous:
        of = f" of {one.qualifier}" if one.qualifier else ""
        given.append((one.on_failure, "gives_up_to", f"on-failure destination{of}"))
        given.append((one.on_success, "sends_to", f"on-success destination{of}"))
    for arn, relation, via in given:
        target = _resource(arn)
        if target is not None and target.account == function.resource.account:
            yield Edge(caller=function.resource, callee=target, relation=relation, via=via)


def _resource(arn: str) -> Resource | None:
    """The function or queue of an ARN, without its qualifier; None for a topic or an event bus."""
    parts = arn.split(":")
    if len(parts) < _ARN_PARTS:
        return None
    resource = Resource(arn=":".join(parts[:7]) if parts[2] == "lambda" else arn)
    return resource if resource.kind in (ResourceKind.FUNCTION, ResourceKind.QUEUE) else None


__all__ = ["known_edges"]
