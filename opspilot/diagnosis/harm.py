"""What hurts somebody, as against what merely moved."""

from datetime import timedelta
from statistics import median

from opspilot.diagnosis.case import DURATIONS, Case, Shown
from opspilot.diagnosis.levels import growth, period_seconds, since, until
from opspilot.diagnosis.symptoms import (
    killed_for_memory,
    out_of_proportion,
    risen_errors,
    timeouts,
)
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource

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
_BEFORE = 10
_AGES_MS = ("lambda.async_age", "lambda.iterator_age", "stream.iterator_age")
_AGES = (*_AGES_MS, "sqs.oldest_age")
_BY_TRAFFIC = {"sqs.received": "sqs.sent", "sqs.visible": "sqs.oldest_age"}
"""What rises with more traffic, and the signal that tells that from harm."""
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
    if signal in _AGES_MS:
        return peak is None or peak >= _AGE_MS
    if signal == "sqs.received":
        return _comes_back(case, shown)
    if signal == "sqs.visible":
        return _waits_longer(case, shown)
    return out_of_proportion(case, shown)


def _waits_longer(case: Case, visible: Shown[MetricDetail]) -> bool:
    """Whether what waits in a queue waits for long: more on their way alone are no backlog.

    One message that was stuck in the baseline lifts the band of the age beyond anything; so the age
    counts by its level as well, from when more began to wait on, against right before that.
    """
    age, onset = case.metric(visible.evidence.resource, "sqs.oldest_age"), visible.detail.onset
    if age is None or age.detail.anomalous:
        return True
    if onset is None:
        return False
    now, before = since(age, onset), until(age, onset)[-_BEFORE:]
    level = median(now) if now else 0.0
    return level >= _AGE_SECONDS and level >= _SLOWEST_SLOWER * (median(before) if before else 0.0)


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


def unsettled(case: Case, resource: Resource) -> tuple[Shown[MetricDetail], ...]:
    """Signals of harm that rose at a resource by too little to be called harm.

    Left out is what is known to be harmless: ages of a moment, and what rose as its traffic did.
    """
    return tuple(
        shown
        for shown in case.metrics
        if shown.evidence.resource == resource
        and shown.detail.anomalous
        and shown.detail.direction == "up"
        and bare(shown.detail.signal) in HARM
        and not hurts(case, shown)
        and not _is_harmless(case, shown)
    )


def _is_harmless(case: Case, shown: Shown[MetricDetail]) -> bool:
    """Whether it does not hurt by something that was read, and not for want of size alone."""
    signal, resource = shown.detail.signal, shown.evidence.resource
    if signal in _BY_TRAFFIC:
        return case.metric(resource, _BY_TRAFFIC[signal]) is not None
    return signal in _AGES or not out_of_proportion(case, shown)


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


__all__ = ["HARM", "TRAFFIC", "bare", "harmed", "harmful", "hurt_in_logs", "hurts", "unsettled"]
