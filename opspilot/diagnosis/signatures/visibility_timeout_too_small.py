"""Messages become visible again while their consumer still works on them: they are done twice.

Mechanism: the queue's visibility timeout is shorter than the consumer may take (AWS asks for six
times the function's timeout). Messages are received more often than they are deleted although the
consumer does not fail; those it deletes late are gone again.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import (
    FAIR,
    GOOD,
    LEAD_CAP,
    STRONG,
    WEAK,
    Assessment,
    Brief,
    Harm,
    Onset,
)
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_change, changes_behind, lowers
from opspilot.diagnosis.levels import total
from opspilot.diagnosis.symptoms import failures, onset_of
from opspilot.domain.change import Change
from opspilot.domain.resource import Resource
from opspilot.domain.wording import milliseconds, number
from opspilot.domain.workload import QueueConfiguration

CAUSE_CLASS = "sqs.visibility_timeout_too_small"
_PRIOR = -2.0
_MS = 1_000.0
_COMES_BACK = 1.2


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each queue that shows messages again before their consumer need be done."""
    for queue in case.queues:
        shown = case.queue(queue)
        for consumer in case.consumers_of(queue):
            configuration = case.configuration(consumer)
            if shown and configuration:
                limit = configuration.detail.timeout_seconds
                onset = _onset(case, queue, consumer)
                if shown.detail.visibility_timeout_seconds < limit and onset:
                    yield _weigh(case, shown, consumer, limit, onset)


def _onset(case: Case, queue: Resource, consumer: Resource) -> Onset | None:
    """When messages began to come back, or to be worked on more often."""
    looked_at = (
        (queue, "sqs.received"),
        (consumer, "lambda.invocations"),
        (queue, "sqs.in_flight"),
        (consumer, "lambda.concurrency"),
        (queue, "sqs.oldest_age"),
        (queue, "sqs.visible"),
    )
    for one, signal in looked_at:
        shown = case.risen(one, signal)
        onset = onset_of(shown, case.period) if shown else None
        if onset:
            return onset
    return None


def _weigh(
    case: Case, shown: Shown[QueueConfiguration], consumer: Resource, limit: int, onset: Onset
) -> Assessment:
    queue = shown.detail.resource
    brief = Brief(CAUSE_CLASS, queue, _PRIOR)
    seconds = shown.detail.visibility_timeout_seconds
    configured = case.configuration(consumer)
    brief.speaks_for(
        GOOD,
        f"{queue.name} shows a message again after {seconds} s, {consumer.name} may take {limit} s",
        *(one.id for one in (shown, configured) if one),
    )
    takes = _argue_duration(brief, case, consumer, seconds)
    back = _argue_return(brief, case, queue, onset)
    if not (takes or back):
        brief.cap(LEAD_CAP, "no message was seen to come back")
    fails = failures(case, consumer)
    if fails:
        text = f"{consumer.name} fails itself: its messages come back for that"
        brief.speaks_against(GOOD, text, fails.id)
    found = changes_behind(case, queue, onset, _shortens)
    close = argue_change(brief, case, onset, found, f"shorter visibility timeout of {queue.name}")
    return brief.assessment(
        f"{queue.name} shows messages again after {seconds} s, before {consumer.name} is done",
        onset,
        harm=[Harm(queue, "backlog"), Harm(consumer, "repeats")],
        setting="visibility_timeout_seconds",
        change=found.key if found else "",
        change_found=close,
        in_metrics=True,
        in_logs=takes or back,
    )


def _argue_duration(brief: Brief, case: Case, consumer: Resource, seconds: int) -> bool:
    """Whether the consumer was seen to take longer than the message stays hidden."""
    read = [case.metric(consumer, f"lambda.duration_{one}") for one in ("max", "p99", "p50")]
    slowest = next((one for one in read if one and one.detail.peak_value is not None), None)
    if slowest is None or slowest.detail.peak_value is None:
        brief.misses(f"how long {consumer.name} takes was not read")
        return False
    peak = slowest.detail.peak_value
    text = f"{consumer.name} takes up to {milliseconds(peak)}"
    if peak > seconds * _MS:
        brief.speaks_for(GOOD, text, slowest.id)
        return True
    brief.speaks_against(FAIR, f"{text}, less than that", slowest.id)
    return False


def _argue_return(brief: Brief, case: Case, queue: Resource, onset: Onset) -> bool:
    received, deleted = case.metric(queue, "sqs.received"), case.metric(queue, "sqs.deleted")
    sent = case.metric(queue, "sqs.sent")
    taken, gone = total(received, onset.at), total(deleted, onset.at)
    came = total(sent, onset.at)
    fair = max(gone or 0.0, came or 0.0)
    if received is None or not taken or not fair:
        brief.misses(f"what is received from {queue.name} and deleted was not both read")
        return False
    text = f"{number(taken)} messages were received for {number(fair)} sent or deleted"
    ids = [one.id for one in (received, deleted, sent) if one]
    if taken > _COMES_BACK * fair:
        brief.speaks_for(STRONG, text, *ids)
        return True
    brief.speaks_against(WEAK, text, *ids)
    return False


def _shortens(change: Change) -> bool:
    return lowers(change, "visibility_timeout_seconds")
