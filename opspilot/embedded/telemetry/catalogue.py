"""Which metrics a fleet emits: names, namespaces and exact dimension sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opspilot.embedded.configuration import Timeline
from opspilot.embedded.fleet import Fleet, Invoke, TableCall
from opspilot.embedded.simulator.resolve import split_target
from opspilot.embedded.telemetry.api_samples import API_METRICS, HTTP_API_METRICS
from opspilot.embedded.telemetry.function_samples import (
    ACCOUNT_METRICS,
    FUNCTION_METRICS,
    LAMBDA_METRICS,
)
from opspilot.embedded.telemetry.queue_samples import QUEUE_METRICS
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.stream_samples import STREAM_METRICS
from opspilot.embedded.telemetry.table_samples import (
    CONSUMED,
    INDEX_METRICS,
    PROVISIONED,
    TABLE_METRICS,
)


def emitted(metric: MetricId, fleet: Fleet) -> bool:
    """Whether the fleet can emit the metric at all: exact names and dimension sets."""
    keys = tuple(key for key, _ in metric.dimensions)
    if (metric.name, keys) not in _SHAPES.get(metric.namespace, frozenset()):
        return False
    owner = dict(metric.dimensions)
    known: Mapping[str, set[str]] = {
        "FunctionName": {f.name for f in fleet.functions},
        "ApiName": {fleet.api.name} if fleet.api.protocol == "REST" else set(),
        "ApiId": {fleet.api.id} if fleet.api.protocol == "HTTP" else set(),
        "Stage": {fleet.api.stage},
        "TableName": {t.name for t in fleet.tables},
        "QueueName": {q.name for q in fleet.queues},
        "StreamName": {s.name for s in fleet.streams},
        "GlobalSecondaryIndexName": {i.name for t in fleet.tables for i in t.indexes},
    }
    return all(owner[key] in names for key, names in known.items() if key in owner)


_OPERATION_METRICS = ("SuccessfulRequestLatency",)
_SHAPES: Mapping[str, frozenset[tuple[str, tuple[str, ...]]]] = {
    "AWS/Lambda": frozenset(
        (name, keys)
        for name in LAMBDA_METRICS
        for keys in (
            (),
            ("FunctionName",),
            ("FunctionName", "Resource"),
            ("ExecutedVersion", "FunctionName", "Resource"),
        )
    )
    | frozenset((name, ("FunctionName",)) for name in FUNCTION_METRICS)
    | frozenset((name, ()) for name in ACCOUNT_METRICS),
    "AWS/ApiGateway": frozenset(
        (name, keys)
        for name in API_METRICS
        for keys in (("ApiName",), ("ApiName", "Stage"), ("ApiName", "Method", "Resource", "Stage"))
    )
    | frozenset(
        (name, keys) for name in HTTP_API_METRICS for keys in (("ApiId",), ("ApiId", "Stage"))
    ),
    "AWS/DynamoDB": frozenset(
        [(name, ("TableName",)) for name in TABLE_METRICS]
        + [(name, ("Operation", "TableName")) for name in _OPERATION_METRICS]
        + [(name, ("GlobalSecondaryIndexName", "TableName")) for name in INDEX_METRICS]
    ),
    "AWS/SQS": frozenset((name, ("QueueName",)) for name in QUEUE_METRICS),
    "AWS/Kinesis": frozenset((name, ("StreamName",)) for name in STREAM_METRICS),
}


def catalogue(fleet: Fleet, timeline: Timeline) -> Iterable[MetricId]:
    """Every metric of a fleet, with the resources that its configuration has ever had."""
    yield from _lambda_catalogue(timeline)
    yield from _event_catalogue(fleet)
    yield from _api_catalogue(fleet)
    yield from _table_catalogue(fleet)
    for queue in fleet.queues:
        for name in QUEUE_METRICS:
            yield MetricId.of("AWS/SQS", name, {"QueueName": queue.name})
    for stream in fleet.streams:
        for name in STREAM_METRICS:
            yield MetricId.of("AWS/Kinesis", name, {"StreamName": stream.name})


def _api_catalogue(fleet: Fleet) -> Iterable[MetricId]:
    """Of a REST API with those of its methods; an HTTP API tells no more unless it is asked to."""
    is_http = fleet.api.protocol == "HTTP"
    api = {"ApiId": fleet.api.id} if is_http else {"ApiName": fleet.api.name}
    staged = {**api, "Stage": fleet.api.stage}
    routes = () if is_http else fleet.api.routes
    methods = [{**staged, "Method": r.method, "Resource": r.path} for r in routes]
    for name in HTTP_API_METRICS if is_http else API_METRICS:
        for dimensions in (api, staged, *methods):
            yield MetricId.of("AWS/ApiGateway", name, dimensions)


def _table_catalogue(fleet: Fleet) -> Iterable[MetricId]:
    """What a table always publishes; throttle events exist only once there are some."""
    for table in fleet.tables:
        of_table = {"TableName": table.name}
        owners = [of_table]
        owners += [{**of_table, "GlobalSecondaryIndexName": one.name} for one in table.indexes]
        names = CONSUMED if table.billing == "on_demand" else (*CONSUMED, *PROVISIONED)
        for owner in owners:
            for name in names:
                yield MetricId.of("AWS/DynamoDB", name, owner)
        for operation in _operations(fleet):
            yield MetricId.of(
                "AWS/DynamoDB", "SuccessfulRequestLatency", {**of_table, "Operation": operation}
            )


def _operations(fleet: Fleet) -> list[str]:
    return sorted(
        {
            step.operation
            for build in fleet.builds.values()
            for step in build.steps
            if isinstance(step, TableCall)
        }
    )


def _lambda_catalogue(timeline: Timeline) -> Iterable[MetricId]:
    functions = timeline.current.functions
    for metric in ACCOUNT_METRICS:
        yield MetricId.of("AWS/Lambda", metric, {})
    for metric in LAMBDA_METRICS:
        yield MetricId.of("AWS/Lambda", metric, {})
        for function in functions.values():
            name = {"FunctionName": function.name}
            yield MetricId.of("AWS/Lambda", metric, name)
            if not function.aliases:
                resource = {**name, "Resource": function.name}
                yield MetricId.of("AWS/Lambda", metric, resource)
            for alias in function.aliases:
                resource = {**name, "Resource": f"{function.name}:{alias}"}
                yield MetricId.of("AWS/Lambda", metric, resource)


def _event_catalogue(fleet: Fleet) -> Iterable[MetricId]:
    """What functions have that others have always invoked asynchronously."""
    targets = {
        split_target(target)[0]
        for spec in fleet.functions
        for step in fleet.builds[spec.build].steps
        if isinstance(step, Invoke) and step.mode == "event"
        if (target := spec.environment.get(step.variable)) is not None
    }
    for name in sorted(targets & {spec.name for spec in fleet.functions}):
        for metric in ("AsyncEventsReceived", "AsyncEventAge"):
            yield MetricId.of("AWS/Lambda", metric, {"FunctionName": name})
