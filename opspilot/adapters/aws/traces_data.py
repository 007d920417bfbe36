"""X-Ray's service graph, turned into calls between resources; pure.

Source: "Service" and "Edge" in the X-Ray API reference. One function is two services there, the
Lambda service that takes the call (AWS::Lambda) and the function itself (AWS::Lambda::Function): of
the same name, they are one resource here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opspilot.adapters.aws.names import Place
from opspilot.adapters.aws.topology import RELATIONS
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.traces import OutsideCall, SeenCall
from opspilot.domain.workload import Relation

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_FEEDS = frozenset({ResourceKind.QUEUE, ResourceKind.STREAM, ResourceKind.TABLE})
# What X-Ray calls a node when it knows the service and not the resource.
_NAMELESS = frozenset({"DynamoDB", "SQS", "Kinesis", "Lambda"})
_CLIENT = "client"


@dataclass
class _Sum:
    """Statistics of one dependency, added up."""

    calls: int = 0
    failed: int = 0
    throttled: int = 0
    seconds: float = 0.0

    def add(self, edge: Mapping[str, Any]) -> None:
        """Add an edge's summary; one without a summary was seen, and nothing more."""
        statistics: Mapping[str, Any] = edge.get("SummaryStatistics") or {}
        errors: Mapping[str, Any] = statistics.get("ErrorStatistics") or {}
        faults: Mapping[str, Any] = statistics.get("FaultStatistics") or {}
        self.calls += int(statistics.get("TotalCount") or 0)
        self.failed += int(errors.get("TotalCount") or 0) + int(faults.get("TotalCount") or 0)
        self.throttled += int(errors.get("ThrottleCount") or 0)
        self.seconds += float(statistics.get("TotalResponseTime") or 0.0)

    @property
    def mean(self) -> float | None:
        """Seconds until the answer; None where none were told."""
        return self.seconds / self.calls if self.calls and self.seconds else None


def to_calls(
    services: Sequence[Mapping[str, Any]], place: Place
) -> tuple[tuple[SeenCall, ...], tuple[OutsideCall, ...]]:
    """Calls between resources of this account, and calls that lead out of it; both sorted."""
    by_id = {service.get("ReferenceId"): service for service in services}
    inside: dict[tuple[Resource, Resource, Relation], _Sum] = {}
    outside: dict[tuple[Resource, str], _Sum] = {}
    for caller, callee, edge in _edges(services, by_id):
        source, target = to_resource(caller, place), to_resource(callee, place)
        if source is None or source == target:
            continue
        if target is not None:
            inside.setdefault(_directed(source, target), _Sum()).add(edge)
        elif callee.get("Type") != _CLIENT and callee.get("Name"):
            outside.setdefault((source, str(callee["Name"])), _Sum()).add(edge)
    return _inside(inside), _outside(outside)


def to_resource(service: Mapping[str, Any], place: Place) -> Resource | None:
    """The resource of this account that a service of the graph is; None for anything else."""
    account = str(service.get("AccountId") or place.account_id)
    kind, name = str(service.get("Type") or ""), str(service.get("Name") or "")
    if account != place.account_id or name in _NAMELESS:
        return None
    found: Resource | None = None
    if kind in ("AWS::Lambda", "AWS::Lambda::Function"):
        found = _named(name.rpartition("function:")[2].partition(":")[0], place.function)
    elif kind == "AWS::DynamoDB::Table":
        found = _named(name, place.table)
    elif kind == "AWS::SQS::Queue":
        found = _named(name.rpartition("/")[2].rpartition(":")[2], place.queue)
    elif kind in ("AWS::Kinesis", "AWS::Kinesis::Stream"):
        found = _named(name.rpartition("/")[2], place.stream)
    elif kind == "AWS::ApiGateway::Stage":
        found = _named(name.rpartition("/")[0] or name, place.api)
    return found


def _named(name: str, make: Any) -> Resource | None:
    return make(name) if _NAME.fullmatch(name) else None


def _edges(
    services: Sequence[Mapping[str, Any]], by_id: Mapping[Any, Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]:
    for service in services:
        for edge in service.get("Edges") or ():
            callee = by_id.get(edge.get("ReferenceId"))
            if callee is not None:
                yield service, callee, edge


def _directed(source: Resource, target: Resource) -> tuple[Resource, Resource, Relation]:
    """As our edges run: what takes work from a queue, a stream or a table's stream needs it."""
    if source.kind in _FEEDS and target.kind is ResourceKind.FUNCTION:
        return target, source, "consumes"
    return source, target, RELATIONS[target.kind]


def _inside(sums: Mapping[tuple[Resource, Resource, Relation], _Sum]) -> tuple[SeenCall, ...]:
    return tuple(
        SeenCall(
            caller=caller,
            callee=callee,
            relation=relation,
            calls=one.calls,
            failed=one.failed,
            throttled=one.throttled,
            mean_seconds=one.mean,
        )
        for (caller, callee, relation), one in sorted(
            sums.items(), key=lambda item: (item[0][0].arn, item[0][1].arn, item[0][2])
        )
    )


def _outside(sums: Mapping[tuple[Resource, str], _Sum]) -> tuple[OutsideCall, ...]:
    return tuple(
        OutsideCall(
            caller=caller, name=name, calls=one.calls, failed=one.failed, mean_seconds=one.mean
        )
        for (caller, name), one in sorted(
            sums.items(), key=lambda item: (item[0][0].arn, item[0][1])
        )
    )
