"""What moto holds of the workload: its queues, tables and the API, seeded in process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from opspilot.embedded.moto_http_api import seed_http_api

if TYPE_CHECKING:
    from opspilot.embedded.account import Account
    from opspilot.embedded.fleet import Fleet


def seed_moto(account: Account) -> None:
    """Create the fleet's queues, tables and API in moto's backends.

    The backends belong to the process: what an earlier account in it left behind goes first.
    """
    fleet, place = account.world.fleet, (account.account_id, account.region)
    _seed_queues(fleet, place)
    _seed_tables(fleet, place)
    _seed_api(fleet, place)
    seed_http_api(fleet, place)


def _seed_queues(fleet: Fleet, place: tuple[str, str]) -> None:
    from moto.sqs.models import sqs_backends

    backend: Any = sqs_backends[place[0]][place[1]]
    backend.reset()
    for queue in sorted(fleet.queues, key=lambda q: q.dead_letter is not None):
        attributes = {"VisibilityTimeout": str(int(queue.visibility_timeout_s))}
        if queue.dead_letter:
            target = f"arn:aws:sqs:{place[1]}:{place[0]}:{queue.dead_letter}"
            attributes["RedrivePolicy"] = json.dumps(
                {"deadLetterTargetArn": target, "maxReceiveCount": queue.max_receives}
            )
        backend.create_queue(queue.name, {}, **attributes)


def _seed_tables(fleet: Fleet, place: tuple[str, str]) -> None:
    from moto.dynamodb.models import dynamodb_backends

    backend: Any = dynamodb_backends[place[0]][place[1]]
    backend.reset()
    for table in fleet.tables:
        backend.create_table(
            table.name,
            schema=[{"AttributeName": table.key, "KeyType": "HASH"}],
            throughput=None,
            attr=[{"AttributeName": table.key, "AttributeType": "S"}],
            global_indexes=[],
            indexes=[],
            streams=None,
            billing_mode="PAY_PER_REQUEST",
            sse_specification=None,
            tags=[],
            deletion_protection_enabled=False,
            warm_throughput=None,
        )


def _seed_api(fleet: Fleet, place: tuple[str, str]) -> None:
    """The API with its resources, and the functions behind them as proxy integrations."""
    from moto.apigateway.models import apigateway_backends

    backend: Any = apigateway_backends[place[0]][place[1]]
    backend.reset()
    if fleet.api.protocol != "REST":
        return
    api = backend.create_rest_api(fleet.api.name, "", tags={})
    backend.apis[fleet.api.id] = backend.apis.pop(api.id)
    api.id = fleet.api.id
    root = next(iter(api.resources))
    for route in fleet.api.routes:
        resource = backend.create_resource(api.id, root, route.path.strip("/"))
        backend.put_method(api.id, resource.id, route.method, "NONE")
        function = f"arn:aws:lambda:{place[1]}:{place[0]}:function:{route.target}"
        backend.put_integration(
            api.id,
            resource.id,
            route.method,
            "AWS_PROXY",
            f"arn:aws:apigateway:{place[1]}:lambda:path/2015-03-31/functions/{function}/invocations",
            integration_method="POST",
        )
        api.resources[resource.id].get_method(route.method).create_response("200", {}, {})
    backend.create_deployment(api.id, fleet.api.stage)


def sync_api(account: Account) -> None:
    """Bring the integrations' timeouts up to what the world has made of them."""
    from moto.apigateway.models import apigateway_backends

    fleet, state = account.world.fleet, account.world.timeline.current
    backend: Any = apigateway_backends[account.account_id][account.region]
    api = backend.apis.get(fleet.api.id)
    if api is None:
        return
    for resource in api.resources.values():
        for method, held in resource.resource_methods.items():
            seconds = state.integration_timeouts_s.get(
                f"{method} {resource.get_path()}", fleet.api.integration_timeout_s
            )
            held.method_integration.timeout_in_millis = int(seconds * 1000)
