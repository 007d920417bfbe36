"""What a simulated chunk consists of: arrays of invocations, requests, table calls and messages."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from opspilot.embedded.configuration import VersionConfig
from opspilot.embedded.fleet import Build, Failure
from opspilot.embedded.simulator.traffic import Floats, Ints

Codes = npt.NDArray[np.int16]

OK, TIMED_OUT, KILLED, FAILED = 0, 1, 2, 3
"""Outcome of an invocation; FAILED + k means the batch's failure number k."""

EXITED = "Runtime.ExitError"
"""Type of the failure in which the runtime process ends."""

ANSWERED, ERRED, THROTTLED, ABSENT = 0, 1, 2, 3
"""What a caller sees of an invocation."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """The version of a function that an invocation meets.

    Attributes:
        resource: What the caller named: `name` or `name:qualifier`.
        since: Account time from which callers meet this version; containers are new after it.
    """

    function: str
    resource: str
    version: VersionConfig
    build: Build
    reserved: int | None
    since: float


@dataclass(frozen=True, slots=True)
class CallBatch:
    """Invocations of one runtime from one place in the call graph; all arrays have one entry each.

    Attributes:
        path: Place in the call graph, the same for every configuration.
        row: Which request of the chunk's route it belongs to.
        start: When the invocation arrived; it begins after its cold start, if any.
        bounds: Step boundaries, NaN where not reached; only in detailed walks.
        used_mb: Peak memory; only in detailed walks.
    """

    runtime: Runtime
    path: str
    row: Ints
    start: Floats
    begin: Floats
    end: Floats
    code: Codes
    failures: tuple[Failure, ...]
    bounds: tuple[Floats, ...] = ()
    used_mb: Floats | None = None

    @property
    def duration_ms(self) -> Floats:
        """Duration as Lambda reports it: without the cold start."""
        return (self.end - self.begin) * 1000.0


@dataclass(frozen=True, slots=True)
class ThrottleBatch:
    """Invocations that were refused for want of concurrency."""

    resource: str
    time: Floats


@dataclass(frozen=True, slots=True)
class ApiBatch:
    """Requests of one route: arrival, answer, latency and HTTP status.

    Attributes:
        integration_ms: Time that the function behind the API took; NaN where none was called.
    """

    method: str
    path: str
    time: Floats
    end: Floats
    latency_ms: Floats
    status: Ints
    integration_ms: Floats


@dataclass(frozen=True, slots=True)
class TableBatch:
    """Requests that one table admitted, at the time of their answer.

    Attributes:
        index: The index that was read.
        unmet: Requests whose condition did not hold; None where there was no condition.
    """

    table: str
    operation: str
    time: Floats
    latency_ms: Floats
    units: float
    index: str | None = None
    unmet: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class RefusalBatch:
    """Attempts that a table ("table") or one of its indexes refused for want of capacity."""

    table: str
    target: str
    direction: str
    time: Floats


@dataclass(frozen=True, slots=True)
class CapacityLevel:
    """Capacity that autoscaling set, from a time on."""

    table: str
    target: str
    direction: str
    since: float
    units: float


@dataclass(frozen=True, slots=True)
class QueueBatch:
    """Messages of one queue.

    Attributes:
        sent: When each message came in.
        received: When each reception happened, repeated ones included.
        held: Until when the message of each reception was invisible.
        gone: When each message left: deleted after success, or moved to the dead-letter queue.
        dead: Whether it was moved.
    """

    queue: str
    sent: Floats
    received: Floats
    held: Floats
    gone: Floats
    dead: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """Records of one stream, and the batches of them that one function was invoked with.

    Attributes:
        arrived: When each record came in.
        invoked: When each invocation happened, repeated ones included; `age_s` of its last record.
        polled: Whether the batch came fresh from the stream, and not from a failed attempt.
    """

    stream: str
    function: str
    arrived: Floats
    invoked: Floats
    age_s: Floats
    polled: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Asynchronous invocations of one function from one place.

    Attributes:
        resource: What the caller named: `name` or `name:qualifier`.
        received: When Lambda queued each event.
        tried: When each attempt was made; `age_s` is the event's age then.
        dropped: When events were given up.
        undelivered: When one given up could not be written to its dead-letter queue.
    """

    function: str
    resource: str
    received: Floats
    tried: Floats
    age_s: Floats
    dropped: Floats
    undelivered: Floats


@dataclass(slots=True)
class ChunkTrace:
    """Everything that happened to the requests which arrived within one chunk.

    `loops`: functions, and when Lambda refused to invoke them once more in a recursive loop.
    """

    chunk: int
    calls: dict[str, list[CallBatch]] = field(
        default_factory=lambda: defaultdict[str, list[CallBatch]](list)
    )
    throttles: dict[str, list[ThrottleBatch]] = field(
        default_factory=lambda: defaultdict[str, list[ThrottleBatch]](list)
    )
    api: list[ApiBatch] = field(default_factory=list[ApiBatch])
    tables: list[TableBatch] = field(default_factory=list[TableBatch])
    refusals: list[RefusalBatch] = field(default_factory=list[RefusalBatch])
    levels: list[CapacityLevel] = field(default_factory=list[CapacityLevel])
    queues: list[QueueBatch] = field(default_factory=list[QueueBatch])
    streams: list[StreamBatch] = field(default_factory=list[StreamBatch])
    busy: dict[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    events: list[EventBatch] = field(default_factory=list[EventBatch])
    loops: list[tuple[str, Floats]] = field(default_factory=list[tuple[str, Floats]])

    def calls_of(self, function: str) -> list[CallBatch]:
        """Batches of one function."""
        found: Mapping[str, list[CallBatch]] = self.calls
        return found.get(function, [])
