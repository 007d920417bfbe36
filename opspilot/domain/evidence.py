"""The evidence ledger: what was read, by which query, and what it shows."""

from typing import Literal

from opspilot.domain.evidence_detail import (
    AlarmsDetail,
    ChangesDetail,
    ConfigurationDetail,
    Denial,
    EvidenceDetail,
    GapDetail,
    GapReason,
    LimitsDetail,
    LogDetail,
    MetricDetail,
    PatternChangeDetail,
    QueueDetail,
    StreamDetail,
    TableDetail,
    TopologyDetail,
    TracesDetail,
)
from opspilot.domain.evidence_request import (
    AlarmsRequest,
    ChangesRequest,
    ComparisonRequest,
    ConfigurationRequest,
    EvidenceRequest,
    LimitsRequest,
    LogRequest,
    MetricRequest,
    TopologyRequest,
    TracesRequest,
)
from opspilot.domain.model import Instant, Json, Record
from opspilot.domain.resource import Resource
from opspilot.domain.telemetry import CallUsage
from opspilot.domain.window import Window

__all__ = [
    "AlarmsDetail",
    "AlarmsRequest",
    "ChangesDetail",
    "ChangesRequest",
    "ComparisonRequest",
    "ConfigurationDetail",
    "ConfigurationRequest",
    "Denial",
    "Evidence",
    "EvidenceDetail",
    "EvidenceRequest",
    "GapDetail",
    "GapReason",
    "LimitsDetail",
    "LimitsRequest",
    "LogDetail",
    "LogRequest",
    "MetricDetail",
    "MetricRequest",
    "PatternChangeDetail",
    "QueueDetail",
    "StreamDetail",
    "TableDetail",
    "TopologyDetail",
    "TopologyRequest",
    "TracesDetail",
    "TracesRequest",
]


class Evidence(Record):
    """One entry of the ledger; written once, never changed.

    Attributes:
        id: "E1", counted per incident in order of arrival.
        task: Key of the investigation task that asked; one entry per task.
        resource: What it is about.
        finding: One sentence, numbers included, all of them from `detail`.
        data_hash: SHA-256 (hex) of the canonical JSON of `snapshot`, after redaction.
        snapshot: The data itself, redacted; renders after AWS has forgotten.
            metric: {"times": [iso], "values": [..], "lower": [..], "expected": [..], "upper": [..],
            "scores": [..]}, all the same length; logs: {"incident": [[iso, stream, line], ..],
            "baseline": [...]}, a bounded sample; others: the detail's own JSON.
        collected_at: Account time; `collected_wall`: wall time.
    """

    incident_id: str
    id: str
    task: str
    resource: Resource
    finding: str
    request: EvidenceRequest
    window: Window
    detail: EvidenceDetail
    data_hash: str
    snapshot: Json
    status: Literal["complete", "partial", "gap"] = "complete"
    request_ids: tuple[str, ...] = ()
    usage: CallUsage = CallUsage()
    collected_at: Instant
    collected_wall: Instant
