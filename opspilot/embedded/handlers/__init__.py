"""Handlers of AWS operations, one module a service; each takes the call and its parameters as sent."""

from collections.abc import Mapping

from opspilot.embedded.handlers import alarms, cloudtrail, functions, logs, metrics, sts
from opspilot.embedded.wire import Handler

HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "cloudwatch": {**metrics.HANDLERS, **alarms.HANDLERS},
    "logs": logs.HANDLERS,
    "lambda": functions.HANDLERS,
    "cloudtrail": cloudtrail.HANDLERS,
    "sts": sts.HANDLERS,
}

LAMBDA_ROUTES = functions.ROUTES
