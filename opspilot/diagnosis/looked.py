"""What has to be looked at before an explanation that lives by elimination may be more than a lead.

That nothing deeper fails is told by reading what is deeper. A question that was not asked yet, was
denied or was cut by a budget rules nothing out; that there is no data is an answer.
"""

from collections.abc import Iterator

from opspilot.diagnosis.asking import (
    Ask,
    Asks,
    below,
    changes,
    concurrency,
    configuration,
    consumers,
    consumers_logs,
    flow,
    is_answered,
    log,
    turned_away,
    used_below,
)
from opspilot.diagnosis.assessment import LEAD_CAP, Assessment
from opspilot.diagnosis.case import Case
from opspilot.domain.evidence import ChangesRequest
from opspilot.domain.resource import Resource


def capped_unlooked(case: Case, one: Assessment) -> Assessment:
    """The same as a lead, where what it was told apart from by elimination was not looked at."""
    if one.confidence <= LEAD_CAP:
        return one
    accused = one.hypothesis.resource
    asks = (
        ask for look in _LOOKS.get(one.hypothesis.cause_class, ()) for ask in look(case, accused)
    )
    unread = next((ask for ask in asks if not is_answered(case, ask)), None)
    if unread is None:
        return one
    return one.capped(
        LEAD_CAP, f"not looked at: {unread.what}; it is told from others by elimination"
    )


def _log_if_it_fails(case: Case, function: Resource) -> Iterator[Ask]:
    if case.risen(function, "lambda.errors"):
        yield from log(case, function)


def _log_asked_for(case: Case, function: Resource) -> Iterator[Ask]:
    """A log that may not be read leaves what a release right before tells; see the signature."""
    if not case.entries.asked("logs", function):
        yield from log(case, function)


def _changes_asked_for(case: Case, resource: Resource) -> Iterator[Ask]:
    """What is slow by itself was changed or not; where that may not be read, it is said so."""
    asked = (item.request for item in case.evidence)
    if not any(isinstance(one, ChangesRequest) and resource in one.resources for one in asked):
        yield from changes(case, resource)


_LOOKS: dict[str, tuple[Asks, ...]] = {
    "api.integration_errors": (below, changes),
    "api.integration_timeout": (below,),
    "downstream_failure": (below,),
    "lambda.async_backlog": (log, _changes_asked_for),
    "lambda.code_error_after_release": (_log_asked_for, below),
    "lambda.memory_too_small": (log, below),
    "lambda.slow_dependency": (below, _changes_asked_for),
    "lambda.stream_poison_batch": (_log_if_it_fails, consumers_logs),
    "lambda.throttled_by_reserved_concurrency": (configuration, concurrency),
    "lambda.timeout_too_small": (below,),
    "sqs.backlog": (flow, consumers),
    "sqs.poison_messages": (consumers_logs,),
    "traffic_drop": (turned_away, below),
    "traffic_surge": (_log_if_it_fails, turned_away, below, used_below),
}
"""Cause class to what was looked at where it is more than a lead, about the accused resource."""


__all__ = ["capped_unlooked"]
