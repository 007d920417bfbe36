"""CloudWatch Logs Insights: StartQuery, GetQueryResults, StopQuery, DescribeQueries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.log_groups import INVALID, check_group
from opspilot.embedded.handlers.requests import bounded, encode_token, page_start, required
from opspilot.embedded.telemetry.insights_store import StartedQuery
from opspilot.embedded.wire import Call, Handler, Params

_MAX_GROUPS = 50
_MAX_LIMIT = 100_000
_PAGE_ROWS = 10_000


def _start_query(call: Call, params: Params) -> Mapping[str, Any]:
    language = params.get("queryLanguage") or "CWLI"
    if language != "CWLI":
        raise AwsError(INVALID, f"The embedded account does not support {language} queries.")
    groups = _groups(call, params)
    start, end = int(params["startTime"]) * 1000, int(params["endTime"]) * 1000 + 1000
    if end <= start + 999:
        raise AwsError(INVALID, "startTime must not be after endTime.")
    retention_s = call.account.logs.retention_days * 86400
    if end / 1000 < call.now - retention_s:
        raise AwsError(
            "MalformedQueryException",
            "Query's end date and time is either before the log groups creation time or exceeds "
            "the log groups log retention settings",
        )
    limit = params.get("limit")
    if limit is not None:
        limit = bounded(params, "limit", _PAGE_ROWS, 1, _MAX_LIMIT, INVALID)
    text = str(required(params, "queryString", INVALID))
    query = call.account.queries.start(text, groups, (start, end), call.now, limit)
    return {"queryId": query.id}


def _groups(call: Call, params: Params) -> list[str]:
    given = [
        params[name]
        for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers")
        if params.get(name)
    ]
    if len(given) != 1:
        raise AwsError(INVALID, "Exactly one of the log group parameters must be given.")
    names = [given[0]] if isinstance(given[0], str) else list(given[0])
    if len(names) > _MAX_GROUPS:
        raise AwsError(INVALID, f"At most {_MAX_GROUPS} log groups may be queried.")
    return [check_group(call, str(name)) for name in names]


def _get_query_results(call: Call, params: Params) -> Mapping[str, Any]:
    name = str(required(params, "queryId", INVALID))
    query = call.account.queries.look(name)
    size = bounded(params, "maxItems", _PAGE_ROWS, 1, _PAGE_ROWS, INVALID)
    first = page_start(params.get("nextToken"), INVALID)
    rows = query.result.rows if query.result else []
    answer: dict[str, Any] = {
        "queryLanguage": "CWLI",
        "results": [
            [{"field": field, "value": value} for field, value in row]
            for row in rows[first : first + size]
        ],
        "statistics": _statistics(query),
        "status": query.status,
    }
    if first + size < len(rows):
        answer["nextToken"] = encode_token(first + size)
    return answer


def _statistics(query: StartedQuery) -> dict[str, float]:
    result = query.result
    return {
        "recordsMatched": result.records_matched if result else 0.0,
        "recordsScanned": result.records_scanned if result else 0.0,
        "estimatedRecordsSkipped": 0.0,
        "bytesScanned": result.bytes_scanned if result else 0.0,
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": float(len(query.groups)),
    }


def _stop_query(call: Call, params: Params) -> Mapping[str, Any]:
    name = str(required(params, "queryId", INVALID))
    if not call.account.queries.stop(name):
        raise AwsError(INVALID, f"The query {name} is not running any more.")
    return {"success": True}


def _describe_queries(call: Call, params: Params) -> Mapping[str, Any]:
    group, status = params.get("logGroupName"), params.get("status")
    found = [
        {
            "queryLanguage": "CWLI",
            "queryId": query.id,
            "queryString": query.text,
            "status": query.status,
            "createTime": int(query.started_at * 1000),
            "logGroupName": query.groups[0],
        }
        for query in call.account.queries.all()
        if status in (None, query.status) and (group is None or group in query.groups)
    ]
    return {"queries": found[: bounded(params, "maxResults", 1000, 1, 1000, INVALID)]}


HANDLERS: Mapping[str, Handler] = {
    "StartQuery": _start_query,
    "GetQueryResults": _get_query_results,
    "StopQuery": _stop_query,
    "DescribeQueries": _describe_queries,
}
