"""The parts of a workload at the beginning of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opspilot.embedded.fleet.build import Build
from opspilot.embedded.fleet.stores import QueueSpec, StreamSpec, TableSpec

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function at the beginning of its history.

    Attributes:
        environment: Variables; `{region}`, `{account}` and `{url}` are filled in.
        public_version: Number of the version that existed when history begins.
        aliases: Alias name to version.
        log_format: How application lines look.
        role: Name of the execution role; the function's own name with `-role` when empty.
        reserved: Reserved concurrency.
        async_dead_letter: Queue that gets events whose asynchronous invocation failed for good.
        async_max_retries: Further attempts of an asynchronous invocation, 0 to 2.
        async_max_age_s: Age at which an event that waits is given up.
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
    role: str = ""
    reserved: int | None = None
    async_dead_letter: str | None = None
    async_max_retries: int = 2
    async_max_age_s: float = 6 * 3600.0
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
    """An API in front of functions.

    An HTTP API differs in how it is listed, measured (by id) and changed; its integrations may take
    30 s. It is not traced.
    """

    name: str
    id: str
    stage: str
    routes: tuple[Route, ...]
    integration_timeout_s: float = 29.0
    overhead_ms: float = 12.0
    protocol: Literal["REST", "HTTP"] = "REST"


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
    moment in a fleet's history, `after_s` forward from the moment of injection in a fault.
    """

    kind: str
    params: Mapping[str, object]
    user: str
    age_s: float = 0.0
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """A whole workload.

    Attributes:
        account_concurrency: The account's limit of concurrent executions.
        traced: Whether all functions and the API are traced by X-Ray.
    """

    name: str
    functions: tuple[FunctionSpec, ...]
    builds: Mapping[str, Build]
    api: ApiSpec
    traffic: Traffic
    queues: tuple[QueueSpec, ...] = ()
    tables: tuple[TableSpec, ...] = ()
    streams: tuple[StreamSpec, ...] = ()
    alarms: tuple[AlarmSpec, ...] = ()
    history: tuple[PlannedChange, ...] = ()
    users: tuple[str, ...] = ()
    history_days: int = 21
    log_retention_days: int = 7
    account_concurrency: int = 1000
    traced: bool = False

    def function(self, name: str) -> FunctionSpec:
        """The function of that name; KeyError when there is none."""
        for spec in self.functions:
            if spec.name == name:
                return spec
        raise KeyError(name)
