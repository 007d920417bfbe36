"""What the answers in the evidence ledger show, source by source."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from opspilot.domain.alarm import Alarm, AlarmTransition
from opspilot.domain.change import Change
from opspilot.domain.model import Instant, Model
from opspilot.domain.telemetry import MetricKind
from opspilot.domain.traces import OutsideCall, SeenCall
from opspilot.domain.workload import (
    AccountLimits,
    FunctionConfiguration,
    QueueConfiguration,
    StreamConfiguration,
    TableConfiguration,
    Topology,
)


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


class Denial(Model):
    """Calls that AWS refused for want of a permission, as a log tells of them.

    Attributes:
        principal: ARN of who asked; empty where the text does not say.
        action: "dynamodb:PutItem"; empty where the text does not say.
        resource: As the text names it, an ARN mostly; empty where it does not.
        count: In the incident window; `before`: in the baseline.
        first_seen: In the incident window.
    """

    principal: str = ""
    action: str = ""
    resource: str = ""
    count: int = 0
    before: int = 0
    first_seen: Instant | None = None


class LogDetail(Model):
    """What a function's log shows, incident against baseline.

    Attributes:
        invocations: REPORT lines in the incident window.
        timeouts: "Task timed out" lines; `timeout_seconds` is the limit they name.
        first_timeout: Account time of the first one.
        out_of_memory: Invocations killed for memory; `out_of_memory_baseline` in the baseline.
        errors: Error type to count; `errors_baseline` in the baseline.
        cold_starts: Invocations that initialised first; of the baseline None where an older entry
            did not count them.
        versions: Version to time of its first START line in the searched windows.
        billed_ms: Billed by the incident window's REPORT lines.
        init_max_ms: Its longest cold start.
        stacks: Error type and fingerprint of its stack to count, in the incident window.
        init_failures: Environments that could not be initialised: imports, handlers, time.
        exits: Runtimes that ended of themselves, memory kills not counted.
        denied: Calls that were refused for want of a permission, most frequent first.
        throttle_errors: Error code ("ThrottlingException") to lines that name it.
        conditional_failures: Lines about a conditional write that was refused.
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
    cold_starts_baseline: int | None = None
    versions: dict[str, Instant] = {}
    billed_ms: float = 0.0
    init_max_ms: float | None = None
    stacks: dict[str, int] = {}
    init_failures: int = 0
    init_failures_baseline: int = 0
    exits: int = 0
    exits_baseline: int = 0
    denied: tuple[Denial, ...] = ()
    throttle_errors: dict[str, int] = {}
    throttle_errors_baseline: dict[str, int] = {}
    conditional_failures: int = 0
    conditional_failures_baseline: int = 0
    patterns: tuple[PatternChangeDetail, ...] = ()


class ConfigurationDetail(Model):
    """A function as configured when it was read; environment values redacted."""

    kind: Literal["configuration"] = "configuration"
    function: FunctionConfiguration


class TableDetail(Model):
    """A table as configured when it was read."""

    kind: Literal["table"] = "table"
    table: TableConfiguration


class QueueDetail(Model):
    """A queue as configured when it was read."""

    kind: Literal["queue"] = "queue"
    queue: QueueConfiguration


class StreamDetail(Model):
    """A stream as configured when it was read."""

    kind: Literal["stream"] = "stream"
    stream: StreamConfiguration


class LimitsDetail(Model):
    """What the account's functions share, as it was read."""

    kind: Literal["limits"] = "limits"
    limits: AccountLimits


class TopologyDetail(Model):
    """Who calls whom around the resource."""

    kind: Literal["topology"] = "topology"
    topology: Topology


class TracesDetail(Model):
    """Calls around the resource that X-Ray saw, and those that led out of the account."""

    kind: Literal["traces"] = "traces"
    calls: tuple[SeenCall, ...]
    outside: tuple[OutsideCall, ...] = ()


class ChangesDetail(Model):
    """What changed, and until when the feed is whole."""

    kind: Literal["changes"] = "changes"
    changes: tuple[Change, ...]
    complete_until: Instant


class AlarmsDetail(Model):
    """The alarms on a resource, their states, and how these moved.

    Attributes:
        history: Transitions since the baseline began, oldest first.
    """

    kind: Literal["alarms"] = "alarms"
    alarms: tuple[Alarm, ...]
    history: tuple[AlarmTransition, ...] = ()


class GapReason(StrEnum):
    """Why something could not be read."""

    DENIED = "denied"
    THROTTLED = "throttled"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    UNSUPPORTED = "unsupported"
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
    | TableDetail
    | QueueDetail
    | StreamDetail
    | LimitsDetail
    | TopologyDetail
    | TracesDetail
    | ChangesDetail
    | AlarmsDetail
    | GapDetail,
    Field(discriminator="kind"),
]
