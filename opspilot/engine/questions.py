"""Which questions an investigation asks next; pure, so that a resumed one asks exactly the rest.

The plan grows with what is known: the resource itself first, then its neighbours once the topology
is read, then the logs of those neighbours whose metrics stand out.
"""

from collections.abc import Sequence

from opspilot.domain.evidence import (
    AlarmsRequest,
    ChangesDetail,
    ChangesRequest,
    ConfigurationRequest,
    Evidence,
    EvidenceRequest,
    LogRequest,
    MetricDetail,
    MetricRequest,
    TopologyDetail,
    TopologyRequest,
)
from opspilot.domain.incident import Incident
from opspilot.domain.model import Model
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import query_of, signals_of
from opspilot.domain.telemetry import LogQuery
from opspilot.domain.window import Window
from opspilot.domain.workload import Topology

_MOST_NEIGHBOURS = 12
_MOST_NEIGHBOUR_LOGS = 4
_LOG_LINES = 20_000
_TELLING = ("lambda.errors", "lambda.duration_p50", "lambda.duration_p99", "lambda.duration_max")


class Question(Model):
    """One question; at most one ledger entry per key and investigation.

    Attributes:
        resource: What it is about.
    """

    key: str
    title: str
    resource: Resource
    request: EvidenceRequest


def next_questions(incident: Incident, ledger: Sequence[Evidence]) -> list[Question]:
    """All questions that can be asked on what the ledger holds, answered ones included."""
    asked = _about(incident.resource, incident)
    topology = _topology(ledger)
    if topology is None:
        return asked
    near = _neighbours(incident.resource, topology)
    around = [question for resource in near for question in _first_look(resource)]
    asked += around
    answered = {item.task.partition("/")[2] for item in ledger}
    if not all(question.key in answered for question in around):
        return asked
    suspects = _standing_out(near, ledger)
    asked += [_logs(resource, incident) for resource in suspects[:_MOST_NEIGHBOUR_LOGS]]
    asked.append(_changes((incident.resource, *suspects), "near"))
    others = tuple(resource for resource in near if resource not in suspects)
    if others and _nothing_changed(ledger):
        asked.append(_changes(others, "around"))
    return asked


def _first_look(resource: Resource) -> list[Question]:
    configuration = resource.kind is ResourceKind.FUNCTION
    return [*_metrics(resource), *([_configuration(resource)] if configuration else [])]


def _about(resource: Resource, incident: Incident) -> list[Question]:
    questions = [
        Question(
            key=f"topology:{resource.arn}",
            title=f"Callers and callees of {resource.name}",
            resource=resource,
            request=TopologyRequest(resource=resource),
        ),
        *_metrics(resource),
        Question(
            key=f"alarms:{resource.arn}",
            title=f"Alarms on {resource.name}",
            resource=resource,
            request=AlarmsRequest(resource=resource),
        ),
    ]
    if resource.kind is ResourceKind.FUNCTION:
        questions += [_configuration(resource), _logs(resource, incident)]
    return questions


def _metrics(resource: Resource) -> list[Question]:
    return [
        Question(
            key=f"metric:{signal.name}:{resource.arn}",
            title=f"{signal.title} of {resource.name}",
            resource=resource,
            request=MetricRequest(metric=query_of(signal, resource)),
        )
        for signal in signals_of(resource)
    ]


def _configuration(resource: Resource) -> Question:
    return Question(
        key=f"configuration:{resource.arn}",
        title=f"Configuration of {resource.name}",
        resource=resource,
        request=ConfigurationRequest(resource=resource),
    )


def _logs(resource: Resource, incident: Incident) -> Question:
    group = f"/aws/lambda/{resource.name}"
    length = min(incident.window.length, incident.baseline.length)
    before = Window(start=incident.baseline.end - length, end=incident.baseline.end)
    return Question(
        key=f"logs:{resource.arn}",
        title=f"Log of {resource.name}, now and before",
        resource=resource,
        request=LogRequest(
            incident=LogQuery(log_group=group, window=incident.window, limit=_LOG_LINES),
            baseline=LogQuery(log_group=group, window=before, limit=_LOG_LINES),
        ),
    )


def _changes(resources: tuple[Resource, ...], reach: str) -> Question:
    names = ", ".join(resource.name for resource in resources)
    return Question(
        key=f"changes:{reach}:{resources[0].arn}",
        title=f"Changes of {names}",
        resource=resources[0],
        request=ChangesRequest(resources=resources),
    )


def _nothing_changed(ledger: Sequence[Evidence]) -> bool:
    """Whether the changes of the suspects were read, and there were none."""
    read = [item.detail for item in ledger if isinstance(item.request, ChangesRequest)]
    return bool(read) and not any(isinstance(one, ChangesDetail) and one.changes for one in read)


def _topology(ledger: Sequence[Evidence]) -> Topology | None:
    """The topology as read; an empty one when reading it failed; None when it was not tried yet."""
    for item in ledger:
        if isinstance(item.request, TopologyRequest):
            return item.detail.topology if isinstance(item.detail, TopologyDetail) else Topology()
    return None


def _neighbours(resource: Resource, topology: Topology) -> tuple[Resource, ...]:
    callees = [edge.callee for edge in topology.callees(resource)]
    deeper = [edge.callee for callee in callees for edge in topology.callees(callee)]
    callers = [edge.caller for edge in topology.callers(resource)]
    ordered = dict.fromkeys([*callees, *callers, *deeper])
    known = [item for item in ordered if item != resource and signals_of(item)]
    return tuple(known[:_MOST_NEIGHBOURS])


def _standing_out(near: Sequence[Resource], ledger: Sequence[Evidence]) -> list[Resource]:
    """Functions among the neighbours whose metrics are anomalous, the most so first."""
    effect: dict[Resource, float] = {}
    for item in ledger:
        detail = item.detail
        if isinstance(detail, MetricDetail) and detail.anomalous and detail.signal in _TELLING:
            effect[item.resource] = max(effect.get(item.resource, 0.0), abs(detail.effect_size))
    functions = [item for item in near if item.kind is ResourceKind.FUNCTION and item in effect]
    return sorted(functions, key=lambda item: -effect[item])
