"""The questions that an investigation can ask, each with its stable key."""

from collections.abc import Sequence

from opspilot.domain.evidence import (
    AlarmsRequest,
    ChangesRequest,
    ComparisonRequest,
    ConfigurationRequest,
    Evidence,
    EvidenceRequest,
    LimitsRequest,
    LogRequest,
    MetricRequest,
    TopologyRequest,
    TracesRequest,
)
from opspilot.domain.incident import Incident
from opspilot.domain.model import Model
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import Signal, index_signals, query_of, signals_of
from opspilot.domain.telemetry import LogQuery
from opspilot.domain.window import Window

_LOG_LINES = 20_000
DESCRIBED = frozenset(
    {ResourceKind.FUNCTION, ResourceKind.TABLE, ResourceKind.QUEUE, ResourceKind.STREAM}
)
"""Kinds whose configuration is read."""


class Question(Model):
    """One question; at most one ledger entry per key and investigation.

    Attributes:
        resource: What it is about.
        why: What its answer may refute; empty for what every investigation asks.
    """

    key: str
    title: str
    resource: Resource
    request: EvidenceRequest
    why: str = ""


def topology_of(resource: Resource) -> Question:
    """Who calls it, and whom it calls."""
    return Question(
        key=f"topology:{resource.arn}",
        title=f"Callers and callees of {resource.name}",
        resource=resource,
        request=TopologyRequest(resource=resource),
    )


def traces_of(resource: Resource) -> Question:
    """Which calls around it were traced."""
    return Question(
        key=f"traces:{resource.arn}",
        title=f"Traced calls around {resource.name}",
        resource=resource,
        request=TracesRequest(resource=resource),
    )


def alarms_of(resource: Resource) -> Question:
    """Its alarms and how they moved."""
    return Question(
        key=f"alarms:{resource.arn}",
        title=f"Alarms on {resource.name}",
        resource=resource,
        request=AlarmsRequest(resource=resource),
    )


def metrics_of(resource: Resource, indexes: Sequence[str] = ()) -> list[Question]:
    """Each signal of its kind; of a table's indexes as well, once they are known."""
    signals = [*signals_of(resource), *(one for name in indexes for one in index_signals(name))]
    return [_metric(signal, resource) for signal in signals]


def _metric(signal: Signal, resource: Resource) -> Question:
    return Question(
        key=f"metric:{signal.name}:{resource.arn}",
        title=f"{signal.title} of {resource.name}",
        resource=resource,
        request=MetricRequest(metric=query_of(signal, resource)),
    )


def configuration_of(resource: Resource) -> Question:
    """How it is set up now."""
    return Question(
        key=f"configuration:{resource.arn}",
        title=f"Configuration of {resource.name}",
        resource=resource,
        request=ConfigurationRequest(resource=resource),
    )


def limits_of(account: Resource) -> Question:
    """What the functions of the account share."""
    return Question(
        key=f"limits:{account.arn}",
        title="Limits of the account",
        resource=account,
        request=LimitsRequest(resource=account),
    )


def logs_of(resource: Resource, incident: Incident) -> Question:
    """A function's log in the incident window, and in as long a part of the baseline."""
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


def changes_of(resources: tuple[Resource, ...], reach: str) -> Question:
    """What changed of these; `reach` tells questions of several extents apart."""
    names = ", ".join(resource.name for resource in resources)
    return Question(
        key=f"changes:{reach}:{resources[0].arn}",
        title=f"Changes of {names}",
        resource=resources[0],
        request=ChangesRequest(resources=resources),
    )


def comparison_of(resource: Resource, earlier: Evidence) -> Question:
    """How its configuration differs from what an earlier entry of a ledger tells."""
    return Question(
        key=f"comparison:{resource.arn}",
        title=f"Configuration of {resource.name} against {earlier.incident_id} {earlier.id}",
        resource=resource,
        request=ComparisonRequest(
            resource=resource, incident_id=earlier.incident_id, evidence_id=earlier.id
        ),
    )
