"""Resolving names and drawing neighbourhoods, with parts of the account unreadable."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from botocore.stub import Stubber

from opspilot.adapters.aws.apis import RestApis
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.gateways import Gateways
from opspilot.adapters.aws.http_apis import HttpApis
from opspilot.adapters.aws.lister import Lister
from opspilot.adapters.aws.queues import Queues
from opspilot.adapters.aws.streams import Streams
from opspilot.adapters.aws.tables import Tables
from opspilot.adapters.aws.workloads import AwsWorkloads, Readers
from opspilot.domain.resource import Resource
from opspilot.domain.workload import (
    AccountLimits,
    EventSource,
    IndexConfiguration,
    QueueConfiguration,
    Scaling,
    StreamConfiguration,
    TableConfiguration,
)
from opspilot.errors import AwsDenied, AwsRejected, UnknownResource
from tests.adapters.aws.stubs import NOW, PLACE, Hourglass, answer, calls, stubbed

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


_OF_ANY_API = {"RouteSelectionExpression": "$request.method $request.path"}


@dataclass
class Account:
    """An account whose answers a test lays out in order."""

    workloads: AwsWorkloads
    functions: Stubber
    dynamodb: Stubber
    sqs: Stubber
    kinesis: Stubber
    autoscaling: Stubber
    apigateway: Stubber
    http_apis: Stubber
    hourglass: Hourglass

    def lists_http_apis(self, *apis: tuple[str, str, str]) -> None:
        """API Gateway's version 2 tells of these: id, name and protocol."""
        items = [{"ApiId": i, "Name": n, "ProtocolType": p, **_OF_ANY_API} for i, n, p in apis]
        self.http_apis.add_response("get_apis", answer(Items=items), {"MaxResults": "500"})

    def exists(self, name: str) -> None:
        """Lambda knows a function of this name."""
        self.functions.add_response(
            "get_function_configuration",
            answer(FunctionName=name, MemorySize=128, Timeout=3),
            {"FunctionName": name},
        )

    def is_set_up(self, name: str, variables: dict[str, str]) -> None:
        """Lambda tells of a function of this name with these variables."""
        self.functions.add_response(
            "get_function_configuration",
            answer(FunctionName=name, Environment={"Variables": variables}),
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
        self.kinesis.add_response(
            "list_streams", answer(StreamNames=["clicks"], HasMoreStreams=False)
        )
        self.apigateway.add_response(
            "get_rest_apis", answer(items=[{"id": "k3v9", "name": "shop-api"}]), {"limit": 500}
        )
        self.lists_http_apis(
            ("w4q7", "web", "HTTP"), ("e5", "echo", "HTTP"), ("s1", "chat", "WEBSOCKET")
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
        stubbed("kinesis") as (kinesis, kinesis_stub),
        stubbed("application-autoscaling") as (autoscaling, autoscaling_stub),
        stubbed("apigateway") as (apigateway, apigateway_stub),
        stubbed("apigatewayv2") as (http_apis, http_apis_stub),
    ):
        reader = Functions(functions, sender)
        apis = Gateways(RestApis(apigateway, sender), HttpApis(http_apis, sender))
        streams = Streams(kinesis, sender)
        lister = Lister(reader, dynamodb, sqs, streams, apis.rest, apis.http, sender)
        readers = Readers(
            reader, Tables(dynamodb, autoscaling, sender), Queues(sqs, sender), streams, apis
        )
        yield Account(
            AwsWorkloads(readers, lister, sender, PLACE),
            functions_stub,
            dynamodb_stub,
            sqs_stub,
            kinesis_stub,
            autoscaling_stub,
            apigateway_stub,
            http_apis_stub,
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
            PLACE.http_api("e5"),
            PLACE.http_api("w4q7"),
            PLACE.queue("emails"),
            PLACE.stream("clicks"),
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
        ("clicks", PLACE.stream("clicks")),
        ("shop-api", PLACE.api("shop-api")),
        ("k3v9", PLACE.api("shop-api")),
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
        world.kinesis.add_response("list_streams", answer(StreamNames=[], HasMoreStreams=False))
        world.apigateway.add_client_error("get_rest_apis", "InternalFailure", "no", 501)
        world.lists_http_apis()
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


def test_dead_letters_lead_back_to_the_queues_and_functions_that_gave_them_up():
    graves = "arn:aws:sqs:us-east-1:123456789012:emails"
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/"
    with account() as world:
        world.lists({"checkout": {}})
        world.sqs.add_response("get_queue_url", answer(QueueUrl=f"{url}emails"))
        world.sqs.add_response("get_queue_attributes", answer(Attributes={}))
        world.sqs.add_response(
            "list_dead_letter_source_queues", answer(queueUrls=[f"{url}jobs", f"{url}scans"])
        )
        topology = world.workloads.topology(Resource(arn=graves))
    assert [(edge.caller.name, edge.relation) for edge in topology.edges] == [
        ("mailer", "consumes"),
        ("jobs", "gives_up_to"),
        ("scans", "gives_up_to"),
    ]
    assert not topology.gaps


def test_where_functions_may_not_be_listed_a_functions_variables_name_its_callees():
    with account() as world:
        world.functions.add_client_error("list_functions", "AccessDeniedException", "no", 403)
        world.is_set_up("checkout", SHOP["checkout"] | {"LOG_LEVEL": "DEBUG"})
        world.is_set_up("payments", SHOP["payments"])
        world.is_missing()
        world.is_set_up("fraud-score", {})
        world.dynamodb.add_response("list_tables", answer(TableNames=["orders"]))
        world.sqs.add_response("list_queues", answer())
        world.kinesis.add_response("list_streams", answer(StreamNames=[], HasMoreStreams=False))
        world.apigateway.add_response("get_rest_apis", answer(items=[]))
        world.lists_http_apis()
        world.functions.add_response("list_event_source_mappings", answer(EventSourceMappings=[]))
        world.functions.add_response("list_aliases", answer(Aliases=[]))
        world.functions.add_client_error("get_policy", "ResourceNotFoundException", "none", 404)
        edges, gaps = pictured(world, "checkout")
    assert edges == [
        ("checkout", "orders", "", "reads_writes"),
        ("checkout", "payments", "live", "invokes"),
        ("payments", "fraud-score", "live", "invokes"),
    ]
    assert gaps == 1


def test_where_functions_may_not_be_listed_the_rest_is_listed_once_for_all_of_them():
    with account() as world:
        for name in ("payments", "fraud-score"):
            world.functions.add_client_error("list_functions", "AccessDeniedException", "no", 403)
            world.is_set_up(name, {})
            if name == "payments":
                world.functions.add_response(
                    "list_event_source_mappings", answer(EventSourceMappings=[])
                )
            world.functions.add_response("list_aliases", answer(Aliases=[]))
            world.functions.add_client_error("get_policy", "ResourceNotFoundException", "none", 404)
        world.dynamodb.add_response("list_tables", answer(TableNames=["orders"]))
        world.sqs.add_response("list_queues", answer())
        world.kinesis.add_response("list_streams", answer(StreamNames=[], HasMoreStreams=False))
        world.apigateway.add_response("get_rest_apis", answer(items=[]))
        world.lists_http_apis()
        for name in ("payments", "fraud-score"):
            (gap,) = world.workloads.topology(PLACE.function(name)).gaps
            assert "functions could not be listed" in gap


def test_the_account_is_listed_once_in_a_while_not_at_every_question():
    with account() as world:
        world.lists(SHOP)
        for _ in range(3):
            world.workloads.topology(PLACE.queue("emails"))
        world.hourglass.sleep(21)
        world.lists({})
        assert world.workloads.topology(PLACE.table("orders")).edges == ()


def test_a_listing_that_is_denied_in_part_is_kept_as_asking_again_would_not_help():
    with account() as world:
        world.functions.add_response("list_functions", answer(Functions=[]))
        world.dynamodb.add_client_error("list_tables", "AccessDeniedException", "no", 403)
        world.sqs.add_response("list_queues", answer())
        world.kinesis.add_response("list_streams", answer(StreamNames=[], HasMoreStreams=False))
        world.apigateway.add_response("get_rest_apis", answer(items=[]))
        world.lists_http_apis()
        world.functions.add_response("list_event_source_mappings", answer(EventSourceMappings=[]))
        gaps = [world.workloads.topology(PLACE.table("orders")).gaps for _ in range(2)]
    assert gaps[0] == gaps[1]
    assert "dynamodb:ListTables" in gaps[0][0]


def test_a_listing_whose_gaps_may_pass_is_not_kept():
    with account() as world:
        world.functions.add_response("list_functions", answer(Functions=[]))
        for _ in range(5):
            world.dynamodb.add_client_error("list_tables", "ThrottlingException", "slow", 400)
        world.sqs.add_response("list_queues", answer())
        world.kinesis.add_response("list_streams", answer(StreamNames=[], HasMoreStreams=False))
        world.apigateway.add_response("get_rest_apis", answer(items=[]))
        world.lists_http_apis()
        world.functions.add_response("list_event_source_mappings", answer(EventSourceMappings=[]))
        first = world.workloads.topology(PLACE.table("orders"))
        world.lists({"checkout": {"TABLE": "orders"}})
        second = world.workloads.topology(PLACE.table("orders"))
    assert (len(first.gaps), len(second.gaps), len(second.edges)) == (1, 0, 1)


MAPPING = {
    "UUID": "0b5bcd54-6fc1-4d5a-9a3e-2f2d5c0c0001",
    "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:emails",
    "FunctionArn": f"{ARN}mailer:live",
    "State": "Disabled",
    "BatchSize": 10,
    "ScalingConfig": {"MaximumConcurrency": 5},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "LastProcessingResult": "OK",
}


def test_a_queue_is_described_with_its_dead_letters_and_its_consumers():
    queue = PLACE.queue("emails")
    dead = "arn:aws:sqs:us-east-1:123456789012:emails-dead"
    with account() as world:
        world.sqs.add_response(
            "get_queue_url", answer(QueueUrl="https://q"), {"QueueName": "emails"}
        )
        world.sqs.add_response(
            "get_queue_attributes",
            answer(
                Attributes={
                    "VisibilityTimeout": "5",
                    "MessageRetentionPeriod": "86400",
                    "RedrivePolicy": json.dumps(
                        {"deadLetterTargetArn": dead, "maxReceiveCount": "3"}
                    ),
                }
            ),
            {"QueueUrl": "https://q", "AttributeNames": ["All"]},
        )
        world.functions.add_response(
            "list_event_source_mappings",
            answer(EventSourceMappings=[MAPPING]),
            {"EventSourceArn": queue.arn},
        )
        found = world.workloads.describe(queue)
    assert isinstance(found, QueueConfiguration)
    assert (found.visibility_timeout_seconds, found.retention_seconds) == (5, 86400)
    assert (found.dead_letter, found.maximum_receives) == (Resource(arn=dead), 3)
    assert found.consumers == (
        EventSource(
            source=queue,
            function=PLACE.function("mailer"),
            qualifier="live",
            enabled=False,
            state="Disabled",
            batch_size=10,
            maximum_concurrency=5,
            reports_item_failures=True,
            last_result="OK",
        ),
    )


def described_table(world: Account, **table: object) -> TableConfiguration:
    world.dynamodb.add_response(
        "describe_table",
        answer(Table={"TableName": "orders", "TableStatus": "ACTIVE", **table}),
        {"TableName": "orders"},
    )
    found = world.workloads.describe(PLACE.table("orders"))
    assert isinstance(found, TableConfiguration)
    return found


def test_a_table_is_described_with_its_indexes_and_their_autoscaling():
    place, dimension = "table/orders/index/by-day", "dynamodb:index:WriteCapacityUnits"
    with account() as world:
        world.autoscaling.add_response(
            "describe_scalable_targets",
            answer(
                ScalableTargets=[
                    {
                        "ServiceNamespace": "dynamodb",
                        "ResourceId": place,
                        "ScalableDimension": dimension,
                        "MinCapacity": 5,
                        "MaxCapacity": 50,
                        "RoleARN": "arn:aws:iam::123456789012:role/scaling",
                        "CreationTime": NOW,
                    }
                ]
            ),
            {"ServiceNamespace": "dynamodb", "ResourceIds": ["table/orders", place]},
        )
        world.autoscaling.add_response(
            "describe_scaling_policies",
            answer(
                ScalingPolicies=[
                    {
                        "PolicyARN": "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1",
                        "PolicyName": "p",
                        "ServiceNamespace": "dynamodb",
                        "ResourceId": place,
                        "ScalableDimension": dimension,
                        "PolicyType": "TargetTrackingScaling",
                        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0},
                        "CreationTime": NOW,
                    }
                ]
            ),
            {"ServiceNamespace": "dynamodb", "ResourceId": place},
        )
        found = described_table(
            world,
            ProvisionedThroughput={
                "ReadCapacityUnits": 50, "WriteCapacityUnits": 20, "LastDecreaseDateTime": NOW,
            },
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-day",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 9, "WriteCapacityUnits": 5},
                }
            ],
        )  # fmt: skip
    assert (found.billing, found.read_capacity, found.write_capacity) == ("provisioned", 50, 20)
    assert found.index("by-day") == IndexConfiguration(
        name="by-day", read_capacity=9, write_capacity=5
    )
    assert (found.last_increase_at, found.last_decrease_at) == (None, NOW)
    assert found.autoscaling == (
        Scaling(target="by-day", dimension="write", minimum=5, maximum=50, target_percent=70.0),
    )
    assert len(found.request_ids) == 3


def test_a_table_on_demand_has_no_capacity_and_no_autoscaling_is_asked_for():
    with account() as world:
        found = described_table(
            world,
            BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"},
            ProvisionedThroughput={"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        )
    assert (found.billing, found.read_capacity, found.write_capacity) == ("on_demand", None, None)


def test_autoscaling_that_may_not_be_read_is_a_gap_that_names_the_action():
    with account() as world:
        world.autoscaling.add_client_error(
            "describe_scalable_targets", "AccessDeniedException", "no", 403
        )
        found = described_table(world, ProvisionedThroughput={"ReadCapacityUnits": 5})
    (gap,) = found.gaps
    assert "application-autoscaling:DescribeScalableTargets" in gap
    assert found.read_capacity == 5


def test_a_stream_is_described_with_its_consumers_whose_denial_is_a_gap():
    with account() as world:
        world.kinesis.add_response(
            "describe_stream_summary",
            answer(
                StreamDescriptionSummary={
                    "StreamName": "clicks",
                    "StreamARN": PLACE.stream("clicks").arn,
                    "StreamStatus": "ACTIVE",
                    "StreamModeDetails": {"StreamMode": "PROVISIONED"},
                    "RetentionPeriodHours": 48,
                    "StreamCreationTimestamp": NOW,
                    "EnhancedMonitoring": [],
                    "OpenShardCount": 2,
                }
            ),
            {"StreamName": "clicks"},
        )
        world.functions.add_client_error(
            "list_event_source_mappings", "AccessDeniedException", "no", 403
        )
        found = world.workloads.describe(PLACE.stream("clicks"))
    assert isinstance(found, StreamConfiguration)
    assert (found.shards, found.mode, found.retention_hours) == (2, "provisioned", 48)
    assert "lambda:ListEventSourceMappings" in found.gaps[0]


def test_the_account_tells_what_its_functions_share():
    with account() as world:
        world.functions.add_response(
            "get_account_settings",
            answer(
                AccountLimit={"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
            ),
        )
        arn = PLACE.account().arn
        found = world.workloads.describe(world.workloads.resolve(arn))
    assert isinstance(found, AccountLimits)
    assert (found.concurrent_executions, found.unreserved) == (1000, 900)


def test_an_api_has_no_configuration_that_is_read():
    with account() as world, pytest.raises(AwsRejected, match="shop-api"):
        world.workloads.describe(PLACE.api("shop-api"))
