"""Metrics of the account: what exists, and its values by minute as an observer sees them at a time.

Publication: a sample is published `PUBLISH_DELAY_S` account seconds after what it counts has
ended. So the newest bucket is partial for a while, as on AWS, and grows until its last invocation
has been told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from opspilot.embedded.simulator.chunks import Simulation, chunk_end
from opspilot.embedded.simulator.reach import Parts
from opspilot.embedded.simulator.traffic import CHUNK_S, SPILL_S, Floats, Ints
from opspilot.embedded.telemetry.catalogue import catalogue
from opspilot.embedded.telemetry.extraction import Extraction
from opspilot.embedded.telemetry.minutes import (
    BLOCK_MINUTES,
    CHUNK_MINUTES,
    Minutes,
    Values,
    by_minute,
    values_by_minute,
    without_tail,
)
from opspilot.embedded.telemetry.samples import EMPTY, MetricId, Samples
from opspilot.embedded.telemetry.statistic import Statistic, of_buckets

PUBLISH_DELAY_S = 60.0
_LONG = 12
_SAMPLES_KEPT = 300
_VALUES_KEPT = 4_000
_BLOCKS_KEPT = 20_000


class Published(Protocol):
    """Metrics that callers published themselves."""

    def metrics(self) -> list[MetricId]:
        """Every such metric."""
        ...

    def samples(self, metric: MetricId, chunk: int) -> Samples:
        """Its samples within a chunk; they are seen as soon as they are published."""
        ...


class Metrics:
    """All metrics that the workload emits, and those that callers publish."""

    def __init__(
        self, simulation: Simulation, messages_since: float, custom: Published | None = None
    ) -> None:
        """`messages_since`: dead-letter queues were empty at that time."""
        self._custom = custom
        self._simulation = simulation
        self._extraction = Extraction(simulation, messages_since)
        self._samples: OrderedDict[tuple[MetricId, int], tuple[int, Samples]] = OrderedDict()
        self._blocks: OrderedDict[tuple[MetricId, int], Minutes] = OrderedDict()
        self._values: OrderedDict[tuple[MetricId, int], Values] = OrderedDict()

    @property
    def history_start(self) -> float:
        """Before this time there is nothing."""
        return self._simulation.first_chunk * float(CHUNK_S)

    def catalogue(self) -> list[MetricId]:
        """Every metric that exists, sorted."""
        published = self._custom.metrics() if self._custom else []
        return sorted([*catalogue(self._simulation.fleet, self._simulation.timeline), *published])

    def query(
        self,
        metric: MetricId,
        statistic: Statistic,
        period_s: int,
        span: tuple[float, float],
        as_of: float,
    ) -> tuple[Floats, Floats]:
        """(bucket starts, values) with the buckets that have data, in order of time.

        Buckets are aligned to the period; a bucket counts from its own start, even when `span`
        begins inside it, and up to the end of the span.
        """
        first = int(span[0] // period_s) * period_s // 60
        last = int(-(-min(span[1], as_of) // 60))
        if last <= first:
            return np.empty(0), np.empty(0)
        if statistic.needs_samples:
            return self._by_samples(metric, statistic, period_s, (first, last), as_of)
        return self._by_minutes(metric, statistic, period_s, (first, last), as_of)

    def prepare(
        self, wanted: Sequence[tuple[MetricId, Statistic]], span: tuple[float, float], as_of: float
    ) -> None:
        """Compute what queries over a long span need, hour by hour instead of metric by metric.

        Only so do several metrics share the walk of an hour.
        """
        aws = [(metric, statistic) for metric, statistic in wanted if _is_aws(metric)]
        chunks = self._chunks(int(span[0] // 60), int(min(span[1], as_of) // 60))
        if len(aws) < 2 or len(chunks) < _LONG:
            return
        parts = Parts(frozenset(), queues=False)
        for metric, _ in aws:
            parts |= self._extraction.parts(metric)
        for chunk in chunks:
            for metric, statistic in aws if _is_settled(chunk, as_of) else ():
                kept = self._values if statistic.needs_samples else self._blocks
                if (metric, chunk) not in kept:
                    self._keep(
                        metric, chunk, statistic, self._extraction.samples(metric, chunk, parts)
                    )

    def _keep(self, metric: MetricId, chunk: int, statistic: Statistic, samples: Samples) -> None:
        if statistic.needs_samples:
            self._values[metric, chunk] = values_by_minute(samples, chunk)
            _trim(self._values, _VALUES_KEPT)
        else:
            everything = np.ones(samples.time.size, dtype=bool)
            block = by_minute(samples, everything, chunk * float(CHUNK_S))
            self._blocks[metric, chunk] = block
            _trim(self._blocks, _BLOCKS_KEPT)

    def minutes(self, metric: MetricId, first: int, last: int, as_of: float) -> Minutes:
        """Values of the minutes first..last-1 (minutes since the epoch)."""
        size = last - first
        count, total = np.zeros(size), np.zeros(size)
        low, high = np.full(size, np.nan), np.full(size, np.nan)
        for chunk in self._chunks(first, last):
            block = self._block(metric, chunk, as_of)
            offset = chunk * CHUNK_MINUTES - first
            here = slice(max(offset, 0), min(offset + BLOCK_MINUTES, size))
            there = slice(here.start - offset, here.stop - offset)
            if here.stop <= here.start:
                continue
            count[here] += block.count[there]
            total[here] += block.total[there]
            low[here] = np.fmin(low[here], block.low[there])
            high[here] = np.fmax(high[here], block.high[there])
        return Minutes(count, total, low, high)

    def _chunks(self, first: int, last: int) -> range:
        begin = max(first // CHUNK_MINUTES - 1, self._simulation.first_chunk)
        return range(begin, (last - 1) // CHUNK_MINUTES + 1)

    def _by_minutes(
        self,
        metric: MetricId,
        statistic: Statistic,
        period_s: int,
        span: tuple[int, int],
        as_of: float,
    ) -> tuple[Floats, Floats]:
        first, last = span
        step = max(period_s // 60, 1)
        last += -(last - first) % step
        values = self.minutes(metric, first, last, as_of)
        if last > span[1]:
            values = without_tail(values, last - span[1])
        count = values.count.reshape(-1, step).sum(axis=1)
        total = values.total.reshape(-1, step).sum(axis=1)
        present = count > 0
        starts = (first + np.flatnonzero(present) * step).astype(np.float64) * 60.0
        count, total = count[present], total[present]
        if statistic.name == "SampleCount":
            return starts, count
        if statistic.name == "Sum":
            return starts, total
        if statistic.name == "Average":
            return starts, total / count
        low = statistic.name == "Minimum"
        edge = (values.low if low else values.high).reshape(-1, step)[present]
        return starts, np.nanmin(edge, axis=1) if low else np.nanmax(edge, axis=1)

    def _by_samples(
        self,
        metric: MetricId,
        statistic: Statistic,
        period_s: int,
        span: tuple[int, int],
        as_of: float,
    ) -> tuple[Floats, Floats]:
        minutes: list[Ints] = []
        values: list[Floats] = []
        for chunk in self._chunks(*span):
            minute, value = self._valued(metric, chunk, statistic, as_of)
            shown = (minute >= span[0]) & (minute < span[1])
            minutes.append(minute[shown])
            values.append(value[shown])
        if not minutes:
            return np.empty(0), np.empty(0)
        bucket = np.concatenate(minutes) * 60 // period_s
        present, result = of_buckets(statistic, bucket, np.concatenate(values))
        return present.astype(np.float64) * period_s, result

    def _valued(
        self, metric: MetricId, chunk: int, statistic: Statistic, as_of: float
    ) -> tuple[Ints, Floats]:
        """(minute, value) of each sample shown."""
        if not (_is_aws(metric) and _is_settled(chunk, as_of)):
            samples = self._sampled(metric, chunk)
            shown = samples.visible + PUBLISH_DELAY_S <= as_of
            return (samples.time[shown] // 60).astype(np.int64), samples.value[shown]
        kept = self._values.get((metric, chunk))
        if kept is None:
            self._keep(metric, chunk, statistic, self._sampled(metric, chunk))
            kept = self._values[metric, chunk]
        return kept.minute.astype(np.int64) + chunk * CHUNK_MINUTES, kept.value

    def _block(self, metric: MetricId, chunk: int, as_of: float) -> Minutes:
        settled = _is_settled(chunk, as_of) and _is_aws(metric)
        key = (metric, chunk)
        if settled and key in self._blocks:
            return self._blocks[key]
        samples = self._sampled(metric, chunk)
        shown = samples.visible + PUBLISH_DELAY_S <= as_of
        block = by_minute(samples, shown, chunk * float(CHUNK_S))
        if settled:
            self._blocks[key] = block
            _trim(self._blocks, _BLOCKS_KEPT)
        return block

    def _sampled(self, metric: MetricId, chunk: int) -> Samples:
        if not _is_aws(metric):
            return self._published(metric, chunk)
        key = (metric, chunk)
        epochs = self._simulation.epochs(chunk)
        kept = self._samples.get(key)
        if kept is None or kept[0] != epochs:
            kept = (epochs, self._extraction.samples(metric, chunk))
            self._samples[key] = kept
            _trim(self._samples, _SAMPLES_KEPT)
        return kept[1]

    def _published(self, metric: MetricId, chunk: int) -> Samples:
        samples = self._custom.samples(metric, chunk) if self._custom else EMPTY
        return Samples(samples.time, samples.visible - PUBLISH_DELAY_S, samples.value)


def _is_settled(chunk: int, as_of: float) -> bool:
    """Whether everything that the chunk's requests caused has been published."""
    return chunk_end(chunk) + SPILL_S + PUBLISH_DELAY_S <= as_of


def _trim(cache: OrderedDict[Any, Any], size: int) -> None:
    while len(cache) > size:
        cache.popitem(last=False)


def _is_aws(metric: MetricId) -> bool:
    return metric.namespace.startswith("AWS/")
