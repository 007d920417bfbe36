"""The web shop with an HTTP API in front."""

from dataclasses import replace

from opspilot.embedded.fleet import AlarmSpec, Fleet
from opspilot.embedded.workloads.shop import SHOP

API_ID = SHOP.api.id


def _of_http(alarm: AlarmSpec) -> AlarmSpec:
    """The same alarm on the metric of an HTTP API."""
    if alarm.namespace != "AWS/ApiGateway":
        return alarm
    return replace(alarm, metric="5xx", dimensions={"ApiId": API_ID, "Stage": SHOP.api.stage})


HTTP_SHOP: Fleet = replace(
    SHOP,
    api=replace(SHOP.api, protocol="HTTP", integration_timeout_s=30.0),
    alarms=tuple(map(_of_http, SHOP.alarms)),
)
