"""How one build of a function's code behaves."""

from __future__ import annotations

from dataclasses import dataclass

from opspilot.embedded.fleet.steps import Step


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
        cold_chance: Share of invocations in steady traffic that find no warm container.
        init_failure: Why initialisation fails, for every invocation; None when it succeeds.
        exit_rate: Share of invocations in which the runtime process ends.
        exit_reason: What Lambda then says, such as "exit status 1".
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
    cold_chance: float = 0.006
    init_failure: Failure | None = None
    exit_rate: float = 0.0
    exit_reason: str = "exit status 1"
