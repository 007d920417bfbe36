"""Configuration of tables, queues, streams and of the mappings that feed functions from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """A global secondary index; capacities are None where the table is on demand."""

    name: str
    key: str
    read_capacity: int | None = None
    write_capacity: int | None = None


@dataclass(frozen=True, slots=True)
class TableConfig:
    """A table.

    Attributes:
        autoscaling: (target, "read" or "write") -> minimum, maximum, target percent.
        updating_until: Account time at which the last update has settled.
        increased_at: Last increase of capacity; `decreased_at` likewise.
    """

    name: str
    key: str
    billing: Literal["provisioned", "on_demand"] = "on_demand"
    read_capacity: int | None = None
    write_capacity: int | None = None
    indexes: Mapping[str, IndexConfig] = field(default_factory=dict[str, IndexConfig])
    autoscaling: Mapping[tuple[str, str], tuple[int, int, int]] = field(
        default_factory=dict[tuple[str, str], tuple[int, int, int]]
    )
    updating_until: float = 0.0
    increased_at: float | None = None
    decreased_at: float | None = None


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """A queue; `max_receives` counts only where there is a dead-letter queue."""

    name: str
    visibility_timeout_s: float = 30.0
    max_receives: int = 3
    dead_letter: str | None = None
    retention_s: float = 4 * 86400.0
    modified: float = 0.0


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """A Kinesis stream."""

    name: str
    shards: int = 1
    retention_hours: int = 24


@dataclass(frozen=True, slots=True)
class MappingConfig:
    """An event source mapping.

    Attributes:
        kind: What the source is.
        source: Name of the queue or stream.
        target: Function, `name` or `name:qualifier`.
        maximum_retries: Of a failed batch of records; -1 is without end.
        on_failure: Queue that gets the metadata of batches given up.
    """

    id: str
    kind: Literal["queue", "stream"]
    source: str
    target: str
    modified: float
    enabled: bool = True
    batch_size: int = 1
    window_s: float = 0.0
    maximum_concurrency: int | None = None
    bisect_on_error: bool = False
    maximum_retries: int = -1
    reports_item_failures: bool = False
    on_failure: str | None = None
