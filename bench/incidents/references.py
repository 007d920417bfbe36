"""What a scenario calls "payments", "table:orders" or "account": resources of a drawn world."""

from __future__ import annotations

from bench.incidents.drawing import Case
from bench.incidents.names import apis_of
from bench.incidents.problems import BenchmarkError
from opspilot.domain.resource import (
    Resource,
    dynamodb_table,
    http_api,
    lambda_function,
    rest_api,
    sqs_queue,
)
from opspilot.embedded.fleet import Fleet


def resource_of(case: Case, reference: str) -> Resource:
    """The resource that a scenario names by its workload's own name.

    A bare name is looked for among functions, APIs, queues, tables and streams, in this order;
    "table:orders" says which is meant.

    Raises:
        BenchmarkError: The workload has none of that name.
    """
    account, region = case.origin.account_id, case.origin.region
    if reference == "account":
        return Resource(arn=f"arn:aws:lambda:{region}:{account}:account")
    wanted, _, name = reference.rpartition(":")
    new = case.renaming.name(name)
    fleet = case.fleet
    makers = {
        "function": (fleet.functions, lambda: lambda_function(account, region, new)),
        "api": (apis_of(fleet), lambda: _api(region, fleet, new)),
        "queue": (fleet.queues, lambda: sqs_queue(account, region, new)),
        "table": (fleet.tables, lambda: dynamodb_table(account, region, new)),
        "stream": (
            getattr(fleet, "streams", ()),
            lambda: Resource(arn=f"arn:aws:kinesis:{region}:{account}:stream/{new}"),
        ),
    }
    for kind, (specs, make) in makers.items():
        if (not wanted or wanted == kind) and new in {spec.name for spec in specs}:
            return make()
    raise BenchmarkError(f"{case.scenario.name}.yaml: there is no resource {reference!r}")


def _api(region: str, fleet: Fleet, name: str) -> Resource:
    is_http = fleet.api.protocol == "HTTP"
    return http_api(region, fleet.api.id, name) if is_http else rest_api(region, name)
