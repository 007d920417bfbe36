"""Asks one question and turns the answer, or its absence, into what the ledger keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

from opspilot.analysis import log_detail, log_sentence, metric_detail, metric_sentence
from opspilot.domain.evidence import (
    AlarmsDetail,
    AlarmsRequest,
    ChangesDetail,
    ChangesRequest,
    ConfigurationRequest,
    EvidenceDetail,
    GapDetail,
    GapReason,
    LimitsRequest,
    LogRequest,
    MetricRequest,
    TopologyDetail,
    TopologyRequest,
)
from opspilot.domain.model import Json, Model
from opspilot.domain.signals import signal_for
from opspilot.domain.telemetry import CallUsage, LogLines, MetricQuery, MetricSeries
from opspilot.domain.window import Window
from opspilot.domain.wording import plural
from opspilot.engine.configurations import configuration_detail, configuration_sentence
from opspilot.engine.questions import Question
from opspilot.errors import (
    AwsCredentialsMissing,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsThrottled,
)
from opspilot.ports.telemetry import Logs, Metrics
from opspilot.ports.workloads import Alarms, Changes, Workloads

_USD_PER_METRIC = 0.00001
"""GetMetricData, per metric requested (CloudWatch price list, us-east-1)."""
_READ_METRICS = "cloudwatch:GetMetricData"


class Reading(Model):
    """An answer, before it is redacted, hashed and stored.

    Attributes:
        snapshot: As `Evidence.snapshot`.
        partial: Whether the source said that the answer is not whole.
    """

    detail: EvidenceDetail
    finding: str
    snapshot: Json
    window: Window
    partial: bool = False
    request_ids: tuple[str, ...] = ()
    usage: CallUsage = CallUsage()


@dataclass(frozen=True)
class Reader:
    """Reads every source."""

    metrics: Metrics
    logs: Logs
    workloads: Workloads
    changes: Changes
    alarms: Alarms

    def read(self, question: Question, baseline: Window, incident: Window) -> Reading:
        """The answer to one question that is not a metric; a failure is a gap, never raised.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        try:
            return self._read(question, baseline, incident)
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            return gap(question, incident, error)

    def read_metrics(
        self, questions: Sequence[Question], baseline: Window, incident: Window
    ) -> list[Reading]:
        """Answers to metric questions, in their order, in as few calls as possible."""
        window = baseline.joined(incident)
        queries = [_metric_of(question) for question in questions]
        try:
            series = self.metrics.fetch(queries, window)
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            return [gap(question, incident, error) for question in questions]
        calls = len({call for one in series for call in one.request_ids})
        return [
            _metric_reading(question, one, baseline, incident, calls if index == 0 else 0)
            for index, (question, one) in enumerate(zip(questions, series, strict=True))
        ]

    def _read(self, question: Question, baseline: Window, incident: Window) -> Reading:
        request = question.request
        if isinstance(request, LogRequest):
            return self._log(question, request)
        if isinstance(request, ConfigurationRequest | LimitsRequest):
            return self._configuration(request, incident)
        if isinstance(request, TopologyRequest):
            return self._topology(request, incident)
        if isinstance(request, AlarmsRequest):
            return self._alarms(request, incident)
        if isinstance(request, ChangesRequest):
            return self._changes(request, baseline.joined(incident))
        return self.read_metrics([question], baseline, incident)[0]

    def _log(self, question: Question, request: LogRequest) -> Reading:
        now, before = self.logs.search(request.incident), self.logs.search(request.baseline)
        detail, snapshot = log_detail(before, now)
        partial = now.truncated or before.truncated or now.status != "complete"
        note = f" (cut at {request.incident.limit} lines)" if now.truncated else ""
        ids = (*now.request_ids, *before.request_ids)
        return Reading(
            detail=detail,
            finding=log_sentence(question.resource.name, detail) + note,
            snapshot=snapshot,
            window=request.baseline.window.joined(request.incident.window),
            partial=partial,
            request_ids=ids,
            usage=CallUsage(api_calls=len(ids), bytes_scanned=_line_bytes(now, before)),
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
            usage=CallUsage(api_calls=len(found.request_ids)),
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
                f"called by {', '.join(callers) or 'nothing known'}{_noted(topology.gaps)}"
            ),
            snapshot=detail.model_dump(mode="json"),
            window=incident,
            partial=bool(topology.gaps),
            request_ids=topology.request_ids,
            usage=CallUsage(api_calls=len(topology.request_ids)),
        )

    def _alarms(self, request: AlarmsRequest, incident: Window) -> Reading:
        alarms = tuple(self.alarms.alarms_of(request.resource))
        detail = AlarmsDetail(alarms=alarms)
        states = ", ".join(f"{alarm.name} {alarm.state}" for alarm in alarms)
        return Reading(
            detail=detail,
            finding=f"{request.resource.name} has {plural(len(alarms), 'alarm')}"
            + (f": {states}" if states else ""),
            snapshot=detail.model_dump(mode="json"),
            window=incident,
            usage=CallUsage(api_calls=1),
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
            usage=CallUsage(api_calls=len(feed.request_ids)),
        )


def _noted(gaps: Sequence[str]) -> str:
    return "".join(f"; {note}" for note in gaps)


def gap(question: Question, window: Window, error: AwsError) -> Reading:
    """What the ledger keeps when a source did not answer."""
    return _gap_reading(question, window, gap_detail(error), error)


def gap_detail(error: AwsError) -> GapDetail:
    """Why a source did not answer, and which IAM action is missing."""
    action = error.iam_action if isinstance(error, AwsDenied) else ""
    return GapDetail(reason=_reason(error), message=error.message, iam_action=action)


def unread(series: MetricSeries) -> GapDetail | None:
    """Why CloudWatch gave no data for a query; None when it answered."""
    if series.status not in ("denied", "failed"):
        return None
    denied = series.status == "denied"
    return GapDetail(
        reason=GapReason.DENIED if denied else GapReason.UNAVAILABLE,
        message="; ".join(series.messages) or f"CloudWatch answered {series.status}",
        iam_action=_READ_METRICS if denied else "",
    )


def budget_gap(question: Question, window: Window, spent: str) -> Reading:
    """What the ledger keeps when the incident's budget ended before the question was asked."""
    detail = GapDetail(reason=GapReason.BUDGET, message=f"not asked: {spent}")
    return _gap_reading(question, window, detail, None)


def _gap_reading(
    question: Question, window: Window, detail: GapDetail, error: AwsError | None
) -> Reading:
    return Reading(
        detail=detail,
        finding=f"{question.title}: {detail.reason} ({detail.message})",
        snapshot=detail.model_dump(mode="json"),
        window=window,
        partial=True,
        request_ids=(error.request_id,) if error and error.request_id else (),
        usage=CallUsage(api_calls=1 if error else 0),
    )


def _reason(error: AwsError) -> GapReason:
    if isinstance(error, AwsDenied):
        return GapReason.DENIED
    if isinstance(error, AwsThrottled):
        return GapReason.THROTTLED
    if isinstance(error, AwsNotFound):
        return GapReason.NOT_FOUND
    return GapReason.UNAVAILABLE


def _metric_of(question: Question) -> MetricQuery:
    request = question.request
    if not isinstance(request, MetricRequest):
        raise TypeError(f"{question.key} is not a metric question")
    return request.metric


def _metric_reading(
    question: Question, series: MetricSeries, baseline: Window, incident: Window, calls: int
) -> Reading:
    usage = CallUsage(api_calls=calls, usd=_USD_PER_METRIC)
    signal = signal_for(series.query)
    missing = unread(series)
    if missing:
        reading = _gap_reading(question, incident, missing, None)
        return reading.model_copy(update={"request_ids": series.request_ids, "usage": usage})
    detail, snapshot = metric_detail(signal, series, incident, baseline=baseline)
    return Reading(
        detail=detail,
        finding=metric_sentence(question.resource.name, signal, detail),
        snapshot=snapshot,
        window=series.window,
        partial=series.status == "partial",
        request_ids=series.request_ids,
        usage=usage,
    )


def _line_bytes(*answers: LogLines) -> float:
    """Bytes scanned; where the API does not say, what came over (26 bytes of overhead a line)."""
    return float(
        sum(
            answer.bytes_scanned or sum(len(line.message) + 26 for line in answer.lines)
            for answer in answers
        )
    )
