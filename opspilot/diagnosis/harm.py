"""What hurts somebody, as against what merely moved."""

from datetime import timedelta

from opspilot.diagnosis.case import DURATIONS, Case, Shown
from opspilot.diagnosis.levels import growth, period_seconds
from opspilot.diagnosis.symptoms import (
    killed_for_memory,
    out_of_proportion,
    risen_errors,
    timeouts,
)
from opspilot.domain.evidence import MetricDetail

HARM = (
    "lambda.errors",
    "lambda.throttles",
    *DURATIONS,
    "lambda.async_age",
    "lambda.async_dropped",
    "lambda.dead_letter_errors",
    "lambda.iterator_age",
    "lambda.recursive",
    "account.throttles",
    "api.5xx",
    "api.4xx",
    "api.latency_p99",
    "api.integration_latency_p99",
    "sqs.visible",
    "sqs.oldest_age",
    "sqs.received",
    "dynamodb.read_throttles",
    "dynamodb.write_throttles",
    "dynamodb.index_read_throttles",
    "dynamodb.index_write_throttles",
    "dynamodb.conditional_failures",
    "stream.iterator_age",
    "stream.write_throttles",
    "stream.read_throttles",
)
"""Signals whose rise hurts somebody; more traffic alone hurts nobody."""

TRAFFIC = (
    "lambda.invocations",
    "account.invocations",
    "api.count",
    "lambda.concurrency",
    "dynamodb.reads",
    "dynamodb.writes",
    "sqs.sent",
    "stream.incoming",
)
"""Signals whose fall says that somebody does not get through, or does not come."""

_SLOWER = 1.5
_SLOWEST_SLOWER = 2.0
_AGE_SECONDS = 30.0
_AGE_MS = 5_000.0
_SETTLES = timedelta(minutes=1)
"""How much later than its period a metric is whole."""


def bare(signal: str) -> str:
    """A signal's name without the index that it is of."""
    return signal.partition(":")[0]


def hurts(case: Case, shown: Shown[MetricDetail]) -> bool:
    """Whether what a metric shows hurts somebody: it moved the bad way, and by enough to matter."""
    detail = shown.detail
    if not detail.anomalous:
        return False
    if detail.direction == "down":
        return detail.signal in TRAFFIC
    return bare(detail.signal) in HARM and _matters(case, shown)


def _matters(case: Case, shown: Shown[MetricDetail]) -> bool:
    signal = shown.detail.signal
    if signal in (*DURATIONS, "api.latency_p99", "api.integration_latency_p99"):
        if _is_fresh(shown):
            return False
        times = growth(shown)
        return times is None or times >= (
            _SLOWEST_SLOWER if signal == "lambda.duration_max" else _SLOWER
        )
    peak = shown.detail.peak_value
    if signal == "sqs.oldest_age":
        return peak is None or peak >= _AGE_SECONDS
    if signal in ("lambda.async_age", "lambda.iterator_age", "stream.iterator_age"):
        return peak is None or peak >= _AGE_MS
    if signal == "sqs.received":
        return _comes_back(case, shown)
    if signal == "sqs.visible":
        # More messages on their way are no backlog while none of them waits for long.
        age = case.metric(shown.evidence.resource, "sqs.oldest_age")
        return age is None or age.detail.anomalous
    return out_of_proportion(case, shown)


def _is_fresh(shown: Shown[MetricDetail]) -> bool:
    """Whether it rose in the last periods alone: of a level these rest on a part of the calls.

    A period that is not over, or whose data is still on its way, tells the level of few calls.
    """
    onset, end = shown.detail.onset, shown.evidence.window.end
    return onset is not None and onset > end - _SETTLES - timedelta(seconds=period_seconds(shown))


def _comes_back(case: Case, received: Shown[MetricDetail]) -> bool:
    """Whether more is received than more is sent: the same messages again, and their work twice."""
    sent = case.metric(received.evidence.resource, "sqs.sent")
    times, fair = growth(received), growth(sent)
    return times is not None and fair is not None and times >= _SLOWER * max(fair, 1.0)


def harmful(case: Case) -> tuple[Shown[MetricDetail], ...]:
    """The metrics that hurt."""
    return tuple(shown for shown in case.metrics if hurts(case, shown))


def harmed(case: Case) -> bool:
    """Whether anything abnormal hurts: in a harmful signal, in vanished traffic, or in a log."""
    return bool(harmful(case)) or hurt_in_logs(case)


def hurt_in_logs(case: Case) -> bool:
    """Whether a log tells of failures that it did not tell of before."""
    return any(
        timeouts(case, resource)
        or killed_for_memory(case, resource)
        or risen_errors(case, resource)
        for resource in case.functions
    )


__all__ = ["HARM", "TRAFFIC", "bare", "harmed", "harmful", "hurt_in_logs", "hurts"]
