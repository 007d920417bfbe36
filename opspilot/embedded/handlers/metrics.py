"""CloudWatch metrics: GetMetricStatistics, ListMetrics, PutMetricData."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.metric_requests import (
    DAY_S,
    INVALID,
    check_period,
    check_span,
    parse_metric,
    parse_stat,
    query,
)
from opspilot.embedded.handlers.requests import encode_token, page_start, required
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.statistic import SIMPLE
from opspilot.embedded.wire import Call, Handler, Params

_MAX_STATISTICS = 1_440
_PAGE = 500


def _get_metric_statistics(call: Call, params: Params) -> Mapping[str, Any]:
    span = check_span(params)
    period = check_period(params.get("Period"), "GetMetricStatistics")
    if (span[1] - span[0]) / period > _MAX_STATISTICS:
        raise AwsError(
            "InvalidParameterCombination",
            f"You have requested up to {int((span[1] - span[0]) / period)} datapoints, which "
            f"exceeds the limit of {_MAX_STATISTICS}.",
        )
    metric = parse_metric(
        str(required(params, "Namespace", INVALID)),
        str(required(params, "MetricName", INVALID)),
        params.get("Dimensions") or [],
    )
    simple: list[str] = params.get("Statistics") or []
    extended: list[str] = params.get("ExtendedStatistics") or []
    if not simple and not extended:
        raise AwsError(
            "InvalidParameterCombination",
            "Either Statistics or ExtendedStatistics must be specified.",
        )
    points: dict[float, dict[str, Any]] = {}
    for name in (*simple, *extended):
        times, values = query(call, metric, parse_stat(name), period, span)
        for at, value in zip(times.tolist(), values.tolist(), strict=True):
            point = points.setdefault(at, {"Timestamp": at, "Unit": _unit(metric)})
            if name in SIMPLE:
                point[name] = value
            else:
                point.setdefault("ExtendedStatistics", {})[name] = value
    return {"Label": metric.name, "Datapoints": list(points.values())}


_UNITS = {
    "Duration": "Milliseconds",
    "Latency": "Milliseconds",
    "IntegrationLatency": "Milliseconds",
    "AsyncEventAge": "Milliseconds",
    "IteratorAge": "Milliseconds",
    "SuccessfulRequestLatency": "Milliseconds",
    "ApproximateAgeOfOldestMessage": "Seconds",
}


def _unit(metric: MetricId) -> str:
    return _UNITS.get(metric.name, "Count")


def _list_metrics(call: Call, params: Params) -> Mapping[str, Any]:
    wanted = cast("list[dict[str, str]]", params.get("Dimensions") or [])
    found = [
        metric
        for metric in call.account.metrics.catalogue()
        if params.get("Namespace") in (None, metric.namespace)
        and params.get("MetricName") in (None, metric.name)
        and _has(dict(metric.dimensions), wanted)
    ]
    first = page_start(params.get("NextToken"), "InvalidParameterValue")
    answer: dict[str, Any] = {"Metrics": [metric_json(m) for m in found[first : first + _PAGE]]}
    if first + _PAGE < len(found):
        answer["NextToken"] = encode_token(first + _PAGE)
    return answer


def _has(dimensions: dict[str, str], wanted: list[dict[str, str]]) -> bool:
    return all(
        d["Name"] in dimensions and d.get("Value") in (None, dimensions[d["Name"]]) for d in wanted
    )


def metric_json(metric: MetricId) -> dict[str, Any]:
    """A metric as the API shows it."""
    return {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": k, "Value": v} for k, v in metric.dimensions],
    }


def _put_metric_data(call: Call, params: Params) -> Mapping[str, Any]:
    namespace = str(required(params, "Namespace", INVALID))
    if namespace.startswith("AWS/"):
        raise AwsError(
            "InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid."
        )
    data = cast("list[dict[str, Any]]", params.get("MetricData") or [])
    if len(data) > 1000:
        raise AwsError(INVALID, "At most 1000 metrics may be published at once.")
    call.account.world.put_metrics(namespace, [_datum(call, d) for d in data], call.now)
    return {}


def _datum(call: Call, datum: dict[str, Any]) -> Mapping[str, object]:
    at = float(datum.get("Timestamp") or call.now)
    if not call.now - 14 * DAY_S <= at <= call.now + 7200:
        raise AwsError(
            "InvalidParameterValue",
            "Timestamps must lie within two weeks past and two hours ahead.",
        )
    values = [datum["Value"]] if datum.get("Value") is not None else datum.get("Values")
    if not values:
        raise AwsError(INVALID, "The embedded account needs Value or Values for each metric.")
    counts = datum.get("Counts") or [1.0] * len(values)
    repeated = [float(v) for v, n in zip(values, counts, strict=False) for _ in range(int(n))]
    dimensions: list[dict[str, str]] = datum.get("Dimensions") or []
    pairs = {d["Name"]: d["Value"] for d in dimensions}
    return {"name": datum["MetricName"], "dimensions": pairs, "time": at, "values": repeated}


HANDLERS: Mapping[str, Handler] = {
    "GetMetricStatistics": _get_metric_statistics,
    "ListMetrics": _list_metrics,
    "PutMetricData": _put_metric_data,
}
