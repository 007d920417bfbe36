"""Resolving names and drawing neighbourhoods, with parts of the account unreadable."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from botocore.stub import Stubber

from opspilot.adapters.aws.apis import RestApis
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.inventory import Lister
from opspilot.adapters.aws.workloads import AwsWorkloads
from opspilot.errors import AwsDenied, UnknownResource
from tests.adapters.aws.stubs import PLACE, Hourglass, answer, calls, stubbed

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


@dataclass
class Account:
    """An account whose answers a test lays out in order."""

    workloads: AwsWorkloads
    functions: Stubber
    dynamodb: Stubber
    sqs: Stubber
    apigateway: Stubber
    hourglass: Hourglass

    def exists(self, name: str) -> None:
        """Lambda knows a function of this name."""
        self.functions.add_response(
            "get_function_configuration",
            answer(FunctionName=name, MemorySize=128, Timeout=3),
            {"FunctionName": name},
        )

    def is_missing(self) -> None:
        """Lambda knows no function of the name that is asked for."""
        self.functions.add_client_error(
            "get_function_configuration", "ResourceNotFoundException", "no function", 404
        )

    def lists(self, environments: dict[str, dict[str, str]]) -> None:
        """One listing of the account: these functions, table orders, queue emails, API shop-api."""
        self.functions.add_response(
            "list_functions",
            answer(
                Functions=[
                    {"FunctionName": name, "Environment": {"Variables": variables}}
                    for name, variables in environments.items()
                ]
            ),
        )
        self.dynamodb.add_response("list_tables", answer(TableNames=["orders"]))
        url = "https://sqs.us-east-1.amazonaws.com/123456789012/emails"
        self.sqs.add_response("list_queues", answer(QueueUrls=[url]), {"MaxResults": 1000})
        self.apigateway.add_response(
            "get_rest_apis", answer(items=[{"id": "k3v9", "name": "shop-api"}]), {"limit": 500}
        )
        self.functions.add_response(
            "list_event_source_mappings",
            answer(
                EventSourceMappings=[
                    {
                        "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:emails",
                        "FunctionArn": f"{ARN}mailer",
                        "State": "Enabled",
                    }
                ]
            ),
        )


@contextmanager
def account() -> Generator[Account]:
    hourglass = Hourglass()
    sender = calls(hourglass)
    with (
        stubbed("lambda") as (functions, functions_stub),
        stubbed("dynamodb") as (dynamodb, dynamodb_stub),
        stubbed("sqs") as (sqs, sqs_stub),
        stubbed("apigateway") as (apigateway, apigateway_stub),
    ):
        reader, apis = Functions(functions, sender), RestApis(apigateway, sender)
        lister = Lister(reader, dynamodb, sqs, apis, sender)
        yield Account(
            AwsWorkloads(reader, lister, apis, sender, PLACE),
            functions_stub,
            dynamodb_stub,
            sqs_stub,
            apigateway_stub,
            hourglass,
        )


SHOP = {
    "checkout": {"PAYMENTS": "payments:live", "TABLE": "orders"},
    "payments": {"FRAUD": f"{ARN}fraud-score:live"},
    "fraud-score": {},
    "mailer": {},
}


def test_the_account_is_listed_by_kind_and_name():
    with account() as world:
        world.lists(SHOP)
        assert world.workloads.resources() == [
            *map(PLACE.function, ("checkout", "fraud-score", "mailer", "payments")),
            PLACE.api("shop-api"),
            PLACE.queue("emails"),
            PLACE.table("orders"),
        ]


@pytest.mark.parametrize("text", ["checkout", " checkout ", "checkout:live", f"{ARN}checkout:live"])
def test_a_function_is_found_by_name_or_arn_with_one_call(text):
    with account() as world:
        world.exists("checkout")
        assert world.workloads.resolve(text) == PLACE.function("checkout")


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("orders", PLACE.table("orders")),
        ("emails", PLACE.queue("emails")),
        ("shop-api", PLACE.api("shop-api")),
    ],
)
def test_a_name_that_is_no_function_may_be_a_table_a_queue_or_an_api(text, resource):
    with account() as world:
        world.is_missing()
        world.lists(SHOP)
        assert world.workloads.resolve(text) == resource


@pytest.mark.parametrize(
    ("arn", "resource"),
    [
        ("arn:aws:dynamodb:us-east-1:123456789012:table/orders", PLACE.table("orders")),
        ("arn:aws:sqs:us-east-1:123456789012:emails", PLACE.queue("emails")),
        ("arn:aws:apigateway:us-east-1::/restapis/shop-api", PLACE.api("shop-api")),
        ("arn:aws:apigateway:us-east-1::/restapis/k3v9", PLACE.api("shop-api")),
    ],
)
def test_arns_of_other_kinds_are_looked_up_among_their_kind(arn, resource):
    with account() as world:
        world.lists(SHOP)
        assert world.workloads.resolve(arn) == resource


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:dynamodb:us-east-1:123456789012:table/emails",
        "arn:aws:sqs:us-east-1:123456789012:orders",
    ],
)
def test_an_arn_is_not_answered_with_a_resource_of_another_kind(arn):
    with account() as world:
        world.lists(SHOP)
        with pytest.raises(UnknownResource):
            world.workloads.resolve(arn)


def test_an_unknown_name_is_answered_with_close_ones():
    with account() as world:
        world.is_missing()
        world.lists({"payments": {}, "payment-api": {}, "mailer": {}})
        with pytest.raises(UnknownResource, match="'paymets'") as caught:
            world.workloads.resolve("paymets")
    assert caught.value.hint == "did you mean payments, payment-api?"


def test_a_name_that_no_function_can_bear_is_not_asked_of_lambda():
    with account() as world:
        world.lists({})
        with pytest.raises(UnknownResource):
            world.workloads.resolve("not a name!")


def test_an_arn_of_another_region_is_refused_without_a_call():
    with account() as world, pytest.raises(UnknownResource, match="eu-west-1"):
        world.workloads.resolve("arn:aws:lambda:eu-west-1:123456789012:function:checkout")


def test_an_unknown_name_says_what_could_not_be_searched():
    with account() as world:
        world.is_missing()
        world.functions.add_response("list_functions", answer(Functions=[]))
        world.dynamodb.add_client_error("list_tables", "AccessDeniedException", "no", 403)
        world.sqs.add_response("list_queues", answer())
        world.apigateway.add_client_error("get_rest_apis", "InternalFailure", "no", 501)
        world.functions.add_response("list_event_source_mappings", answer(EventSourceMappings=[]))
        with pytest.raises(UnknownResource, match="dynamodb:ListTables"):
            world.workloads.resolve("orders")


def test_an_account_that_may_not_be_asked_is_an_error_not_an_unknown_name():
    with account() as world:
        world.functions.add_client_error(
            "get_function_configuration", "AccessDeniedException", "no", 403
        )
        with pytest.raises(AwsDenied):
            world.workloads.resolve("checkout")


def pictured(world: Account, name: str) -> tuple[list[tuple[str, str, str, str]], int]:
    topology = world.workloads.topology(PLACE.function(name))
    drawn = [(e.caller.name, e.callee.name, e.qualifier, e.relation) for e in topology.edges]
    return drawn, len(topology.gaps)


def test_the_neighbourhood_of_a_function_with_the_api_in_front():
    source = "arn:aws:execute-api:us-east-1:123456789012:k3v9/*/*"
    statement = {"Effect": "Allow", "Condition": {"ArnLike": {"AWS:SourceArn": source}}}
    with account() as world:
        world.lists(SHOP)
        world.functions.add_response(
            "list_aliases", answer(Aliases=[{"Name": "live", "FunctionVersion": "3"}])
        )
        world.functions.add_client_error("get_policy", "ResourceNotFoundException", "none", 404)
        world.functions.add_response(
            "get_policy",
            answer(Policy=json.dumps({"Statement": [statement]})),
            {"FunctionName": "checkout", "Qualifier": "live"},
        )
        assert pictured(world, "checkout") == (
            [
                ("shop-api", "checkout", "live", "invokes"),
                ("checkout", "orders", "", "reads_writes"),
                ("checkout", "payments", "live", "invokes"),
                ("payments", "fraud-score", "live", "invokes"),
            ],
            0,
        )


def test_unreadable_policies_are_a_gap_and_the_rest_of_the_picture_still_comes():
    with account() as world:
        world.lists(SHOP)
        world.functions.add_client_error("list_aliases", "AccessDeniedException", "no", 403)
        edges, gaps = pictured(world, "payments")
    assert (len(edges), gaps) == (2, 1)


def test_a_policy_that_is_not_json_is_a_gap():
    with account() as world:
        world.lists(SHOP)
        world.functions.add_response("list_aliases", answer(Aliases=[]))
        world.functions.add_response("get_policy", answer(Policy="<html>"))
        _, gaps = pictured(world, "payments")
    assert gaps == 1


def test_the_neighbourhood_of_an_api_is_read_from_its_integrations():
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}checkout/invocations"
    with account() as world:
        world.lists(SHOP)
        world.apigateway.add_response(
            "get_resources",
            answer(
                items=[
                    {"id": "1", "path": "/"},
                    {
                        "id": "2",
                        "path": "/checkout",
                        "resourceMethods": {
                            "POST": {"methodIntegration": {"uri": uri}},
                            "OPTIONS": {"methodIntegration": {"type": "MOCK"}},
                        },
                    },
                ]
            ),
            {"restApiId": "k3v9", "limit": 500, "embed": ["methods"]},
        )
        topology = world.workloads.topology(PLACE.api("shop-api"))
    assert [(edge.caller.name, edge.callee.name) for edge in topology.edges] == [
        ("shop-api", "checkout"),
        ("checkout", "orders"),
        ("checkout", "payments"),
    ]


def test_who_feeds_and_who_drains_a_queue_are_its_neighbours():
    with account() as world:
        world.lists({**SHOP, "checkout": {"QUEUE": "emails"}})
        topology = world.workloads.topology(PLACE.queue("emails"))
    assert [(edge.caller.name, edge.relation) for edge in topology.edges] == [
        ("checkout", "sends_to"),
        ("mailer", "consumes"),
    ]


def test_the_account_is_listed_once_in_a_while_not_at_every_question():
    with account() as world:
        world.lists(SHOP)
        for _ in range(3):
            world.workloads.topology(PLACE.queue("emails"))
        world.hourglass.sleep(21)
        world.lists({})
        assert world.workloads.topology(PLACE.table("orders")).edges == ()


def test_a_listing_with_gaps_is_not_kept():
    with account() as world:
        world.functions.add_response("list_functions", answer(Functions=[]))
        world.dynamodb.add_client_error("list_tables", "AccessDeniedException", "no", 403)
        world.sqs.add_response("list_queues", answer())
        world.apigateway.add_response("get_rest_apis", answer(items=[]))
        world.functions.add_response("list_event_source_mappings", answer(EventSourceMappings=[]))
        first = world.workloads.topology(PLACE.table("orders"))
        world.lists({"checkout": {"TABLE": "orders"}})
        second = world.workloads.topology(PLACE.table("orders"))
    assert (len(first.gaps), len(second.gaps), len(second.edges)) == (1, 0, 1)
