"""Some messages of a queue make their consumer fail every time, and come back every time.

Mechanism: the consumer fails on a share of its invocations while the rest goes through; the same
messages are received again (more received than deleted), the oldest grows old, and the dead-letter
queue fills. The consumer was not released.
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
from opspilot.diagnosis.cascade import passed_on
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import CLOSE, release_known
from opspilot.diagnosis.families import Family
from opspilot.diagnosis.levels import total
from opspilot.diagnosis.parsing import argue_parsing
from opspilot.diagnosis.symptoms import failure_onset, failures, killed_for_memory, timeouts
from opspilot.diagnosis.telling import failure_told
from opspilot.diagnosis.untold import release_behind
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number, share

CAUSE_CLASS = "sqs.poison_messages"
_PRIOR = -2.0
_CAP = 0.9
_BLIND_CAP = 0.8
_COMES_BACK = 1.1
_NEARLY_ALL = 0.8
_ELSEWHERE = (
    Family.DENIED,
    Family.EXPIRED,
    Family.INIT,
    Family.THROTTLED,
    Family.UNREACHABLE,
    Family.PROVIDER,
    Family.EXHAUSTED,
)


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each queue whose consumer fails."""
    for queue in case.queues:
        for consumer in case.consumers_of(queue):
            fails = failures(case, consumer)
            onset = failure_onset(case, consumer)
            if fails and onset:
                yield _weigh(case, queue, consumer, fails, onset)


def _weigh(
    case: Case, queue: Resource, consumer: Resource, fails: Shown[MetricDetail], onset: Onset
) -> Assessment:
    brief = Brief(CAUSE_CLASS, queue, _PRIOR)
    brief.speaks_for(WEAK, f"{consumer.name}, which it feeds, fails", fails.id)
    _argue_share(brief, case, consumer, fails, onset)
    back = _argue_return(brief, case, queue, onset)
    dead = _argue_dead_letters(brief, case, queue)
    in_logs = argue_parsing(brief, case, consumer)
    released = release_behind(case, consumer, onset)
    if released:
        text = f"{consumer.name} was released shortly before: the fault may be its own"
        brief.speaks_against(STRONG, text, *released.ids)
        if onset.at - released.change.at <= CLOSE:
            brief.cap(LEAD_CAP, "its consumer was released right before")
    elif not release_known(case, consumer, onset):
        brief.misses(f"whether {consumer.name} was released shortly before is not known")
        brief.cap(_BLIND_CAP, "whether the consumer was released is not known")
    if below := passed_on(case, consumer):
        text = f"{below[0].name}, which {consumer.name} calls, fails as well"
        brief.speaks_against(GOOD, text, fails.id)
        brief.cap(LEAD_CAP, "its consumer hands on the failures of what it calls")
    kinds = _ends_otherwise(case, consumer)
    if kinds:
        text = f"{consumer.name} runs out of time or memory, which no message need be to blame for"
        brief.speaks_against(STRONG, text, fails.id)
        brief.cap(LEAD_CAP, "its failures are of time or memory: what messages say is a lead")
    for family in _ELSEWHERE:
        other = failure_told(case, consumer, family)
        if other:
            text = f"its errors are of another sort: {other.told.text or family.value}"
            brief.speaks_against(STRONG, text, other.told.log.id)
            brief.cap(LEAD_CAP, "what its errors tell is no matter of what messages say")
    brief.cap(_CAP, "the messages themselves were not read")
    return brief.assessment(
        f"Some messages of {queue.name} make {consumer.name} fail, and come back each time",
        onset,
        harm=[
            Harm(queue, "backlog"),
            *(Harm(consumer, kind) for kind in kinds or ("errors",)),
        ],
        change_found=released is None and (back or dead),
        in_metrics=True,
        in_logs=in_logs,
        failing=consumer,
    )


def _ends_otherwise(case: Case, consumer: Resource) -> tuple[str, ...]:
    """The kinds of harm that its failures are, where they are no errors of its code."""
    shown = {
        "timeouts": timeouts(case, consumer),
        "memory": killed_for_memory(case, consumer),
    }
    return tuple(kind for kind, log in shown.items() if log)


def _argue_share(
    brief: Brief, case: Case, consumer: Resource, fails: Shown[MetricDetail], onset: Onset
) -> None:
    """Most batches go through: it is about what some of them hold."""
    calls = case.metric(consumer, "lambda.invocations")
    ran, failed = total(calls, onset.at), total(fails, onset.at)
    if calls is None or not ran or failed is None:
        return
    part = min(1.0, failed / ran)
    text = f"{share(part)} of its invocations fail"
    if part < _NEARLY_ALL:
        brief.speaks_for(FAIR, f"{text}: the others go through", fails.id, calls.id)
    else:
        brief.speaks_against(GOOD, f"{text}: nothing goes through", fails.id, calls.id)


def _argue_return(brief: Brief, case: Case, queue: Resource, onset: Onset) -> bool:
    received, deleted = case.metric(queue, "sqs.received"), case.metric(queue, "sqs.deleted")
    taken, gone = total(received, onset.at), total(deleted, onset.at)
    if received is None or deleted is None or not taken or gone is None:
        brief.misses(f"what is received from {queue.name} and deleted was not both read")
        return False
    text = f"{number(taken)} messages were received since, {number(gone)} deleted"
    if taken > _COMES_BACK * gone:
        brief.speaks_for(GOOD, text, received.id, deleted.id)
        return True
    brief.speaks_against(FAIR, f"{text}: they do not come back", received.id, deleted.id)
    return False


def _argue_dead_letters(brief: Brief, case: Case, queue: Resource) -> bool:
    shown = case.queue(queue)
    target = shown.detail.dead_letter if shown else None
    if shown is None or target is None:
        return False
    filling = case.risen(target, "sqs.visible", "sqs.sent", "sqs.oldest_age")
    if filling:
        brief.speaks_for(GOOD, f"its dead-letter queue {target.name} fills", filling.id)
        return True
    return False
