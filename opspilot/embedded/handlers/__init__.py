"""Handlers of AWS operations; each takes the call and its parameters as sent."""

from collections.abc import Mapping

from opspilot.embedded.handlers import (
    alarms,
    bedrock,
    cloudtrail,
    event_sources,
    function_changes,
    functions,
    iam,
    log_events,
    log_groups,
    log_queries,
    metric_data,
    metrics,
    streams,
    sts,
    xray,
)
from opspilot.embedded.wire import Handler, RestRoute

HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "cloudwatch": {**metric_data.HANDLERS, **metrics.HANDLERS, **alarms.HANDLERS},
    "logs": {**log_groups.HANDLERS, **log_events.HANDLERS, **log_queries.HANDLERS},
    "lambda": {
        **functions.HANDLERS,
        **function_changes.HANDLERS,
        **event_sources.HANDLERS,
    },
    "cloudtrail": cloudtrail.HANDLERS,
    "sts": sts.HANDLERS,
    "iam": iam.HANDLERS,
    "kinesis": streams.STREAMS,
    "application-autoscaling": streams.AUTOSCALING,
    "bedrock": bedrock.HANDLERS,
    "xray": xray.HANDLERS,
}

ROUTES: Mapping[str, tuple[RestRoute, ...]] = {
    "lambda": functions.ROUTES,
    "bedrock": bedrock.ROUTES,
    "xray": xray.ROUTES,
}
"""Of the services that speak REST-JSON."""
