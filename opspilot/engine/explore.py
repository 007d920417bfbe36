"""Looks at any metric and log over any window: reads only, no commands, nothing kept.

The same reader, detector and sentences as an investigation's; what could not be read is said as a
gap, with the IAM action that is missing.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime

from opspilot.analysis import metric_sentence
from opspilot.analysis.findings import metric_finding
from opspilot.domain.evidence import GapDetail, MetricDetail
from opspilot.domain.model import Json, Model
from opspilot.domain.resource import Resource
from opspilot.domain.signals import query_of, signal_for, signals_of
from opspilot.domain.telemetry import MetricQuery, MetricSeries
from opspilot.domain.window import Window
from opspilot.domain.wording import plural
from opspilot.engine.explore_around import Surroundings, surroundings_of
from opspilot.engine.explore_lines import FoundLines
from opspilot.engine.explore_logs import LogExplorer, LogView
from opspilot.engine.explore_spans import period_of
from opspilot.engine.explore_suspects import Suspects, suspects_among
from opspilot.engine.explore_volume import Counting, Volume
from opspilot.engine.reading import Reader, gap_detail, unread
from opspilot.errors import AwsCredentialsMissing, AwsError, InputError
from opspilot.ports.clock import Clock

MOST_SERIES = 30
"""In one view."""


class Asked(Model):
    """One series that somebody wants to see.

    Attributes:
        subject: What sentences call its owner: the resource's name, or the dimensions' values.
        resource: None when the metric was typed by hand.
    """

    subject: str
    query: MetricQuery
    resource: Resource | None = None


@dataclass(frozen=True)
class Explored:
    """One series as read, and what stands out in it.

    Attributes:
        raw: Exactly what CloudWatch answered.
        columns: times, values, lower, expected, upper and scores, as in the ledger's snapshot;
            empty with a gap.
        episodes: First and last point of everything that stands out, in the baseline too.
    """

    asked: Asked
    raw: MetricSeries
    detail: MetricDetail | GapDetail
    sentence: str
    columns: Json
    episodes: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def anomalous(self) -> bool:
        """Whether something stands out in the window."""
        return isinstance(self.detail, MetricDetail) and self.detail.anomalous


@dataclass(frozen=True)
class Explorer:
    """Reads what a person wants to look at."""

    reader: Reader
    clock: Clock

    def resolve(self, name_or_arn: str) -> Resource:
        """The resource that a person means.

        Raises:
            UnknownResource: There is none.
            AwsError: The account could not be asked.
        """
        return self.reader.workloads.resolve(name_or_arn)

    def series(
        self, asked: Sequence[Asked], window: Window, baseline: Window
    ) -> tuple[Explored, ...]:
        """Each series with what stands out in the window against the baseline.

        Raises:
            InputError: More series than one view holds.
            InvalidWindow: The window cannot hold telemetry.
            AwsCredentialsMissing: Nothing at all can be read.
        """
        if len(asked) > MOST_SERIES:
            raise InputError(
                f"{plural(len(asked), 'series', 'series')} are more than the {MOST_SERIES} of "
                "one view",
                hint="Choose fewer resources or metrics; suspects look at all signals anyway.",
            )
        if not asked:
            return ()
        span = baseline.joined(window)
        try:
            answers = self.reader.metrics.fetch([one.query for one in asked], span)
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            missing = gap_detail(error)
            return tuple(_gap(one, span, missing) for one in asked)
        return tuple(
            _explored(one, series, window, baseline)
            for one, series in zip(asked, answers, strict=True)
        )

    def surroundings(self, resources: Sequence[Resource], span: Window) -> Surroundings:
        """Changes, alarms and their transitions; see `explore_around.surroundings_of`.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        return surroundings_of(self.reader, resources, span)

    def suspects(
        self,
        resources: Sequence[Resource],
        window: Window,
        baseline: Window,
        symptom: Hashable | None = None,
    ) -> Suspects:
        """What stands out most among all signals of these resources and their neighbours.

        Args:
            resources: Whose neighbourhood.
            window: The time under suspicion.
            baseline: The time to compare with.
            symptom: (ARN, metric, statistic) on which the trouble was seen.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        period = period_of(baseline.joined(window))
        return suspects_among(
            self.reader.workloads,
            self.reader.metrics,
            resources,
            (window, baseline),
            period,
            symptom,
        )

    @property
    def _log(self) -> LogExplorer:
        return LogExplorer(self.reader.logs, self.clock)

    def count(self, group: str, window: Window, baseline: Window) -> Counting:
        """Start counting the lines of one log; see `LogExplorer.count`."""
        return self._log.count(group, window, baseline)

    def counted(self, counting: Counting) -> Volume:
        """The count as it stands; see `LogExplorer.counted`."""
        return self._log.counted(counting)

    def stop_counting(self, counting: Counting) -> None:
        """Stop a count; see `LogExplorer.stop`."""
        self._log.stop(counting)

    def log(
        self, group: str, window: Window, baseline: Window, volume: Volume | None = None
    ) -> LogView:
        """Findings and changed patterns of one log; see `LogExplorer.view`."""
        return self._log.view(group, window, baseline, volume)

    def find(self, group: str, window: Window, pattern: str, limit: int) -> FoundLines:
        """One page of matching raw lines; see `LineFinder.find`."""
        return self._log.find(group, window, pattern, limit)

    def collect(self, group: str, window: Window, pattern: str, most: int) -> FoundLines:
        """All pages of matching raw lines; see `LineFinder.collect`."""
        return self._log.collect(group, window, pattern, most)

    def tail(self, group: str, since: datetime, pattern: str = "") -> FoundLines:
        """What was logged since then; see `LogExplorer.tail`."""
        return self._log.tail(group, since, pattern)


def asked_of(resource: Resource, names: Sequence[str], span: Window) -> tuple[Asked, ...]:
    """The signals of a resource that these names choose."""
    period = period_of(span)
    return tuple(
        Asked(subject=resource.name, query=query_of(signal, resource, period), resource=resource)
        for signal in signals_of(resource)
        if signal.name in names
    )


def _explored(asked: Asked, series: MetricSeries, window: Window, baseline: Window) -> Explored:
    missing = unread(series)
    if missing:
        return _gap(asked, series.window, missing, series)
    signal = signal_for(series.query)
    found = metric_finding(signal, series, window, baseline=baseline)
    return Explored(
        asked=asked,
        raw=series,
        detail=found.detail,
        sentence=metric_sentence(asked.subject, signal, found.detail),
        columns=found.snapshot,
        episodes=tuple(
            (one.start.to_pydatetime(), one.end.to_pydatetime()) for one in found.alerts
        ),
    )


def _gap(
    asked: Asked, span: Window, missing: GapDetail, series: MetricSeries | None = None
) -> Explored:
    raw = series or MetricSeries(
        query=asked.query, window=span, period_seconds=asked.query.period_seconds, status="failed"
    )
    title = signal_for(asked.query).title
    return Explored(asked, raw, missing, f"{title} of {asked.subject} could not be read.", {})
