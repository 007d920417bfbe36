"""The workload's API in moto as an HTTP API, where the fleet has one of that kind."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opspilot.embedded.account import Account
    from opspilot.embedded.fleet import Fleet


def integration_id(method: str, path: str) -> str:
    """Id of the integration behind a route; the same in every account, as the fleet's own ids."""
    return hashlib.sha256(f"{method} {path}".encode()).hexdigest()[:7]


def seed_http_api(fleet: Fleet, place: tuple[str, str]) -> None:
    """Create the API with its routes, and the functions behind them as proxy integrations."""
    backend: Any = _backend(place)
    backend.reset()
    if fleet.api.protocol != "HTTP":
        return
    api = backend.create_api(
        "", None, "", disable_schema_validation=False, disable_execute_api_endpoint=False,
        name=fleet.api.name, protocol_type="HTTP", route_selection_expression="", tags={},
        version="",
    )  # fmt: skip
    del backend.apis[api.api_id]
    api.api_id = fleet.api.id
    backend.apis[api.api_id] = api
    for route in fleet.api.routes:
        function = f"arn:aws:lambda:{place[1]}:{place[0]}:function:{route.target}"
        name = integration_id(route.method, route.path)
        integration = api.create_integration("INTERNET", "", "POST", "AWS_PROXY", function)
        del api.integrations[integration.id]
        integration.id, integration.payload_format_version = name, "2.0"
        api.integrations[name] = integration
        _add_route(api, f"{route.method} {route.path}", name)
    api.create_stage({"stageName": fleet.api.stage, "autoDeploy": True})


def sync_http_api(account: Account) -> None:
    """Bring the integrations' timeouts up to what the world has made of them."""
    fleet, state = account.world.fleet, account.world.timeline.current
    api = _backend((account.account_id, account.region)).apis.get(fleet.api.id)
    if api is None:
        return
    for route in fleet.api.routes:
        usual = fleet.api.integration_timeout_s
        seconds = state.integration_timeouts_s.get(f"{route.method} {route.path}", usual)
        held = api.integrations[integration_id(route.method, route.path)]
        held.timeout_in_millis = int(seconds * 1000)


def _backend(place: tuple[str, str]) -> Any:
    from moto.apigatewayv2.models import apigatewayv2_backends

    return apigatewayv2_backends[place[0]][place[1]]


def _add_route(api: Any, key: str, integration: str) -> None:
    api.create_route(
        api_key_required=False,
        authorization_scopes=[],
        route_key=key,
        target=f"integrations/{integration}",
    )
