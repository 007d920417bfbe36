"""The signals that OpsPilot reads of each kind of resource, in our words and in CloudWatch's."""

from opspilot.domain.model import Model
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.telemetry import MetricKind, MetricQuery


class Signal(Model):
    """One metric of a kind of resource under one statistic.

    Attributes:
        name: Our word, "lambda.errors".
        title: For people, "Errors".
        unit: "count", "ms", "s"; counts have no unit shown.
        missing_is_zero: Whether no datapoint means that nothing happened.
    """

    name: str
    title: str
    namespace: str
    metric: str
    statistic: str
    unit: str
    kind: MetricKind
    dimension: str
    missing_is_zero: bool = False


def _lambda(name: str, title: str, metric: str, statistic: str, kind: MetricKind) -> Signal:
    return Signal(
        name=f"lambda.{name}",
        title=title,
        namespace="AWS/Lambda",
        metric=metric,
        statistic=statistic,
        unit="ms" if kind == "duration" else "count",
        kind=kind,
        dimension="FunctionName",
        missing_is_zero=kind == "count",
    )


SIGNALS: dict[ResourceKind, tuple[Signal, ...]] = {
    ResourceKind.FUNCTION: (
        _lambda("errors", "Errors", "Errors", "Sum", "count"),
        _lambda("invocations", "Invocations", "Invocations", "Sum", "count"),
        _lambda("duration_p50", "Duration p50", "Duration", "p50", "duration"),
        _lambda("duration_p99", "Duration p99", "Duration", "p99", "duration"),
        _lambda("duration_max", "Duration maximum", "Duration", "Maximum", "duration"),
        _lambda("throttles", "Throttles", "Throttles", "Sum", "count"),
        _lambda("concurrency", "Concurrent executions", "ConcurrentExecutions", "Maximum", "gauge"),
    ),
    ResourceKind.API: (
        Signal(
            name="api.5xx",
            title="5xx answers",
            namespace="AWS/ApiGateway",
            metric="5XXError",
            statistic="Sum",
            unit="count",
            kind="count",
            dimension="ApiName",
            missing_is_zero=True,
        ),
        Signal(
            name="api.4xx",
            title="4xx answers",
            namespace="AWS/ApiGateway",
            metric="4XXError",
            statistic="Sum",
            unit="count",
            kind="count",
            dimension="ApiName",
            missing_is_zero=True,
        ),
        Signal(
            name="api.count",
            title="Requests",
            namespace="AWS/ApiGateway",
            metric="Count",
            statistic="Sum",
            unit="count",
            kind="count",
            dimension="ApiName",
            missing_is_zero=True,
        ),
        Signal(
            name="api.latency_p99",
            title="Latency p99",
            namespace="AWS/ApiGateway",
            metric="Latency",
            statistic="p99",
            unit="ms",
            kind="duration",
            dimension="ApiName",
        ),
    ),
    ResourceKind.QUEUE: (
        Signal(
            name="sqs.visible",
            title="Messages waiting",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            unit="count",
            kind="gauge",
            dimension="QueueName",
        ),
        Signal(
            name="sqs.oldest_age",
            title="Age of oldest message",
            namespace="AWS/SQS",
            metric="ApproximateAgeOfOldestMessage",
            statistic="Maximum",
            unit="s",
            kind="gauge",
            dimension="QueueName",
        ),
    ),
    ResourceKind.TABLE: (
        Signal(
            name="dynamodb.throttled",
            title="Throttled requests",
            namespace="AWS/DynamoDB",
            metric="ThrottledRequests",
            statistic="Sum",
            unit="count",
            kind="count",
            dimension="TableName",
            missing_is_zero=True,
        ),
        Signal(
            name="dynamodb.reads",
            title="Consumed read capacity",
            namespace="AWS/DynamoDB",
            metric="ConsumedReadCapacityUnits",
            statistic="Sum",
            unit="count",
            kind="count",
            dimension="TableName",
            missing_is_zero=True,
        ),
    ),
}
"""Signals by kind of resource, most telling first."""


def signals_of(resource: Resource) -> tuple[Signal, ...]:
    """The signals of a resource's kind; empty for a kind that has none."""
    return SIGNALS.get(resource.kind, ())


def signal_named(name: str) -> Signal:
    """The signal of this name.

    Raises:
        KeyError: There is none.
    """
    for group in SIGNALS.values():
        for signal in group:
            if signal.name == name:
                return signal
    raise KeyError(name)


def query_of(signal: Signal, resource: Resource, period_seconds: int = 60) -> MetricQuery:
    """The CloudWatch query that reads `signal` of `resource`."""
    return MetricQuery(
        namespace=signal.namespace,
        metric=signal.metric,
        dimensions=((signal.dimension, resource.name),),
        statistic=signal.statistic,
        period_seconds=period_seconds,
    )


def signal_of_query(query: MetricQuery) -> Signal | None:
    """The signal that a query reads, whatever the resource; None when it is none of ours."""
    return next(
        (
            signal
            for group in SIGNALS.values()
            for signal in group
            if (signal.namespace, signal.metric, signal.statistic)
            == (query.namespace, query.metric, query.statistic)
        ),
        None,
    )


def signal_for(query: MetricQuery) -> Signal:
    """How any query's answer is to be read: as one of our signals, or as what it is by itself.

    A metric of ours under another statistic keeps its kind and unit, where that statistic leaves
    them as they are; of any other metric nothing is assumed.
    """
    known = signal_of_query(query)
    if known is not None:
        return known
    kind, unit = _kind_and_unit(query)
    return Signal(
        name=f"{query.namespace}/{query.metric}",
        title=f"{query.metric} {query.statistic}",
        namespace=query.namespace,
        metric=query.metric,
        statistic=query.statistic,
        unit=unit,
        kind=kind,
        dimension=", ".join(name for name, _ in query.dimensions),
    )


def _kind_and_unit(query: MetricQuery) -> tuple[MetricKind, str]:
    """Of a query that none of our signals reads."""
    related = next(
        (
            signal
            for group in SIGNALS.values()
            for signal in group
            if (signal.namespace, signal.metric) == (query.namespace, query.metric)
        ),
        None,
    )
    if query.statistic == "SampleCount":
        return "count", "count"
    if related is None or query.statistic == "Sum":
        return "gauge", ""
    # The average of a count is a share of calls, and its extremes are single calls.
    return ("rate", "") if related.kind == "count" else (related.kind, related.unit)
