"""Queues, streams and tables of a workload at the beginning of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue, its dead-letter queue and the function that consumes it.

    Attributes:
        consumer: `name` or `name:qualifier` of the function behind an event source mapping.
        mapping_id: UUID of that mapping; made from the names when empty.
        batch_size: Messages that one invocation takes at most.
        reports_item_failures: Whether only the failed messages of a batch come back.
    """

    name: str
    consumer: str | None = None
    mapping_id: str = ""
    dead_letter: str | None = None
    max_receives: int = 3
    visibility_timeout_s: float = 60.0
    batch_size: int = 1
    maximum_concurrency: int | None = None
    reports_item_failures: bool = False
    retention_s: float = 4 * 86400.0


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A Kinesis stream and the function that consumes it.

    Attributes:
        maximum_retries: Of a failed batch; -1 tries until the records expire.
        on_failure: Queue that gets the metadata of batches given up.
    """

    name: str
    consumer: str | None = None
    mapping_id: str = ""
    shards: int = 1
    batch_size: int = 100
    window_s: float = 0.0
    bisect_on_error: bool = False
    maximum_retries: int = -1
    reports_item_failures: bool = False
    on_failure: str | None = None
    retention_hours: int = 24


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """A global secondary index; capacities are None where the table is on demand."""

    name: str
    key: str
    read_capacity: int | None = None
    write_capacity: int | None = None


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A DynamoDB table with a string partition key.

    Attributes:
        autoscaling: Target ("table" or an index) with "read" or "write" -> (minimum, maximum,
            target percent), as Application Auto Scaling holds them.
    """

    name: str
    key: str
    billing: Literal["provisioned", "on_demand"] = "on_demand"
    read_capacity: int | None = None
    write_capacity: int | None = None
    indexes: tuple[IndexSpec, ...] = ()
    autoscaling: Mapping[tuple[str, str], tuple[int, int, int]] = field(
        default_factory=dict[tuple[str, str], tuple[int, int, int]]
    )
