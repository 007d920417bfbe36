"""CloudWatch statistics: their names, and their values over buckets of samples.

Percentiles interpolate linearly between samples; trimmed means drop whole samples beyond the
bounds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from opspilot.embedded.simulator.traffic import Floats, Ints

SIMPLE = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
_SHORT = re.compile(r"(p|tm|wm|ts|tc)(\d{1,3}(?:\.\d+)?)$")
_RANGE = re.compile(r"(TM|WM|TS|TC)\((\d{0,3}(?:\.\d+)?)%?:(\d{0,3}(?:\.\d+)?)%?\)$")

Kind = Literal["simple", "p", "tm", "wm", "ts", "tc"]


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic; `low` and `high` are percentiles, used by all but the simple ones."""

    name: str
    kind: Kind
    low: float = 0.0
    high: float = 100.0

    @property
    def needs_samples(self) -> bool:
        """Whether single samples are needed, not only count, sum, minimum and maximum."""
        return self.kind != "simple"


def parse_statistic(text: str) -> Statistic | None:
    """The statistic of that name; None when there is none."""
    if text in SIMPLE:
        return Statistic(text, "simple")
    if text == "IQM":
        return Statistic(text, "tm", 25.0, 75.0)
    if match := _SHORT.match(text):
        return _bounded(text, match[1], 0.0, float(match[2]))
    if match := _RANGE.match(text):
        return _bounded(text, match[1].lower(), float(match[2] or 0), float(match[3] or 100))
    return None


def _bounded(text: str, kind: str, low: float, high: float) -> Statistic | None:
    if not 0.0 <= low < high <= 100.0 or kind not in ("p", "tm", "wm", "ts", "tc"):
        return None
    return Statistic(text, kind, low, high)


def of_samples(statistic: Statistic, samples: Floats) -> float:
    """The statistic of one bucket's samples, of which there is at least one."""
    if statistic.kind == "p":
        return float(np.percentile(samples, statistic.high))
    low, high = np.percentile(samples, [statistic.low, statistic.high])
    if statistic.kind == "wm":
        return float(np.clip(samples, low, high).mean())
    inside = samples[(samples >= low) & (samples <= high)]
    if statistic.kind == "tc":
        return float(inside.size)
    return float(inside.sum() if statistic.kind == "ts" else inside.mean())


def of_buckets(statistic: Statistic, bucket: Ints, samples: Floats) -> tuple[Ints, Floats]:
    """The statistic of each bucket: (bucket numbers that have samples, values)."""
    order = np.lexsort((samples, bucket))
    bucket, samples = bucket[order], samples[order]
    present, first, size = np.unique(bucket, return_index=True, return_counts=True)
    if statistic.kind == "p":
        return present, _percentiles(samples, first, size, statistic.high)
    parts = [samples[f : f + n] for f, n in zip(first, size, strict=True)]
    return present, np.array([of_samples(statistic, part) for part in parts])


def _percentiles(ordered: Floats, first: Ints, size: Ints, percent: float) -> Floats:
    """Linear interpolation inside each run of ordered samples, all runs at once."""
    rank = (size - 1) * (percent / 100.0)
    below = np.floor(rank).astype(np.int64)
    above = np.minimum(below + 1, size - 1)
    low, high = ordered[first + below], ordered[first + above]
    return low + (high - low) * (rank - below)
