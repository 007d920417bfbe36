"""X-Ray: the service graph of a workload that is traced; of any other it is empty."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opspilot.embedded.errors import AwsError
from opspilot.embedded.telemetry.service_graph import (
    API,
    FUNCTION,
    QUEUE,
    STREAM,
    TABLE,
    Flow,
    Node,
    flows,
)
from opspilot.embedded.wire import Call, Handler, Params, RestRoute

_LONGEST_S = 6 * 3600.0
_TYPES = {
    FUNCTION: "AWS::Lambda::Function",
    TABLE: "AWS::DynamoDB::Table",
    QUEUE: "AWS::SQS::Queue",
    STREAM: "AWS::Kinesis::Stream",
    API: "AWS::ApiGateway::Stage",
}


def _get_service_graph(call: Call, params: Params) -> Mapping[str, Any]:
    start, end = _span(params)
    account = call.account
    found: dict[tuple[Node, Node], Flow] = {}
    if account.world.fleet.traced:
        found = flows(account.simulation, start, min(end, call.now)).found
    nodes = list(dict.fromkeys(node for ends in found for node in ends))
    services = [
        {
            **_service(call, node, number),
            "StartTime": start,
            "EndTime": end,
            "Edges": [
                _edge(nodes.index(callee), flow, start, end)
                for (caller, callee), flow in found.items()
                if caller == node
            ],
        }
        for number, node in enumerate(nodes)
    ]
    return {
        "StartTime": start,
        "EndTime": end,
        "Services": services,
        "ContainsOldGroupVersions": False,
    }


def _span(params: Params) -> tuple[float, float]:
    given = params.get("StartTime"), params.get("EndTime")
    if not all(isinstance(one, int | float) for one in given):
        raise AwsError("InvalidRequestException", "StartTime and EndTime are needed.")
    start, end = float(given[0] or 0.0), float(given[1] or 0.0)
    if not 0.0 <= end - start <= _LONGEST_S:
        raise AwsError("InvalidRequestException", "Time range cannot be longer than 6 hours.")
    return start, end


def _service(call: Call, node: Node, number: int) -> dict[str, Any]:
    kind, name = node
    account = call.account
    shown = {
        QUEUE: f"https://sqs.{account.region}.amazonaws.com/{account.account_id}/{name}",
        API: f"{name}/{account.world.fleet.api.stage}",
    }.get(kind, name)
    service: dict[str, Any] = {
        "ReferenceId": number,
        "Name": shown,
        "Names": [shown],
        "Type": _TYPES.get(kind, "remote"),
        "Root": kind == API,
        "State": "active",
    }
    return {**service, "AccountId": account.account_id} if kind in _TYPES else service


def _edge(callee: int, flow: Flow, start: float, end: float) -> dict[str, Any]:
    return {
        "ReferenceId": callee,
        "StartTime": start,
        "EndTime": end,
        "SummaryStatistics": {
            "OkCount": flow.calls - flow.failed,
            "ErrorStatistics": {"ThrottleCount": 0, "OtherCount": 0, "TotalCount": 0},
            "FaultStatistics": {"OtherCount": flow.failed, "TotalCount": flow.failed},
            "TotalCount": flow.calls,
            "TotalResponseTime": flow.seconds,
        },
        "ResponseTimeHistogram": [],
        "Aliases": [],
    }


HANDLERS: Mapping[str, Handler] = {"GetServiceGraph": _get_service_graph}

ROUTES = (RestRoute("POST", re.compile("/ServiceGraph"), "GetServiceGraph"),)
