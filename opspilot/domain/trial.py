"""A function tried with an event, and how a function does."""

from enum import StrEnum
from typing import Literal

from opspilot.domain.model import Instant, Json, Model
from opspilot.domain.resource import Resource


class TrialMode(StrEnum):
    """How a function is invoked."""

    SYNC = "sync"
    ASYNC = "async"
    DRY_RUN = "dry_run"


TrialOutcome = Literal[
    "succeeded", "function_error", "accepted", "permitted", "not_known", "not_sent"
]
"""`accepted` is all that an asynchronous call tells, `permitted` all that a dry run tells;
`not_known`: the call was sent and no answer came, so the function may have run; `not_sent`: it was
refused before the function ran, and ended the batch."""


class Trial(Model):
    """What came of one invocation.

    Attributes:
        version: The version that ran; empty where Lambda does not say.
        payload: The function's answer, redacted; None without one.
        error_type: With "function_error": as the runtime names it, "Sandbox.Timedout".
        error: Its message; or why nothing is known.
        log: The last lines of the function's log (at most 4 KB), redacted; sync only.
        duration_ms: As Lambda reported it; None where the log does not say.
        cold_start_ms: Of a cold start; None without one.
        wall_ms: From request to answer, seen from here.
        request_ids: Of the call.
    """

    mode: TrialMode
    outcome: TrialOutcome
    version: str = ""
    payload: Json = None
    error_type: str = ""
    error: str = ""
    log: tuple[str, ...] = ()
    duration_ms: float | None = None
    cold_start_ms: float | None = None
    memory_used_mb: int | None = None
    memory_size_mb: int | None = None
    wall_ms: float = 0.0
    request_ids: tuple[str, ...] = ()


Health = Literal["good", "warning", "bad", "unknown"]


class HealthCheck(Model):
    """One thing that was looked at.

    Attributes:
        name: "state", "errors", ...
        finding: One sentence with its numbers.
    """

    name: str
    health: Health
    finding: str


class FunctionHealth(Model):
    """How a function does now.

    Attributes:
        checks: Worst first.
        since: Account time from which metrics count; `until`: of the last datapoint asked for.
    """

    resource: Resource
    health: Health
    checks: tuple[HealthCheck, ...]
    since: Instant
    until: Instant
