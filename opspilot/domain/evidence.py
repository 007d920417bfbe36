"""The evidence ledger: what was read, by which query, and what it shows."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from opspilot.domain.alarm import Alarm
from opspilot.domain.change import Change
from opspilot.domain.model import Instant, Json, Model, Record
from opspilot.domain.resource import Resource
from opspilot.domain.telemetry import CallUsage, LogQuery, MetricKind, MetricQuery
from opspilot.domain.window import Window
from opspilot.domain.workload import FunctionConfiguration, Topology


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
    """Rerun: `Workloads.describe(resource)`."""

    source: Literal["configuration"] = "configuration"
    resource: Resource


class TopologyRequest(Model):
    """Rerun: `Workloads.topology(resource)`."""

    source: Literal["topology"] = "topology"
    resource: Resource


class ChangesRequest(Model):
    """Rerun: `Changes.changes(resources, window)`."""

    source: Literal["changes"] = "changes"
    resources: tuple[Resource, ...]


class AlarmsRequest(Model):
    """Rerun: `Alarms.alarms_of(resource)`."""

    source: Literal["alarms"] = "alarms"
    resource: Resource


EvidenceRequest = Annotated[
    MetricRequest
    | LogRequest
    | ConfigurationRequest
    | TopologyRequest
    | ChangesRequest
    | AlarmsRequest,
    Field(discriminator="source"),
]
"""The exact question, complete enough to be asked again."""


class MetricDetail(Model):
    """What one metric shows.

    Attributes:
        signal: Our word for it, "lambda.errors" (see `opspilot.domain.signals`).
        anomalous: The incident window holds an alert of the detector.
        direction: "up", "down", or "none" when nothing stands out.
        baseline_value: Median of the baseline, in the metric's unit; None without data.
        incident_value: Median over the anomalous part (or the whole incident window).
        peak_value: Most extreme value in the incident window.
        onset: First point of the episode; the change happened up to one period before.
        onset_uncertainty_seconds: Half-width of the onset.
        effect_size: Robust standard deviations from the expected value, signed.
        total_baseline: Sum over the baseline window (counts only).
        total_incident: Sum over the incident window (counts only).
        points: Datapoints in the incident window; 0 is "no data", a value of its own.
    """

    kind: Literal["metric"] = "metric"
    signal: str
    statistic: str
    unit: str
    metric_kind: MetricKind
    anomalous: bool
    direction: Literal["up", "down", "none"]
    baseline_value: float | None = None
    incident_value: float | None = None
    peak_value: float | None = None
    peak_at: Instant | None = None
    onset: Instant | None = None
    onset_uncertainty_seconds: float | None = None
    effect_size: float = 0.0
    total_baseline: float | None = None
    total_incident: float | None = None
    points: int = 0


class PatternChangeDetail(Model):
    """A log pattern that is new, gone, or changed in rate.

    Attributes:
        examples: Redacted lines.
    """

    pattern: str
    change: Literal["new", "gone", "up", "down"]
    baseline_count: int
    incident_count: int
    p_value: float
    examples: tuple[str, ...] = ()
    first_seen: Instant | None = None


class LogDetail(Model):
    """What a function's log shows, incident against baseline.

    Attributes:
        invocations: REPORT lines in the incident window.
        timeouts: "Task timed out" lines; `timeout_seconds` is the limit they name.
        first_timeout: Account time of the first one.
        out_of_memory: Invocations killed for memory; `out_of_memory_baseline` in the baseline.
        errors: Error type to count; `errors_baseline` in the baseline.
        versions: Version to time of its first START line in the searched windows.
        billed_ms: Billed by the incident window's REPORT lines.
        init_max_ms: Its longest cold start.
        stacks: Error type and fingerprint of its stack to count, in the incident window.
    """

    kind: Literal["logs"] = "logs"
    lines_baseline: int
    lines_incident: int
    invocations: int = 0
    timeouts: int = 0
    timeouts_baseline: int = 0
    timeout_seconds: float | None = None
    first_timeout: Instant | None = None
    out_of_memory: int = 0
    out_of_memory_baseline: int = 0
    errors: dict[str, int] = {}
    errors_baseline: dict[str, int] = {}
    duration_p50_ms: float | None = None
    duration_max_ms: float | None = None
    memory_size_mb: int | None = None
    memory_used_max_mb: int | None = None
    cold_starts: int = 0
    versions: dict[str, Instant] = {}
    billed_ms: float = 0.0
    init_max_ms: float | None = None
    stacks: dict[str, int] = {}
    patterns: tuple[PatternChangeDetail, ...] = ()


class ConfigurationDetail(Model):
    """A function as configured when it was read; environment values redacted."""

    kind: Literal["configuration"] = "configuration"
    function: FunctionConfiguration


class TopologyDetail(Model):
    """Who calls whom around the resource."""

    kind: Literal["topology"] = "topology"
    topology: Topology


class ChangesDetail(Model):
    """What changed, and until when the feed is whole."""

    kind: Literal["changes"] = "changes"
    changes: tuple[Change, ...]
    complete_until: Instant


class AlarmsDetail(Model):
    """The alarms on a resource and their states."""

    kind: Literal["alarms"] = "alarms"
    alarms: tuple[Alarm, ...]


class GapReason(StrEnum):
    """Why something could not be read."""

    DENIED = "denied"
    THROTTLED = "throttled"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"
    BUDGET = "budget"


class GapDetail(Model):
    """A gap is a finding too: what was asked, and why there is no answer.

    Attributes:
        iam_action: With "denied": the action the identity lacks.
    """

    kind: Literal["gap"] = "gap"
    reason: GapReason
    message: str
    iam_action: str = ""


EvidenceDetail = Annotated[
    MetricDetail
    | LogDetail
    | ConfigurationDetail
    | TopologyDetail
    | ChangesDetail
    | AlarmsDetail
    | GapDetail,
    Field(discriminator="kind"),
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
