"""What a workload is made of: plain data, read by the simulator and by the AWS handlers.

Nothing here names a particular fleet. A workload is one `Fleet` value; a build of a function's
code is a `Build` whose steps are executed, in order, by every invocation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class Work:
    """Own work of the function: `share` of the build's `work_ms`."""

    share: float


@dataclass(frozen=True, slots=True)
class Invoke:
    """A synchronous invocation of the function that the environment `variable` names."""

    variable: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class TableCall:
    """One request to the DynamoDB table that the environment `variable` names."""

    variable: str
    operation: Literal["GetItem", "PutItem", "UpdateItem", "Query"]
    units: float = 1.0
    latency_ms: float = 6.0


@dataclass(frozen=True, slots=True)
class Send:
    """One message to the queue whose URL the environment `variable` holds."""

    variable: str
    latency_ms: float = 7.0


Step = Work | Invoke | TableCall | Send


@dataclass(frozen=True, slots=True)
class LogLine:
    """An application log line of a build.

    Attributes:
        level: DEBUG, INFO, WARNING or ERROR; DEBUG shows only under LOG_LEVEL=DEBUG.
        text: Message with `{order}`, `{customer}`, `{amount}`, `{items}`, `{number}`, `{elapsed}`.
        step: Index of the step that the line belongs to.
        position: 0 when the step begins, 1 when it has ended.
        chance: Share of invocations that write it.
    """

    level: str
    text: str
    step: int
    position: float = 1.0
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class Failure:
    """An unhandled exception: type, message and the traceback's own frames."""

    type: str
    message: str
    frames: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Build:
    """How one build of a function's code behaves.

    Attributes:
        name: Identity of the build; its CodeSha256 derives from it.
        steps: What an invocation does, in order.
        work_ms: Median of the own work at `reference_memory_mb`, callees not counted.
        work_sigma: Spread of the own work (log-normal).
        cpu_share: Part of the own work that scales with the CPU, and so with memory.
        memory_mb: Median peak memory.
        memory_sigma: Spread of the peak memory (log-normal).
        init_ms: Median of a cold start.
        slow_chance: Share of invocations whose own work takes `slow_factor` times as long.
        failure_rate: Share of invocations that end in `failure`.
        required_variables: Variables without which initialisation raises KeyError.
    """

    name: str
    steps: tuple[Step, ...]
    work_ms: float
    work_sigma: float = 0.25
    cpu_share: float = 0.5
    reference_memory_mb: int = 512
    memory_mb: float = 96.0
    memory_sigma: float = 0.06
    init_ms: float = 320.0
    slow_chance: float = 0.01
    slow_factor: float = 2.2
    failure_rate: float = 0.0
    failure: Failure = Failure("RuntimeError", "unexpected state")
    lines: tuple[LogLine, ...] = ()
    required_variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function at the beginning of its history.

    Attributes:
        environment: Variables; `{region}`, `{account}` and `{url}` are filled in.
        public_version: Number of the version that existed when history begins.
        aliases: Alias name to version.
        log_format: How application lines look.
    """

    name: str
    build: str
    memory_mb: int
    timeout_s: int
    environment: Mapping[str, str]
    handler: str = "app.handler"
    runtime: str = "python3.13"
    description: str = ""
    public_version: int = 1
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    log_format: Literal["json", "text"] = "text"
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Route:
    """A share of the traffic: an API method and the function behind it (`name`, `name:alias`)."""

    method: str
    path: str
    share: float
    target: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests a minute at the API, with daily and weekly rhythm and noise."""

    per_minute: float
    daily_amplitude: float = 0.38
    peak_hour_utc: float = 14.5
    weekend_factor: float = 0.8
    slow_noise: float = 0.05
    minute_noise: float = 0.04
    client_error_rate: float = 0.012


@dataclass(frozen=True, slots=True)
class ApiSpec:
    """A REST API in front of functions."""

    name: str
    id: str
    stage: str
    routes: tuple[Route, ...]
    integration_timeout_s: float = 29.0
    overhead_ms: float = 12.0


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue, its dead-letter queue and the function that consumes it, one message a time."""

    name: str
    consumer: str | None = None
    mapping_id: str = ""
    dead_letter: str | None = None
    max_receives: int = 3
    visibility_timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A DynamoDB table with a string partition key."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class AlarmSpec:
    """A metric alarm that exists since history began."""

    name: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    threshold: float
    comparison: str = "GreaterThanOrEqualToThreshold"
    datapoints: int = 2
    periods: int = 3
    period_s: int = 60
    missing: str = "notBreaching"
    description: str = ""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change of configuration with its age, as a person or a pipeline made it.

    `kind` and `params` are those of `changes.apply`; `age_s` counts back from the world's first
    moment (from the moment of injection in a fault, where negative values never occur).
    """

    kind: str
    params: Mapping[str, object]
    user: str
    age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """A whole workload."""

    name: str
    functions: tuple[FunctionSpec, ...]
    builds: Mapping[str, Build]
    api: ApiSpec
    traffic: Traffic
    queues: tuple[QueueSpec, ...] = ()
    tables: tuple[TableSpec, ...] = ()
    alarms: tuple[AlarmSpec, ...] = ()
    history: tuple[PlannedChange, ...] = ()
    users: tuple[str, ...] = ()
    history_days: int = 21
    log_retention_days: int = 7

    def function(self, name: str) -> FunctionSpec:
        """The function of that name; KeyError when there is none."""
        for spec in self.functions:
            if spec.name == name:
                return spec
        raise KeyError(name)
