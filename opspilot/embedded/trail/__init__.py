"""From changes of configuration to the CloudTrail events that AWS writes for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opspilot.embedded.trail.alarms import alarm_trace_of
from opspilot.embedded.trail.functions import function_trace, mapping_trace
from opspilot.embedded.trail.resources import (
    method_trace,
    queue_trace,
    quota_trace,
    role_trace,
    table_trace,
)
from opspilot.embedded.trail.trace import Change, Place, Trace

__all__ = ["Change", "Place", "Trace", "alarm_trace_of", "trace_of"]

_TRACES: Mapping[str, Callable[[Change], Trace]] = {
    "lambda": function_trace,
    "iam": role_trace,
    "dynamodb": table_trace,
    "sqs": queue_trace,
    "apigateway": method_trace,
    "account": quota_trace,
}


def trace_of(change: Change) -> Trace:
    """The event of a change of the account; conditions have none."""
    if change.kind == "lambda.update_mapping":
        return mapping_trace(change)
    return _TRACES[change.kind.partition(".")[0]](change)
