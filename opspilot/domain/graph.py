"""The one call graph that all entries of a ledger tell of, whatever the source."""

from collections.abc import Iterable

from opspilot.domain.evidence_detail import EvidenceDetail, TopologyDetail, TracesDetail
from opspilot.domain.workload import Edge


def known_edges(details: Iterable[EvidenceDetail]) -> tuple[Edge, ...]:
    """Every dependency that was read, in order of arrival; then what only traces show.

    Configuration tells through which alias a function is called, and traces do not: where both
    know of a dependency, what configuration says stands alone.
    """
    kept = list(details)
    told = [
        edge
        for detail in kept
        if isinstance(detail, TopologyDetail)
        for edge in detail.topology.edges
    ]
    known = {(edge.caller, edge.callee) for edge in told}
    seen = [
        call.edge()
        for detail in kept
        if isinstance(detail, TracesDetail)
        for call in detail.calls
        if (call.caller, call.callee) not in known
    ]
    return (*told, *dict.fromkeys(seen))


__all__ = ["known_edges"]
