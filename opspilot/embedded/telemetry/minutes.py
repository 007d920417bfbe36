"""Samples of one chunk condensed to minutes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opspilot.embedded.simulator.traffic import CHUNK_S, SPILL_S, Bools, Floats
from opspilot.embedded.telemetry.samples import Samples

CHUNK_MINUTES = CHUNK_S // 60
BLOCK_MINUTES = CHUNK_MINUTES + SPILL_S // 60
"""Minutes in which the requests of one chunk can leave samples."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """Count, sum, minimum and maximum by minute; minimum and maximum are NaN where count is 0."""

    count: Floats
    total: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Values:
    """Samples of a settled chunk: minute within the chunk and value."""

    minute: npt.NDArray[np.int16]
    value: Floats


def values_by_minute(samples: Samples, chunk: int) -> Values:
    """Every sample with its minute."""
    minute = samples.time // 60 - chunk * CHUNK_MINUTES
    return Values(minute.astype(np.int16), samples.value)


def without_tail(values: Minutes, surplus: int) -> Minutes:
    """The same with nothing in the last `surplus` minutes."""
    keep = values.count.size - surplus
    count, total = values.count.copy(), values.total.copy()
    low, high = values.low.copy(), values.high.copy()
    count[keep:] = total[keep:] = 0.0
    low[keep:] = high[keep:] = np.nan
    return Minutes(count, total, low, high)


def by_minute(samples: Samples, shown: Bools, start: float) -> Minutes:
    """The shown samples of a chunk that begins at `start`, summed up by minute."""
    minute = ((samples.time[shown] - start) // 60).astype(np.int64)
    value = samples.value[shown]
    inside = (minute >= 0) & (minute < BLOCK_MINUTES)
    minute, value = minute[inside], value[inside]
    count = np.bincount(minute, minlength=BLOCK_MINUTES).astype(np.float64)
    total = np.bincount(minute, weights=value, minlength=BLOCK_MINUTES).astype(np.float64)
    low, high = np.full(BLOCK_MINUTES, np.inf), np.full(BLOCK_MINUTES, -np.inf)
    np.minimum.at(low, minute, value)
    np.maximum.at(high, minute, value)
    low[count == 0] = high[count == 0] = np.nan
    return Minutes(count, total, low, high)
