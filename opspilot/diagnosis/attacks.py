"""The questions that would refute each class of cause, and what holds while they are open."""

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
    traffic,
    used,
    users_logs,
)
from opspilot.diagnosis.assessment import Assessment
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.standing import CONFIRMED_FROM
from opspilot.domain.hypothesis import Hypothesis

UNREFUTED_CAP = CONFIRMED_FROM - 0.01
"""What nobody could try to refute is likely at most."""

ATTACKS: dict[str, tuple[Asks, ...]] = {
    "api.client_errors": (below,),
    "api.integration_errors": (below, changes),
    "api.integration_timeout": (below,),
    "bad_deployment": (log,),
    "downstream_failure": (below, changes),
    "dynamodb.capacity_lag": (configuration, used),
    "dynamodb.conditional_check_storm": (users_logs,),
    "dynamodb.hot_partition": (used, configuration),
    "dynamodb.index_back_pressure": (configuration,),
    "dynamodb.table_throttled": (used, configuration),
    "expired_credential": (changes,),
    "lambda.account_concurrency_exhausted": (configuration, concurrency),
    "lambda.async_backlog": (log, configuration),
    "lambda.bad_environment": (configuration,),
    "lambda.code_error_after_release": (log, below, configuration),
    "lambda.cold_start_surge": (log,),
    "lambda.memory_too_small": (log, below),
    "lambda.missing_dependency": (log, configuration),
    "lambda.out_of_memory": (log, configuration),
    "lambda.permission_denied": (log, configuration),
    "lambda.retry_storm": (below, traffic),
    "lambda.slow_dependency": (below,),
    "lambda.stream_poison_batch": (log, consumers_logs),
    "lambda.throttled_by_reserved_concurrency": (configuration, concurrency),
    "lambda.timeout_too_small": (below, configuration),
    "provider_trouble": (log,),
    "sqs.backlog": (consumers, flow),
    "sqs.poison_messages": (consumers_logs,),
    "sqs.visibility_timeout_too_small": (configuration, consumers),
    "traffic_drop": (traffic,),
    "traffic_surge": (traffic,),
}
"""Cause class to what would refute it if it were read, about the accused resource."""


def attacks_on(case: Case, hypothesis: Hypothesis) -> Iterator[Ask]:
    """The questions that would refute a hypothesis, answered ones included."""
    for asks in ATTACKS.get(hypothesis.cause_class, ()):
        yield from asks(case, hypothesis.resource)


def open_attacks(case: Case, hypothesis: Hypothesis) -> Iterator[Ask]:
    """Those that have no answer: not asked, or asked in vain."""
    return (ask for ask in attacks_on(case, hypothesis) if not is_answered(case, ask))


def capped_unattacked(case: Case, one: Assessment) -> Assessment:
    """The same as likely at most, while a question that could refute it has no answer."""
    if one.ruled_out or one.confidence <= UNREFUTED_CAP:
        return one
    left = next(open_attacks(case, one.hypothesis), None)
    if left is None:
        return one
    return one.capped(UNREFUTED_CAP, f"not read, and could refute it: {left.what}; at most likely")


def separating(case: Case, one: Hypothesis, other: Hypothesis) -> str:
    """The open question that tells two rivals from each other, in words; empty if there is none.

    Best is what could refute only one of the two.
    """
    of_one, of_other = (list(open_attacks(case, each)) for each in (one, other))
    told = {(ask.resource, ask.source, ask.signals) for ask in of_other}
    mine = [ask for ask in of_one if (ask.resource, ask.source, ask.signals) not in told]
    ask = next(iter((*mine, *of_other, *of_one)), None)
    if ask is None:
        return ""
    return f"Read {ask.what}: it tells {one.cause_class} from {other.cause_class}"


__all__ = [
    "ATTACKS",
    "UNREFUTED_CAP",
    "attacks_on",
    "capped_unattacked",
    "open_attacks",
    "separating",
]
