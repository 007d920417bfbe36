"""Reads metrics in one batch, and percentiles by another statistic where there are none.

Percentiles are missing where a metric was ever negative, and on endpoints that cannot compute them.
The average or the maximum then stands in, under its own name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from opspilot.domain.evidence import MetricRequest
from opspilot.domain.signals import Signal, signal_for
from opspilot.domain.telemetry import MetricQuery, MetricSeries
from opspilot.domain.window import Window
from opspilot.errors import AwsError
from opspilot.ports.telemetry import Metrics

_STANDS_IN = {"p50": "Average", "p90": "Maximum", "p95": "Maximum", "p99": "Maximum"}


@dataclass(frozen=True)
class ReadSeries:
    """The answer to one metric request.

    Attributes:
        series: Under another statistic than was wanted, where that is not to be had.
        wanted: What was wanted.
        asked: How many metrics were paid for.
    """

    series: MetricSeries
    wanted: MetricQuery
    asked: int = 1

    @property
    def request(self) -> MetricRequest:
        """What was really asked."""
        return MetricRequest(metric=self.series.query)

    @property
    def signal(self) -> Signal:
        """The signal that was wanted, under the statistic that was read."""
        return signal_for(self.wanted).model_copy(update={"statistic": self.series.query.statistic})

    @property
    def note(self) -> str:
        """Says that another statistic stands in; empty otherwise."""
        wanted, read = self.wanted.statistic, self.series.query.statistic
        return "" if wanted == read else f"{wanted} is not to be had here, this is {read}"


def read_series(
    metrics: Metrics, queries: Sequence[MetricQuery], window: Window
) -> list[ReadSeries]:
    """One answer per query, in their order, in as few calls as possible.

    Raises:
        AwsError: Nothing could be read.
    """
    answers = metrics.fetch(queries, window)
    read = [ReadSeries(one, query) for one, query in zip(answers, queries, strict=True)]
    lacking = [index for index, one in enumerate(answers) if _lacks_percentile(one, answers)]
    if not lacking:
        return read
    try:
        found = metrics.fetch([_instead(queries[index]) for index in lacking], window)
    except AwsError:
        # What stands in is a second choice: without it the first answer is told as it is.
        return read
    for index, series in zip(lacking, found, strict=True):
        told = series if series.times else answers[index]
        read[index] = ReadSeries(told, queries[index], asked=2)
    return read


def _instead(query: MetricQuery) -> MetricQuery:
    return query.model_copy(update={"statistic": _STANDS_IN[query.statistic]})


def _lacks_percentile(series: MetricSeries, answers: Sequence[MetricSeries]) -> bool:
    """Whether a percentile failed, or is empty where the same metric has data all the same."""
    query = series.query
    if query.statistic not in _STANDS_IN or series.times:
        return False
    if series.status in ("failed", "denied"):
        return series.status == "failed"
    return any(
        one.times and one.query.dimensions == query.dimensions
        for one in answers
        if one.query.namespace == query.namespace
    )
