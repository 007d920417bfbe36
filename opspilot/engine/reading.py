"""Asks one question and turns the answer, or its absence, into what the ledger keeps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opspilot.analysis import log_detail, log_sentence, metric_detail, metric_sentence
from opspilot.domain.evidence import (
    AlarmsRequest,
    ChangesDetail,
    ChangesRequest,
    ConfigurationRequest,
    LimitsRequest,
    LogRequest,
    MetricRequest,
    TopologyDetail,
    TopologyRequest,
    TracesRequest,
)
from opspilot.domain.telemetry import CallUsage, MetricQuery
from opspilot.domain.window import Window
from opspilot.domain.wording import plural
from opspilot.domain.workload import DECLARED, Topology
from opspilot.engine.alarm_reading import read_alarms
from opspilot.engine.answer import Reading, budget_gap, gap, gap_detail, gap_reading, unread
from opspilot.engine.configurations import configuration_detail, configuration_sentence
from opspilot.engine.log_reading import never, read_evenly, scanned_bytes
from opspilot.engine.metric_reading import ReadSeries, read_series
from opspilot.engine.questions import Question
from opspilot.engine.traced import read_traces
from opspilot.errors import (
    AwsCredentialsMissing,
    AwsError,
)
from opspilot.ports.meter import Meter
from opspilot.ports.telemetry import Logs, Metrics, Traces
from opspilot.ports.workloads import Alarms, Changes, Workloads

__all__ = ["Reader", "Reading", "budget_gap", "gap", "gap_detail", "unread"]

_USD_PER_METRIC = 0.00001
"""GetMetricData, per metric requested (CloudWatch price list, us-east-1)."""


@dataclass(frozen=True)
class Reader:
    """Reads every source, and tells what each answer cost.

    Attributes:
        meter: Of the ports; what one thread sent while it read is what that answer cost.
    """

    metrics: Metrics
    logs: Logs
    workloads: Workloads
    changes: Changes
    alarms: Alarms
    traces: Traces
    meter: Meter

    def read(
        self,
        question: Question,
        baseline: Window,
        incident: Window,
        enough: Callable[[], bool] = never,
    ) -> Reading:
        """The answer to one question; a failure is a gap, never raised.

        Args:
            question: What to read.
            baseline: What the window is held against.
            incident: The window.
            enough: Whether what takes many requests should end with what it has by now.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        before = self.meter.sent()
        try:
            reading = self._read(question, baseline, incident, enough)
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            reading = gap(question, incident, error)
        return _charged(reading, self.meter.sent() - before)

    def read_metrics(
        self, questions: Sequence[Question], baseline: Window, incident: Window
    ) -> list[Reading]:
        """Answers to metric questions, in their order, in as few calls as possible."""
        window = baseline.joined(incident)
        queries = [_metric_of(question) for question in questions]
        before = self.meter.sent()
        try:
            answers = read_series(self.metrics, queries, window)
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            readings = [gap(question, incident, error) for question in questions]
        else:
            readings = [
                _metric_reading(question, one, baseline, incident)
                for question, one in zip(questions, answers, strict=True)
            ]
        calls = self.meter.sent() - before
        return [_charged(one, calls if at == 0 else 0) for at, one in enumerate(readings)]

    def _read(
        self, question: Question, baseline: Window, incident: Window, enough: Callable[[], bool]
    ) -> Reading:
        request = question.request
        if isinstance(request, LogRequest):
            return self._log(question, request, enough)
        if isinstance(request, ConfigurationRequest | LimitsRequest):
            return self._configuration(request, incident)
        if isinstance(request, TopologyRequest):
            return self._topology(request, incident)
        if isinstance(request, TracesRequest):
            return read_traces(self.traces, question, baseline, incident)
        if isinstance(request, AlarmsRequest):
            return read_alarms(self.alarms, request, baseline, incident)
        if isinstance(request, ChangesRequest):
            return self._changes(request, baseline.joined(incident))
        return self.read_metrics([question], baseline, incident)[0]

    def _log(self, question: Question, request: LogRequest, enough: Callable[[], bool]) -> Reading:
        now = read_evenly(self.logs, request.incident, enough)
        before = read_evenly(self.logs, request.baseline, enough)
        detail, snapshot = log_detail(before, now)
        partial = now.truncated or before.truncated or now.status != "complete"
        ids = (*now.request_ids, *before.request_ids)
        notes = [f"cut: {'; '.join(now.messages)}"] if now.truncated else []
        notes += [f"before it: {'; '.join(before.messages)}"] if before.truncated else []
        return Reading(
            detail=detail,
            finding=log_sentence(question.resource.name, detail) + _in_brackets(notes),
            snapshot=snapshot,
            window=request.baseline.window.joined(request.incident.window),
            partial=partial,
            request_ids=ids,
            usage=CallUsage(bytes_scanned=scanned_bytes(now, before)),
        )

    def _configuration(
        self, request: ConfigurationRequest | LimitsRequest, incident: Window
    ) -> Reading:
        found = self.workloads.describe(request.resource)
        detail = configuration_detail(found)
        return Reading(
            detail=detail,
            finding=configuration_sentence(found) + _noted(found.gaps),
            snapshot=detail.model_dump(mode="json"),
            window=incident,
            partial=bool(found.gaps),
            request_ids=found.request_ids,
        )

    def _topology(self, request: TopologyRequest, incident: Window) -> Reading:
        topology = self.workloads.topology(request.resource)
        detail = TopologyDetail(topology=topology)
        callees = [edge.callee.name for edge in topology.callees(request.resource)]
        callers = [edge.caller.name for edge in topology.callers(request.resource)]
        return Reading(
            detail=detail,
            finding=(
                f"{request.resource.name} depends on {', '.join(callees) or 'nothing known'}; "
                f"called by {', '.join(callers) or 'nothing known'}"
                f"{_declared(topology)}{_noted(topology.gaps)}"
            ),
            snapshot=detail.model_dump(mode="json"),
            window=incident,
            partial=bool(topology.gaps),
            request_ids=topology.request_ids,
        )

    def _changes(self, request: ChangesRequest, window: Window) -> Reading:
        feed = self.changes.changes(request.resources, window)
        detail = ChangesDetail(changes=feed.changes, complete_until=feed.complete_until)
        newest = feed.changes[-1].summary if feed.changes else ""
        whole = f"the feed is whole until {feed.complete_until:%H:%M} UTC"
        found = f"{len(feed.changes)} changes, the last: {newest}" if newest else "no change found"
        return Reading(
            detail=detail,
            finding=f"{found}; {whole}{_noted(feed.gaps)}",
            snapshot=detail.model_dump(mode="json"),
            window=window,
            partial=bool(feed.gaps) or feed.truncated,
            request_ids=feed.request_ids,
        )


def _charged(reading: Reading, calls: int) -> Reading:
    """With the calls that it took; those of one request for many metrics are told once."""
    usage = reading.usage.model_copy(update={"api_calls": calls})
    return reading.model_copy(update={"usage": usage})


def _declared(topology: Topology) -> str:
    """How many of these calls somebody has only said that there are."""
    many = sum(edge.via.startswith(DECLARED) for edge in topology.edges)
    return f"; {plural(many, 'dependency is', 'dependencies are')} declared" if many else ""


def _noted(gaps: Sequence[str]) -> str:
    return "".join(f"; {note}" for note in gaps)


def _metric_of(question: Question) -> MetricQuery:
    request = question.request
    if not isinstance(request, MetricRequest):
        raise TypeError(f"{question.key} is not a metric question")
    return request.metric


def _metric_reading(
    question: Question, answer: ReadSeries, baseline: Window, incident: Window
) -> Reading:
    series = answer.series
    usage = CallUsage(usd=_USD_PER_METRIC * answer.asked)
    missing = unread(series)
    if missing:
        reading = gap_reading(question, incident, missing, None)
        return reading.model_copy(update={"request_ids": series.request_ids, "usage": usage})
    signal = answer.signal
    detail, snapshot = metric_detail(signal, series, incident, baseline=baseline)
    notes = [answer.note] if answer.note else []
    notes += series.messages if series.status == "partial" else []
    return Reading(
        detail=detail,
        finding=metric_sentence(question.resource.name, signal, detail) + _in_brackets(notes),
        snapshot=snapshot,
        window=series.window,
        partial=series.status == "partial",
        request_ids=series.request_ids,
        usage=usage,
        request=answer.request,
    )


def _in_brackets(notes: Sequence[str]) -> str:
    return f" ({'; '.join(notes)})" if notes else ""
