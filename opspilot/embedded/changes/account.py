"""The API's integration timeouts and the account's limit of concurrent executions."""

from __future__ import annotations

from dataclasses import replace

from opspilot.embedded.changes.checks import Params, Stamp, number, whole
from opspilot.embedded.configuration import Configuration
from opspilot.embedded.errors import AwsError

MOST_INTEGRATION_S = 29.0
_LEAST_INTEGRATION_S = 0.05


def _update_method(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    seconds = number(params, "integration_timeout_s")
    if seconds is None:
        return state
    if not _LEAST_INTEGRATION_S <= seconds <= MOST_INTEGRATION_S:
        raise AwsError("BadRequestException", "Timeout should be between 50 ms and 29000 ms")
    key = f"{params['method']} {params['path']}"
    return replace(state, integration_timeouts_s={**state.integration_timeouts_s, key: seconds})


def _concurrency(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    limit = whole(params, "limit")
    if limit is None or limit < 1:
        raise AwsError("IllegalArgumentException", "The desired value must be positive.")
    return replace(state, account_concurrency=limit)


CHANGES = {"apigateway.update_method": _update_method, "account.concurrency": _concurrency}
