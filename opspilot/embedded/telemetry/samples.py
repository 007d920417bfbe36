"""From traces to metric samples: which invocations count towards which metric, and when.

Timestamps follow AWS: an invocation counts in the minute in which it arrived, but its samples are
published only after it has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from opspilot.embedded.simulator.traffic import CHUNK_S, Floats

Dimensions = tuple[tuple[str, str], ...]
CHUNK_MINUTES = CHUNK_S // 60


@dataclass(frozen=True, slots=True, order=True)
class MetricId:
    """A metric: namespace, name and exact dimension set (sorted pairs)."""

    namespace: str
    name: str
    dimensions: Dimensions

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricId:
        """The metric with these dimensions in any order."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of a metric: `time` decides the bucket, `visible` when they can be published."""

    time: Floats
    visible: Floats
    value: Floats


EMPTY = Samples(np.empty(0), np.empty(0), np.empty(0))


def join(parts: Iterable[Samples]) -> Samples:
    """All samples in one."""
    kept = list(parts)
    if not kept:
        return EMPTY
    if len(kept) == 1:
        return kept[0]
    return Samples(
        np.concatenate([p.time for p in kept]),
        np.concatenate([p.visible for p in kept]),
        np.concatenate([p.value for p in kept]),
    )


def ones(time: Floats) -> Floats:
    """A one for each time."""
    return np.ones(time.size)
