"""Messages of a queue wait longer and longer: less is taken out than comes in.

Mechanism: the age of the oldest message rises while deletions stay behind what is sent, because
more is sent, or because the consumer was switched off, limited, throttled or slowed. A consumer
that fails by itself is a cause of its own; the backlog is then its effect.
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
from opspilot.diagnosis.case import Case, ChangeFound, Shown
from opspilot.diagnosis.change_search import argue_trigger, changes_behind
from opspilot.diagnosis.harm import hurts
from opspilot.diagnosis.levels import growth, total
from opspilot.diagnosis.slowness import slowed
from opspilot.diagnosis.symptoms import failures, onset_of
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number, quantity

CAUSE_CLASS = "sqs.backlog"
_PRIOR = -2.0
_BEHIND = 0.9


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each queue whose messages wait longer."""
    for queue in case.queues:
        risen = [
            shown
            for signal in ("sqs.oldest_age", "sqs.visible")
            if (shown := case.risen(queue, signal)) and hurts(case, shown)
        ]
        if risen:
            yield _weigh(case, queue, risen)


def _weigh(case: Case, queue: Resource, risen: list[Shown[MetricDetail]]) -> Assessment:
    brief = Brief(CAUSE_CLASS, queue, _PRIOR)
    for shown in risen:
        _argue_level(brief, queue, shown)
    dated = [onset for shown in risen if (onset := onset_of(shown, case.period))]
    onset = min(dated, key=lambda one: one.at, default=None)
    if onset:
        _argue_flow(brief, case, queue, onset)
    held = _argue_consumers(brief, case, queue)
    described = case.queue(queue)
    if described and not case.consumers_of(queue):
        text = f"nothing consumes {queue.name}: what it holds was put there to stay"
        brief.speaks_against(GOOD, text, described.id)
        brief.cap(LEAD_CAP, "a queue without consumers has no backlog")
    found = _held_up_by(case, queue, onset) if onset else None
    close = False
    if onset:
        what = f"change of {queue.name} or of its consumers"
        close = argue_trigger(brief, case, onset, found, what, case.risen(queue, "sqs.sent"))
    return brief.assessment(
        f"Messages of {queue.name} come in faster than they are taken out",
        onset,
        harm=[Harm(queue, "backlog")],
        change=found.key if found else "",
        change_found=close or held,
        in_metrics=True,
        in_logs=held,
    )


def _argue_level(brief: Brief, queue: Resource, shown: Shown[MetricDetail]) -> None:
    peak = shown.detail.peak_value or 0.0
    if shown.detail.signal == "sqs.oldest_age":
        text = f"the oldest message of {queue.name} waited up to {quantity(peak, 's')}"
    else:
        text = f"up to {number(peak)} messages wait in {queue.name}"
    brief.speaks_for(FAIR, text, shown.id)


def _argue_flow(brief: Brief, case: Case, queue: Resource, onset: Onset) -> None:
    sent, deleted = case.metric(queue, "sqs.sent"), case.metric(queue, "sqs.deleted")
    came, went = total(sent, onset.at), total(deleted, onset.at)
    if sent is None or deleted is None or not came or went is None:
        brief.misses(f"what is sent to {queue.name} and deleted from it was not both read")
        return
    text = f"{number(came)} messages were sent since, {number(went)} deleted"
    if went < _BEHIND * came:
        brief.speaks_for(GOOD, text, sent.id, deleted.id)
    else:
        brief.speaks_against(WEAK, text, sent.id, deleted.id)
    received = case.metric(queue, "sqs.received")
    taken = total(received, onset.at)
    if received and taken and went < 0.7 * taken:
        text = f"{number(taken)} were received for {number(went)} deleted: they come back"
        brief.speaks_against(GOOD, text, received.id, deleted.id)


def _argue_consumers(brief: Brief, case: Case, queue: Resource) -> bool:
    """Whether something visibly holds the consumers up."""
    held = False
    for identity, one in case.event_sources:
        if one.source == queue and not one.enabled:
            text = f"the mapping that feeds {one.function.name} is switched off"
            brief.speaks_for(STRONG, text, identity)
            held = True
            break
    for consumer in case.consumers_of(queue):
        fails = failures(case, consumer)
        if fails:
            brief.speaks_against(FAIR, f"{consumer.name} itself fails", fails.id)
        throttles = case.risen(consumer, "lambda.throttles")
        if throttles:
            brief.speaks_for(WEAK, f"{consumer.name} is throttled", throttles.id)
        slow = slowed(case, consumer)
        if slow and hurts(case, slow.shown):
            times = growth(slow.shown)
            by = f" ({times:.2g} times the usual)" if times else ""
            brief.speaks_for(FAIR, f"{consumer.name} takes longer{by}", slow.shown.id)
        less = case.fallen(consumer, "lambda.concurrency", "lambda.invocations")
        times = growth(less)
        if less and times is not None:
            text = f"{consumer.name} runs less than before ({times:.2g} times)"
            brief.speaks_for(WEAK, text, less.id)
    return held


def _held_up_by(case: Case, queue: Resource, onset: Onset) -> ChangeFound | None:
    """The last change of the queue or of a consumer that limits what is taken out."""
    found = [
        change
        for one in (queue, *case.consumers_of(queue))
        if (change := changes_behind(case, one, onset, _limits))
    ]
    return max(found, key=lambda one: one.change.at, default=None)


def _limits(change: Change) -> bool:
    told = change.after
    return (
        told.get("enabled", "").lower() == "false"
        or any(one in told for one in ("maximum_concurrency", "batch_size", "reserved_concurrency"))
        or "event_source" in told
    )
