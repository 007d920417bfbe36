"""What has to be looked at before an explanation that lives by elimination may be more than a lead.

That nothing deeper fails is told by reading what is deeper. A question that was not asked yet, was
denied or was cut by a budget rules nothing out; that there is no data is an answer.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from opspilot.diagnosis.assessment import LEAD_CAP, Assessment
from opspilot.diagnosis.case import DURATIONS, Case
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import signal_named

_THROTTLES = ("dynamodb.read_throttles", "dynamodb.write_throttles")
_INDEX_THROTTLES = ("dynamodb.index_read_throttles", "dynamodb.index_write_throttles")


def capped_unlooked(case: Case, one: Assessment) -> Assessment:
    """The same as a lead, where what it was told apart from by elimination was not looked at."""
    if one.confidence <= LEAD_CAP:
        return one
    looks = _LOOKS.get(one.hypothesis.cause_class, ())
    unread = next((text for look in looks for text in look(case, one.hypothesis.resource)), "")
    if not unread:
        return one
    rule = f"{unread}: by elimination, and that was not looked at"
    hypothesis = one.hypothesis.model_copy(update={"confidence": LEAD_CAP, "cap": rule})
    return replace(one, hypothesis=hypothesis)


def _below(case: Case, function: Resource) -> Iterator[str]:
    """What a function waits for: its callees' errors and durations, its tables' throttles."""
    if function.kind is not ResourceKind.FUNCTION:
        return
    if not case.knows_callees_of(function):
        yield f"what {function.name} calls was not read"
    yield from _well(case, case.callees(function))
    for table in case.tables_of(function):
        yield from _throttles(case, table)


def _behind(case: Case, api: Resource) -> Iterator[str]:
    """What an API hands its requests to."""
    if not case.knows_callees_of(api):
        yield f"what is behind {api.name} was not read"
    yield from _well(case, case.callees(api))


def _consumers(case: Case, source: Resource) -> Iterator[str]:
    """Whoever works off a queue."""
    if case.queue(source) is None and not case.consumers_of(source):
        yield f"who consumes {source.name} was not read"
    yield from _well(case, case.consumers_of(source))


def _flow(case: Case, queue: Resource) -> Iterator[str]:
    yield from _metrics(case, queue, ("sqs.sent", "sqs.deleted"))


def _consumers_logs(case: Case, source: Resource) -> Iterator[str]:
    for consumer in case.consumers_of(source):
        yield from _log(case, consumer)


def _log(case: Case, function: Resource) -> Iterator[str]:
    if function.kind is ResourceKind.FUNCTION and not case.entries.answered("logs", function):
        yield f"the log of {function.name} was not read"


def _log_if_it_fails(case: Case, function: Resource) -> Iterator[str]:
    if case.risen(function, "lambda.errors"):
        yield from _log(case, function)


def _log_asked_for(case: Case, function: Resource) -> Iterator[str]:
    """A log that may not be read leaves what a release right before tells; see the signature."""
    if not case.entries.asked("logs", function):
        yield f"the log of {function.name} was not read"


def _changes(case: Case, resource: Resource) -> Iterator[str]:
    if case.feed_of(resource) is None:
        yield f"the changes of {resource.name} were not read"


def _well(case: Case, functions: Iterable[Resource]) -> Iterator[str]:
    for one in functions:
        yield from _metrics(case, one, ("lambda.errors",))
        if not any(case.entries.answered("metrics", one, signal) for signal in DURATIONS):
            yield f"durations of {one.name} were not read"


def _throttles(case: Case, table: Resource) -> Iterator[str]:
    yield from _metrics(case, table, _THROTTLES)
    described = case.table(table)
    for index in described.detail.indexes if described else ():
        for signal in _INDEX_THROTTLES:
            if not case.entries.answered("metrics", table, f"{signal}:{index.name}"):
                yield f"throttles of {index.name} of {table.name} were not read"


def _metrics(case: Case, resource: Resource, signals: Iterable[str]) -> Iterator[str]:
    for name in signals:
        if not case.entries.answered("metrics", resource, name):
            yield f"{signal_named(name).title.lower()} of {resource.name} were not read"


Look = Callable[[Case, Resource], Iterator[str]]

_LOOKS: dict[str, tuple[Look, ...]] = {
    "api.integration_errors": (_behind, _changes),
    "api.integration_timeout": (_behind,),
    "downstream_failure": (_below,),
    "lambda.async_backlog": (_log_if_it_fails,),
    "lambda.code_error_after_release": (_log_asked_for, _below),
    "lambda.memory_too_small": (_log, _below),
    "lambda.slow_dependency": (_below,),
    "lambda.stream_poison_batch": (_log_if_it_fails, _consumers_logs),
    "lambda.timeout_too_small": (_below,),
    "sqs.backlog": (_flow, _consumers),
    "sqs.poison_messages": (_consumers_logs,),
}
"""Cause class to what was looked at where it is more than a lead, about its own resource."""


__all__ = ["capped_unlooked"]
