"""What moto answers for the account, and what it does not."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.embedded.aws import Aws, client


def test_queues_are_moto_s_with_the_simulators_depth(healthy: Aws) -> None:
    sqs = client("sqs", healthy.account.url)
    url = sqs.get_queue_url(QueueName="order-events-dlq")["QueueUrl"]
    assert (
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][
            "ApproximateNumberOfMessages"
        ]
        == "0"
    )
    source = sqs.get_queue_url(QueueName="order-events")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=source, AttributeNames=["All"])["Attributes"]
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == 3
    healthy.functions.update_function_configuration(
        FunctionName="fulfilment", Environment={"Variables": {}}
    )
    healthy.account.advance(1200)
    depth = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert int(depth["Attributes"]["ApproximateNumberOfMessages"]) > 200


def test_tables_are_described(healthy: Aws) -> None:
    dynamodb = client("dynamodb", healthy.account.url)
    assert dynamodb.list_tables()["TableNames"] == ["orders"]
    table = dynamodb.describe_table(TableName="orders")["Table"]
    assert (table["TableStatus"], table["TableArn"]) == (
        "ACTIVE",
        "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
    )
    with pytest.raises(ClientError) as caught:
        dynamodb.describe_table(TableName="nobody")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_api_shows_the_functions_behind_it(healthy: Aws) -> None:
    gateway = client("apigateway", healthy.account.url)
    (api,) = gateway.get_rest_apis()["items"]
    assert api["name"] == "shop-api"
    resources = gateway.get_resources(restApiId=api["id"])["items"]
    checkout = next(r for r in resources if r["path"] == "/checkout")
    integration = gateway.get_integration(
        restApiId=api["id"], resourceId=checkout["id"], httpMethod="POST"
    )
    assert integration["uri"].endswith(":function:checkout/invocations")
    assert [s["stageName"] for s in gateway.get_stages(restApiId=api["id"])["item"]] == ["prod"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("iam", "simulate_custom_policy", {"PolicyInputList": ["{}"], "ActionNames": ["a:b"]}),
        ("cloudwatch", "put_dashboard", {"DashboardName": "x", "DashboardBody": "{}"}),
        ("logs", "create_log_group", {"logGroupName": "x"}),
        ("cloudtrail", "describe_trails", {}),
        ("ssm", "start_automation_execution", {"DocumentName": "x"}),
    ],
)
def test_what_is_not_supported_says_so_in_the_shape_of_aws(
    healthy: Aws, service: str, operation: str, parameters: dict[str, object]
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(client(service, healthy.account.url), operation)(**parameters)
    assert caught.value.response["Error"]["Code"] == "NotImplementedException"
    assert "the embedded account does not support" in caught.value.response["Error"]["Message"]
