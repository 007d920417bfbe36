"""CloudWatch metrics: GetMetricData with paging and metric math."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.metric_requests import (
    INVALID,
    check_period,
    check_span,
    parse_metric,
    parse_stat,
    query,
    rounded_start,
)
from opspilot.embedded.handlers.requests import decode_token, encode_token, required
from opspilot.embedded.telemetry.metric_math import evaluate, references
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.series import Series, invalid
from opspilot.embedded.telemetry.statistic import Statistic
from opspilot.embedded.wire import Call, Handler, Params

_MAX_QUERIES = 500
_MAX_DATAPOINTS = 100_800
_ID = re.compile(r"[a-z]\w*")


def _get_metric_data(call: Call, params: Params) -> Mapping[str, Any]:
    queries = cast("list[dict[str, Any]]", required(params, "MetricDataQueries", INVALID))
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
            INVALID,
            f"The collection MetricDataQueries must not have a size greater than {_MAX_QUERIES}.",
        )
    seen: set[str] = set()
    for entry in queries:
        name = str(entry.get("Id") or "")
        if not _ID.fullmatch(name):
            raise AwsError(
                INVALID,
                f"The value {name!r} for parameter Id must begin with a lower-case letter.",
            )
        if name in seen:
            raise AwsError(INVALID, f"The values for parameter Id must be unique: {name}")
        seen.add(name)
        if (entry.get("MetricStat") is None) == (not entry.get("Expression")):
            raise AwsError(
                INVALID, f"The query {name} must have exactly one of MetricStat and Expression."
            )


def _series(
    call: Call, queries: list[dict[str, Any]], span: tuple[float, float]
) -> dict[str, list[Series]]:
    stats = {q["Id"]: _stat(q["MetricStat"]) for q in queries if q.get("MetricStat") is not None}
    begin = rounded_start(span[0], call.now)
    wanted = [(stat.metric, stat.statistic) for stat in stats.values()]
    call.account.metrics.prepare(wanted, (begin, span[1]), call.now)
    metrics: dict[str, Series] = {}
    for name, stat in stats.items():
        times, values = query(call, stat.metric, stat.statistic, stat.period_s, span)
        metrics[name] = Series(times, values, stat.period_s)
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


@dataclass(frozen=True, slots=True)
class _Stat:
    metric: MetricId
    statistic: Statistic
    period_s: int


def _stat(stat: dict[str, Any]) -> _Stat:
    metric = cast("dict[str, Any]", required(stat, "Metric", INVALID))
    target = parse_metric(
        str(metric.get("Namespace") or ""),
        str(metric.get("MetricName") or ""),
        metric.get("Dimensions") or [],
    )
    period = check_period(stat.get("Period"), "MetricStat")
    statistic = parse_stat(str(stat.get("Stat") or ""))
    return _Stat(target, statistic, period)


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


HANDLERS: Mapping[str, Handler] = {"GetMetricData": _get_metric_data}
