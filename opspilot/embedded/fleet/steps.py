"""What an invocation does: the steps of a build, in the order in which the code takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Work:
    """Own work of the function: `share` of the build's `work_ms`."""

    share: float


@dataclass(frozen=True, slots=True)
class Invoke:
    """An invocation of the function that the environment `variable` names.

    Attributes:
        required: Whether the caller fails when the callee does.
        retries: How often the caller tries again at once, after a failure or a throttle.
        mode: `wait` for the answer, or `event`: Lambda queues the event and answers 202.
    """

    variable: str
    required: bool = True
    retries: int = 0
    mode: Literal["wait", "event"] = "wait"


@dataclass(frozen=True, slots=True)
class TableCall:
    """One request to the DynamoDB table that the environment `variable` names.

    Attributes:
        units: Capacity units that it consumes.
        index: Global secondary index that a Query or Scan reads.
        conditional_share: Share of the requests whose condition fails, which the code survives.
        retries: How often the code tries a failed condition again.
    """

    variable: str
    operation: Literal["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"]
    units: float = 1.0
    latency_ms: float = 6.0
    index: str | None = None
    conditional_share: float = 0.0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Send:
    """One message to the queue whose URL the environment `variable` holds.

    Attributes:
        share: Share of the invocations that send one.
    """

    variable: str
    latency_ms: float = 7.0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Put:
    """One record to the Kinesis stream that the environment `variable` names."""

    variable: str
    latency_ms: float = 9.0
    kilobytes: float = 1.0


@dataclass(frozen=True, slots=True)
class CallService:
    """A request to a service outside the account.

    Attributes:
        host: Name of the environment variable that holds the host, or the host itself.
        latency_ms: Median of a healthy answer.
        required: Whether the invocation fails when the service does.
        timeout_s: When the code stops waiting; None leaves it to the function's own timeout.
        retries: How often the code tries again at once.
    """

    host: str
    latency_ms: float = 45.0
    required: bool = True
    timeout_s: float | None = None
    retries: int = 0


Step = Work | Invoke | TableCall | Send | Put | CallService
