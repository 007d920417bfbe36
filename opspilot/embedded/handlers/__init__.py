"""Handlers of AWS operations; each takes the call and its parameters as sent."""

from collections.abc import Mapping

from opspilot.embedded.handlers import (
    alarms,
    cloudtrail,
    functions,
    log_events,
    log_groups,
    log_queries,
    metrics,
    sts,
)
from opspilot.embedded.wire import Handler

HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "cloudwatch": {**metrics.HANDLERS, **alarms.HANDLERS},
    "logs": {**log_groups.HANDLERS, **log_events.HANDLERS, **log_queries.HANDLERS},
    "lambda": functions.HANDLERS,
    "cloudtrail": cloudtrail.HANDLERS,
    "sts": sts.HANDLERS,
}

LAMBDA_ROUTES = functions.ROUTES
