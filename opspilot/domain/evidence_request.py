"""The questions of the evidence ledger, complete enough to be asked again."""

from typing import Annotated, Literal

from pydantic import Field

from opspilot.domain.model import Model
from opspilot.domain.resource import Resource
from opspilot.domain.telemetry import LogQuery, MetricQuery


class MetricRequest(Model):
    """Rerun: `Metrics.fetch([metric], window)`."""

    source: Literal["metrics"] = "metrics"
    metric: MetricQuery


class LogRequest(Model):
    """Rerun: `Logs.search` for the incident window and for the baseline."""

    source: Literal["logs"] = "logs"
    incident: LogQuery
    baseline: LogQuery


class ConfigurationRequest(Model):
    """Rerun: `Workloads.describe(resource)`: of a function, table, queue or stream."""

    source: Literal["configuration"] = "configuration"
    resource: Resource


class ComparisonRequest(Model):
    """Rerun: `Workloads.describe(resource)`, held against what an earlier ledger entry tells.

    Attributes:
        incident_id: Whose ledger; `evidence_id` names the entry in it.
    """

    source: Literal["comparison"] = "comparison"
    resource: Resource
    incident_id: str
    evidence_id: str


class LimitsRequest(Model):
    """Rerun: `Workloads.describe(resource)` of the account."""

    source: Literal["limits"] = "limits"
    resource: Resource


class TopologyRequest(Model):
    """Rerun: `Workloads.topology(resource)`."""

    source: Literal["topology"] = "topology"
    resource: Resource


class TracesRequest(Model):
    """Rerun: `Traces.service_graph(window)`, and of it what lies around the resource."""

    source: Literal["traces"] = "traces"
    resource: Resource


class ChangesRequest(Model):
    """Rerun: `Changes.changes(resources, window)`."""

    source: Literal["changes"] = "changes"
    resources: tuple[Resource, ...]


class AlarmsRequest(Model):
    """Rerun: `Alarms.alarms_of(resource)`, and of `Alarms.transitions` those that are theirs."""

    source: Literal["alarms"] = "alarms"
    resource: Resource


EvidenceRequest = Annotated[
    MetricRequest
    | LogRequest
    | ConfigurationRequest
    | LimitsRequest
    | ComparisonRequest
    | TopologyRequest
    | TracesRequest
    | ChangesRequest
    | AlarmsRequest,
    Field(discriminator="source"),
]
"""The exact question, complete enough to be asked again."""
