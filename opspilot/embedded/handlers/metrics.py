"""CloudWatch metrics: GetMetricData, GetMetricStatistics, ListMetrics, PutMetricData."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.requests import decode_token, encode_token, page_start, required
from opspilot.embedded.simulator.traffic import Floats
from opspilot.embedded.telemetry.metric_math import Series, evaluate, invalid, references
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.statistic import SIMPLE, Statistic, parse_statistic
from opspilot.embedded.wire import Call, Handler, Params

_MAX_QUERIES = 500
_MAX_DATAPOINTS = 100_800
_MAX_STATISTICS = 1_440
_PAGE = 500
_DAY = 86400.0
_ID = re.compile(r"[a-z]\w*")
_INVALID = "ValidationError"


def parse_metric(namespace: str, name: str, dimensions: list[dict[str, str]]) -> MetricId:
    """The metric that a request names; at most 30 dimensions."""
    if len(dimensions) > 30:
        raise AwsError(_INVALID, "At most 30 dimensions are allowed.")
    pairs = {str(d.get("Name")): str(d.get("Value")) for d in dimensions}
    return MetricId.of(namespace, name, pairs)


def parse_stat(text: str) -> Statistic:
    """The statistic that a request names."""
    statistic = parse_statistic(text)
    if statistic is None:
        raise AwsError(_INVALID, f"Invalid statistic: {text}")
    return statistic


def check_period(period: object, what: str) -> int:
    """A period that CloudWatch accepts."""
    if isinstance(period, int) and (period in (1, 5, 10, 30) or (period > 0 and period % 60 == 0)):
        return period
    raise AwsError(
        _INVALID, f"The parameter {what}.Period must be 1, 5, 10, 30 or a multiple of 60: {period}"
    )


def check_span(params: Params) -> tuple[float, float]:
    """StartTime and EndTime, in order."""
    start = float(required(params, "StartTime", _INVALID))
    end = float(required(params, "EndTime", _INVALID))
    if start >= end:
        raise AwsError(_INVALID, "The parameter StartTime must be less than the parameter EndTime.")
    return start, end


def rounded_start(start: float, now: float) -> float:
    """StartTime rounded down as CloudWatch does, by its age."""
    age = now - start
    step = 60.0 if age < 15 * _DAY else 300.0 if age < 63 * _DAY else 3600.0
    return start // step * step


def query(
    call: Call, metric: MetricId, statistic: Statistic, period: int, span: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Points of a metric as stored: fine periods vanish with age, silently."""
    begin = rounded_start(span[0], call.now)
    times, values = call.account.metrics.query(
        metric, statistic, period, (begin, span[1]), call.now
    )
    age = call.now - times
    kept = np.ones(times.size, dtype=bool)
    if period % 300:
        kept &= age <= 15 * _DAY
    if period % 3600:
        kept &= age <= 63 * _DAY
    return times[kept], values[kept]


def _get_metric_data(call: Call, params: Params) -> Mapping[str, Any]:
    queries = cast("list[dict[str, Any]]", required(params, "MetricDataQueries", _INVALID))
    span = check_span(params)
    _check_queries(queries)
    series = _series(call, queries, span)
    descending = str(params.get("ScanBy") or "TimestampDescending") == "TimestampDescending"
    results = [
        (q, s) for q in queries if q.get("ReturnData", True) is not False for s in series[q["Id"]]
    ]
    limit = int(params.get("MaxDatapoints") or _MAX_DATAPOINTS)
    offset = _offset(params.get("NextToken"))
    return _page(results, offset, min(limit, _MAX_DATAPOINTS), descending=descending)


def _check_queries(queries: list[dict[str, Any]]) -> None:
    if len(queries) > _MAX_QUERIES:
        raise AwsError(
            _INVALID,
            f"The collection MetricDataQueries must not have a size greater than {_MAX_QUERIES}.",
        )
    seen: set[str] = set()
    for entry in queries:
        name = str(entry.get("Id") or "")
        if not _ID.fullmatch(name):
            raise AwsError(
                _INVALID,
                f"The value {name!r} for parameter Id must begin with a lower-case letter.",
            )
        if name in seen:
            raise AwsError(_INVALID, f"The values for parameter Id must be unique: {name}")
        seen.add(name)
        if (entry.get("MetricStat") is None) == (not entry.get("Expression")):
            raise AwsError(
                _INVALID, f"The query {name} must have exactly one of MetricStat and Expression."
            )


def _series(
    call: Call, queries: list[dict[str, Any]], span: tuple[float, float]
) -> dict[str, list[Series]]:
    metrics: dict[str, Series] = {}
    for entry in queries:
        if entry.get("MetricStat") is not None:
            metrics[entry["Id"]] = _metric_series(call, entry["MetricStat"], span)
    results = {name: [series] for name, series in metrics.items()}
    waiting = {q["Id"]: str(q["Expression"]) for q in queries if q.get("Expression")}
    while waiting:
        ready = [n for n, text in waiting.items() if not references(text) & waiting.keys()]
        if not ready:
            name, text = next(iter(waiting.items()))
            raise invalid(text, f"the query {name} depends on itself")
        known = {name: found[0] for name, found in results.items() if len(found) == 1}
        for name in ready:
            results[name] = evaluate(waiting.pop(name), known, metrics, span)
    return results


def _metric_series(call: Call, stat: dict[str, Any], span: tuple[float, float]) -> Series:
    metric = cast("dict[str, Any]", required(stat, "Metric", _INVALID))
    target = parse_metric(
        str(metric.get("Namespace") or ""),
        str(metric.get("MetricName") or ""),
        metric.get("Dimensions") or [],
    )
    period = check_period(stat.get("Period"), "MetricStat")
    statistic = parse_stat(str(stat.get("Stat") or ""))
    times, values = query(call, target, statistic, period, span)
    return Series(times, values, period)


def _offset(token: str | None) -> int:
    if not token:
        return 0
    (text,) = decode_token(token, 1, "InvalidNextToken", "The NextToken is not valid.")
    return int(text)


def _page(
    results: list[tuple[dict[str, Any], Series]], offset: int, limit: int, *, descending: bool
) -> Mapping[str, Any]:
    """One page: the points of all series in a row, from `offset`, at most `limit`."""
    rendered: list[dict[str, Any]] = []
    position = 0
    for entry, series in results:
        step = -1 if descending else 1
        first = min(max(offset - position, 0), series.times.size)
        last = min(max(offset + limit - position, 0), series.times.size)
        position += series.times.size
        rendered.append(
            {
                "Id": entry["Id"],
                "Label": entry.get("Label") or _label(entry),
                "Timestamps": series.times[::step][first:last].tolist(),
                "Values": series.values[::step][first:last].tolist(),
                "StatusCode": "Complete" if last == series.times.size else "PartialData",
            }
        )
    answer: dict[str, Any] = {"MetricDataResults": rendered, "Messages": []}
    if offset + limit < position:
        answer["NextToken"] = encode_token(offset + limit)
    return answer


def _label(entry: dict[str, Any]) -> str:
    if entry.get("Expression"):
        return str(entry["Id"])
    return str(entry["MetricStat"]["Metric"]["MetricName"])


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
        str(required(params, "Namespace", _INVALID)),
        str(required(params, "MetricName", _INVALID)),
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
    namespace = str(required(params, "Namespace", _INVALID))
    if namespace.startswith("AWS/"):
        raise AwsError(
            "InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid."
        )
    data = cast("list[dict[str, Any]]", params.get("MetricData") or [])
    if len(data) > 1000:
        raise AwsError(_INVALID, "At most 1000 metrics may be published at once.")
    call.account.world.put_metrics(namespace, [_datum(call, d) for d in data], call.now)
    return {}


def _datum(call: Call, datum: dict[str, Any]) -> Mapping[str, object]:
    at = float(datum.get("Timestamp") or call.now)
    if not call.now - 14 * _DAY <= at <= call.now + 7200:
        raise AwsError(
            "InvalidParameterValue",
            "Timestamps must lie within two weeks past and two hours ahead.",
        )
    values = [datum["Value"]] if datum.get("Value") is not None else datum.get("Values")
    if not values:
        raise AwsError(_INVALID, "The embedded account needs Value or Values for each metric.")
    counts = datum.get("Counts") or [1.0] * len(values)
    repeated = [float(v) for v, n in zip(values, counts, strict=False) for _ in range(int(n))]
    dimensions: list[dict[str, str]] = datum.get("Dimensions") or []
    pairs = {d["Name"]: d["Value"] for d in dimensions}
    return {"name": datum["MetricName"], "dimensions": pairs, "time": at, "values": repeated}


HANDLERS: Mapping[str, Handler] = {
    "GetMetricData": _get_metric_data,
    "GetMetricStatistics": _get_metric_statistics,
    "ListMetrics": _list_metrics,
    "PutMetricData": _put_metric_data,
}
