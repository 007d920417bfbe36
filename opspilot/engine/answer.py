"""An answer before it is stored, and what stands in for one that did not come."""

from opspilot.domain.evidence import EvidenceDetail, EvidenceRequest, GapDetail, GapReason
from opspilot.domain.model import Json, Model
from opspilot.domain.telemetry import CallUsage, MetricSeries
from opspilot.domain.window import Window
from opspilot.engine.questions import Question
from opspilot.errors import AwsDenied, AwsError, AwsNotFound, AwsThrottled, AwsUnsupported

NOT_ASKED = "not asked: "
"""How the message of a gap begins that a budget left."""

_READ_METRICS = "cloudwatch:GetMetricData"


class Reading(Model):
    """An answer, before it is redacted, hashed and stored.

    Attributes:
        snapshot: As `Evidence.snapshot`.
        partial: Whether the source said that the answer is not whole.
        request: What was really asked, where that is not what the question says.
    """

    detail: EvidenceDetail
    finding: str
    snapshot: Json
    window: Window
    partial: bool = False
    request_ids: tuple[str, ...] = ()
    usage: CallUsage = CallUsage()
    request: EvidenceRequest | None = None


def gap(question: Question, window: Window, error: AwsError) -> Reading:
    """What the ledger keeps when a source did not answer."""
    return gap_reading(question, window, gap_detail(error), error)


def gap_detail(error: AwsError) -> GapDetail:
    """Why a source did not answer, and which IAM action is missing."""
    action = error.iam_action if isinstance(error, AwsDenied) else ""
    return GapDetail(reason=_reason(error), message=error.message, iam_action=action)


def unread(series: MetricSeries) -> GapDetail | None:
    """Why CloudWatch gave no data for a query; None when it answered."""
    if series.status not in ("denied", "failed"):
        return None
    denied = series.status == "denied"
    lacking = GapReason.UNSUPPORTED if series.refused else GapReason.UNAVAILABLE
    return GapDetail(
        reason=GapReason.DENIED if denied else lacking,
        message="; ".join(series.messages) or f"CloudWatch answered {series.status}",
        iam_action=_READ_METRICS if denied else "",
    )


def budget_gap(question: Question, window: Window, spent: str) -> Reading:
    """What the ledger keeps when the incident's budget ended before the question was asked."""
    detail = GapDetail(reason=GapReason.BUDGET, message=NOT_ASKED + spent)
    return gap_reading(question, window, detail, None)


def gap_reading(
    question: Question, window: Window, detail: GapDetail, error: AwsError | None
) -> Reading:
    """What the ledger keeps of a gap; `error` is what AWS answered, if it was asked."""
    return Reading(
        detail=detail,
        finding=f"{question.title}: {detail.reason} ({detail.message})",
        snapshot=detail.model_dump(mode="json"),
        window=window,
        partial=True,
        request_ids=(error.request_id,) if error and error.request_id else (),
    )


def _reason(error: AwsError) -> GapReason:
    if isinstance(error, AwsDenied):
        return GapReason.DENIED
    if isinstance(error, AwsThrottled):
        return GapReason.THROTTLED
    if isinstance(error, AwsNotFound):
        return GapReason.NOT_FOUND
    if isinstance(error, AwsUnsupported):
        return GapReason.UNSUPPORTED
    return GapReason.UNAVAILABLE
