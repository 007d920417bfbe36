"""The table of signals: what is read of each kind of resource, in our words and CloudWatch's."""

from opspilot.domain.model import Model
from opspilot.domain.resource import ResourceKind
from opspilot.domain.telemetry import MetricKind


class Signal(Model):
    """One metric of a kind of resource under one statistic.

    Attributes:
        name: Our word, "lambda.errors"; one of an index ends in its name,
            "dynamodb.index_write_throttles:by-day".
        title: For people, "Errors".
        unit: "count", "ms", "s"; counts have no unit shown.
        dimension: That holds the resource's name; empty for a metric of the whole account.
        missing_is_zero: Whether no datapoint means that nothing happened.
        further: Dimensions beside that one, with their values.
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
    further: tuple[tuple[str, str], ...] = ()


_Row = tuple[str, str, str, str, MetricKind]
"""Name, title, metric, statistic and kind."""


def _signals(
    prefix: str, namespace: str, dimension: str, *rows: _Row, unit: str = ""
) -> tuple[Signal, ...]:
    """Signals of one kind of resource; a duration is in ms, `unit` says otherwise of gauges."""
    return tuple(
        Signal(
            name=f"{prefix}.{name}",
            title=title,
            namespace=namespace,
            metric=metric,
            statistic=statistic,
            unit="ms" if kind == "duration" else unit or "count",
            kind=kind,
            dimension=dimension,
            missing_is_zero=kind == "count",
        )
        for name, title, metric, statistic, kind in rows
    )


SIGNALS: dict[ResourceKind, tuple[Signal, ...]] = {
    ResourceKind.FUNCTION: _signals(
        "lambda",
        "AWS/Lambda",
        "FunctionName",
        ("errors", "Errors", "Errors", "Sum", "count"),
        ("invocations", "Invocations", "Invocations", "Sum", "count"),
        ("duration_p50", "Duration p50", "Duration", "p50", "duration"),
        ("duration_p99", "Duration p99", "Duration", "p99", "duration"),
        ("duration_max", "Duration maximum", "Duration", "Maximum", "duration"),
        ("throttles", "Throttles", "Throttles", "Sum", "count"),
        ("concurrency", "Concurrent executions", "ConcurrentExecutions", "Maximum", "gauge"),
        ("async_age", "Age of asynchronous events", "AsyncEventAge", "Maximum", "duration"),
        ("async_dropped", "Asynchronous events dropped", "AsyncEventsDropped", "Sum", "count"),
        ("dead_letter_errors", "Dead letters lost", "DeadLetterErrors", "Sum", "count"),
        ("iterator_age", "Iterator age", "IteratorAge", "Maximum", "duration"),
        ("recursive", "Recursive calls dropped", "RecursiveInvocationsDropped", "Sum", "count"),
    ),
    ResourceKind.API: _signals(
        "api",
        "AWS/ApiGateway",
        "ApiName",
        ("5xx", "5xx answers", "5XXError", "Sum", "count"),
        ("4xx", "4xx answers", "4XXError", "Sum", "count"),
        ("count", "Requests", "Count", "Sum", "count"),
        ("latency_p99", "Latency p99", "Latency", "p99", "duration"),
        (
            "integration_latency_p99",
            "Integration latency p99",
            "IntegrationLatency",
            "p99",
            "duration",
        ),
    ),
    ResourceKind.QUEUE: (
        *_signals(
            "sqs",
            "AWS/SQS",
            "QueueName",
            (
                "visible",
                "Messages waiting",
                "ApproximateNumberOfMessagesVisible",
                "Maximum",
                "gauge",
            ),
        ),
        *_signals(
            "sqs",
            "AWS/SQS",
            "QueueName",
            (
                "oldest_age",
                "Age of oldest message",
                "ApproximateAgeOfOldestMessage",
                "Maximum",
                "gauge",
            ),
            unit="s",
        ),
        *_signals(
            "sqs",
            "AWS/SQS",
            "QueueName",
            ("sent", "Messages sent", "NumberOfMessagesSent", "Sum", "count"),
            ("received", "Messages received", "NumberOfMessagesReceived", "Sum", "count"),
            ("deleted", "Messages deleted", "NumberOfMessagesDeleted", "Sum", "count"),
            (
                "in_flight",
                "Messages in flight",
                "ApproximateNumberOfMessagesNotVisible",
                "Maximum",
                "gauge",
            ),
        ),
    ),
    ResourceKind.STREAM: _signals(
        "stream",
        "AWS/Kinesis",
        "StreamName",
        ("incoming", "Records put", "IncomingRecords", "Sum", "count"),
        (
            "iterator_age",
            "Iterator age",
            "GetRecords.IteratorAgeMilliseconds",
            "Maximum",
            "duration",
        ),
        (
            "write_throttles",
            "Throttled writes",
            "WriteProvisionedThroughputExceeded",
            "Sum",
            "count",
        ),
        (
            "read_throttles",
            "Throttled reads",
            "ReadProvisionedThroughputExceeded",
            "Sum",
            "count",
        ),
    ),
    ResourceKind.TABLE: _signals(
        "dynamodb",
        "AWS/DynamoDB",
        "TableName",
        ("read_throttles", "Throttled reads", "ReadThrottleEvents", "Sum", "count"),
        ("write_throttles", "Throttled writes", "WriteThrottleEvents", "Sum", "count"),
        ("reads", "Consumed read capacity", "ConsumedReadCapacityUnits", "Sum", "count"),
        ("writes", "Consumed write capacity", "ConsumedWriteCapacityUnits", "Sum", "count"),
        (
            "conditional_failures",
            "Conditional writes refused",
            "ConditionalCheckFailedRequests",
            "Sum",
            "count",
        ),
        (
            "provisioned_reads",
            "Provisioned read capacity",
            "ProvisionedReadCapacityUnits",
            "Average",
            "gauge",
        ),
        (
            "provisioned_writes",
            "Provisioned write capacity",
            "ProvisionedWriteCapacityUnits",
            "Average",
            "gauge",
        ),
    ),
    ResourceKind.ACCOUNT: _signals(
        "account",
        "AWS/Lambda",
        "",
        (
            "concurrency",
            "Concurrent executions",
            "ConcurrentExecutions",
            "Maximum",
            "gauge",
        ),
        ("throttles", "Throttles", "Throttles", "Sum", "count"),
        ("invocations", "Invocations", "Invocations", "Sum", "count"),
        ("errors", "Errors", "Errors", "Sum", "count"),
    ),
}
"""Signals by kind of resource, most telling first; of APIs, those of REST APIs."""

_HTTP_METRICS = {"5XXError": "5xx", "4XXError": "4xx"}
HTTP_API_SIGNALS = tuple(
    signal.model_copy(
        update={
            "metric": _HTTP_METRICS.get(signal.metric, signal.metric),
            "dimension": "ApiId",
        }
    )
    for signal in SIGNALS[ResourceKind.API]
)
"""The same of HTTP APIs, whose metrics are filed by id and are called otherwise in part."""

INDEX_DIMENSION = "GlobalSecondaryIndexName"
INDEX_SIGNALS = {
    signal.metric: signal
    for signal in _signals(
        "dynamodb",
        "AWS/DynamoDB",
        "TableName",
        ("index_write_throttles", "Throttled writes", "WriteThrottleEvents", "Sum", "count"),
        ("index_read_throttles", "Throttled reads", "ReadThrottleEvents", "Sum", "count"),
    )
}
"""By CloudWatch's name; of any index."""
