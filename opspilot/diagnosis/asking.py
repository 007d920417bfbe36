"""Questions that decide about an explanation, and which of them a ledger has answered.

That there is no data is an answer. What was not asked yet, was denied or was cut is none.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from opspilot.diagnosis.case import DURATIONS, Case
from opspilot.domain.evidence import ComparisonRequest, TracesDetail
from opspilot.domain.model import Model
from opspilot.domain.resource import Resource, ResourceKind, lambda_account
from opspilot.domain.signals import signal_named

Source = Literal["metrics", "logs", "configuration", "changes", "topology"]

_THROTTLES = ("dynamodb.read_throttles", "dynamodb.write_throttles")
_INDEX_THROTTLES = ("dynamodb.index_read_throttles", "dynamodb.index_write_throttles")
_USED = ("dynamodb.reads", "dynamodb.writes")


class Ask(Model):
    """One question.

    Attributes:
        signals: Of metrics: any one of these answers it.
        why: What its answer may tell, to go on after "because".
    """

    resource: Resource
    source: Source
    signals: tuple[str, ...] = ()
    why: str

    @property
    def what(self) -> str:
        """What is asked for, in words."""
        name = self.resource.name
        if self.source == "metrics":
            return f"{signal_named(self.signals[0]).title.lower()} of {name}"
        if self.source == "topology":
            return f"what {name} calls"
        return f"the {'log' if self.source == 'logs' else self.source} of {name}"


Asks = Callable[[Case, Resource], Iterator[Ask]]
"""The questions that one concern puts about the resource that an explanation accuses."""


def is_answered(case: Case, ask: Ask) -> bool:
    """Whether the ledger holds an answer, be it that there is no data."""
    if ask.source == "topology":
        return case.knows_callees_of(ask.resource) or _is_traced(case, ask.resource)
    if ask.source == "changes":
        return case.feed_of(ask.resource) is not None or any(
            item.resource == ask.resource and isinstance(item.request, ComparisonRequest)
            for item, _ in case.entries.feeds
        )
    if ask.source == "configuration" and ask.resource.kind is ResourceKind.ACCOUNT:
        return case.limits is not None
    signals = ask.signals or ("",)
    return any(case.entries.answered(ask.source, ask.resource, one) for one in signals)


def _is_traced(case: Case, resource: Resource) -> bool:
    """Whether traced calls tell whom it calls, where the call graph itself was not read."""
    calls = (
        call
        for item in case.entries.arrived
        if isinstance(item.detail, TracesDetail)
        for call in item.detail.calls
    )
    return any(resource in (edge.caller, edge.callee) for edge in (call.edge() for call in calls))


def below(case: Case, accused: Resource) -> Iterator[Ask]:
    """Whether what it calls, or a table that it uses, failed or slowed first."""
    if accused.kind not in (ResourceKind.FUNCTION, ResourceKind.API):
        return
    yield Ask(
        resource=accused,
        source="topology",
        why=f"what {accused.name} itself calls may have failed first",
    )
    yield from _well(case.callees(accused), accused)
    for table in case.tables_of(accused):
        yield from _throttles(case, table)


def _well(functions: Iterable[Resource], accused: Resource) -> Iterator[Ask]:
    for one in functions:
        why = f"{one.name} may have failed or slowed before {accused.name}"
        yield Ask(resource=one, source="metrics", signals=("lambda.errors",), why=why)
        yield Ask(resource=one, source="metrics", signals=DURATIONS, why=why)


def _throttles(case: Case, table: Resource) -> Iterator[Ask]:
    described = case.table(table)
    indexes = [one.name for one in described.detail.indexes] if described else []
    signals = [*_THROTTLES, *(f"{one}:{name}" for name in indexes for one in _INDEX_THROTTLES)]
    for signal in signals:
        why = f"{table.name} may turn its users away"
        yield Ask(resource=table, source="metrics", signals=(signal,), why=why)


def consumers(case: Case, source: Resource) -> Iterator[Ask]:
    """Whether whoever works off a queue or stream fails or slowed by itself."""
    found = case.consumers_of(source)
    if not found:
        why = f"nothing may consume {source.name}"
        yield Ask(resource=source, source="configuration", why=why)
    yield from _well(found, source)


def consumers_logs(case: Case, source: Resource) -> Iterator[Ask]:
    """What whoever works it off says of its failures."""
    for one in case.consumers_of(source):
        yield Ask(resource=one, source="logs", why=f"{one.name} may fail by itself")


def users_logs(case: Case, table: Resource) -> Iterator[Ask]:
    """What a user of a table says of it: the first that fails, else the first."""
    users = sorted(case.users_of(table), key=lambda one: case.risen(one, "lambda.errors") is None)
    for one in users[:1]:
        yield Ask(resource=one, source="logs", why=f"{one.name} may fail by itself")


def flow(_: Case, queue: Resource) -> Iterator[Ask]:
    """Whether less is taken out of a queue than comes in."""
    for signal in ("sqs.sent", "sqs.deleted"):
        why = f"as much may be taken out of {queue.name} as comes in"
        yield Ask(resource=queue, source="metrics", signals=(signal,), why=why)


def used(_: Case, table: Resource) -> Iterator[Ask]:
    """How much of a table's capacity is used."""
    why = f"{table.name} may not have been at its capacity"
    yield Ask(resource=table, source="metrics", signals=_USED, why=why)


def used_below(case: Case, accused: Resource) -> Iterator[Ask]:
    """How much of the capacity of its tables is used."""
    for table in case.tables_of(accused):
        yield from used(case, table)


def concurrency(_: Case, accused: Resource) -> Iterator[Ask]:
    """How many run at a time."""
    signals = ("lambda.concurrency", "account.concurrency")
    signal = signals[accused.kind is ResourceKind.ACCOUNT]
    why = f"{accused.name} may not have been at its limit"
    yield Ask(resource=accused, source="metrics", signals=(signal,), why=why)


def traffic(_: Case, accused: Resource) -> Iterator[Ask]:
    """How much comes in."""
    signals = {ResourceKind.API: "api.count", ResourceKind.FUNCTION: "lambda.invocations"}
    signal = signals.get(accused.kind)
    if signal:
        why = f"as much may come in at {accused.name} as ever"
        yield Ask(resource=accused, source="metrics", signals=(signal,), why=why)


def turned_away(case: Case, accused: Resource) -> Iterator[Ask]:
    """Whether callers are turned away: by its own limit, or by that of all functions together."""
    if accused.kind is ResourceKind.FUNCTION:
        why = f"callers of {accused.name} may be turned away"
        yield Ask(resource=accused, source="metrics", signals=("lambda.throttles",), why=why)
        account = lambda_account(accused.account, accused.region)
        yield Ask(resource=account, source="metrics", signals=("account.throttles",), why=why)
    for one in case.callees(accused):
        why = f"callers of {one.name} may be turned away"
        yield Ask(resource=one, source="metrics", signals=("lambda.throttles",), why=why)


def log(_: Case, accused: Resource) -> Iterator[Ask]:
    """What a function says of its own failures."""
    if accused.kind is ResourceKind.FUNCTION:
        why = f"the log of {accused.name} may tell of another failure"
        yield Ask(resource=accused, source="logs", why=why)


def configuration(_: Case, accused: Resource) -> Iterator[Ask]:
    """How it is set up, now and before."""
    if accused.kind is not ResourceKind.API:
        why = f"{accused.name} may not be set up as the explanation has it"
        yield Ask(resource=accused, source="configuration", why=why)


def changes(_: Case, accused: Resource) -> Iterator[Ask]:
    """Whether it changed at all."""
    why = f"if {accused.name} did not change, something else did"
    yield Ask(resource=accused, source="changes", why=why)


__all__ = [
    "Ask",
    "Asks",
    "Source",
    "below",
    "changes",
    "concurrency",
    "configuration",
    "consumers",
    "consumers_logs",
    "flow",
    "is_answered",
    "log",
    "traffic",
    "turned_away",
    "used",
    "used_below",
    "users_logs",
]
