"""DynamoDB of the embedded account: transactions whole or not at all, once for each token."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded import aws
from tests.embedded.aws import Aws

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

TABLE = "things"


@pytest.fixture
def client(healthy: Aws) -> "DynamoDBClient":
    """DynamoDB with one empty table."""
    made: DynamoDBClient = aws.client("dynamodb", healthy.account.url)
    made.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    )
    return made


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}, "sk": {"S": name}}


def add(name: str, count: int = 1) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": TABLE,
            "Key": key(name),
            "UpdateExpression": "ADD things_seen :n",
            "ExpressionAttributeValues": {":n": {"N": str(count)}},
        }
    }


def put_new(name: str, **more: Any) -> dict[str, Any]:
    return {
        "Put": {
            "TableName": TABLE,
            "Item": key(name) | more,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def seen(client: "DynamoDBClient", name: str) -> str | None:
    item = client.get_item(TableName=TABLE, Key=key(name)).get("Item") or {}
    return item.get("things_seen", {}).get("N")


def test_a_token_is_carried_out_once(client: "DynamoDBClient") -> None:
    for _ in range(2):
        client.transact_write_items(TransactItems=[add("a")], ClientRequestToken="one")
    client.transact_write_items(TransactItems=[add("a")], ClientRequestToken="two")
    assert seen(client, "a") == "2"


def test_a_token_with_other_content_is_refused(client: "DynamoDBClient") -> None:
    client.transact_write_items(TransactItems=[add("a")], ClientRequestToken="one")
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=[add("a", 2)], ClientRequestToken="one")
    assert caught.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"
    assert seen(client, "a") == "1"


def test_a_refused_transaction_may_be_sent_again_under_its_token(client: "DynamoDBClient") -> None:
    client.put_item(TableName=TABLE, Item=key("b"))
    request: dict[str, Any] = {
        "TransactItems": [add("a"), put_new("b")],
        "ClientRequestToken": "one",
    }
    with pytest.raises(ClientError):
        client.transact_write_items(**request)
    client.delete_item(TableName=TABLE, Key=key("b"))
    client.transact_write_items(**request)
    assert seen(client, "a") == "1"


def test_a_condition_that_does_not_hold_leaves_nothing_and_is_named_in_its_place(
    client: "DynamoDBClient",
) -> None:
    client.put_item(TableName=TABLE, Item=key("b"))
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=[add("a"), put_new("b"), put_new("c")])
    reasons = caught.value.response["CancellationReasons"]  # pyright: ignore
    assert [one["Code"] for one in reasons] == ["None", "ConditionalCheckFailed", "None"]
    assert seen(client, "a") is None
    assert "Item" not in client.get_item(TableName=TABLE, Key=key("c"))


def test_a_write_that_is_refused_takes_the_others_back(client: "DynamoDBClient") -> None:
    client.transact_write_items(TransactItems=[add("a")])
    with pytest.raises(ClientError):
        client.transact_write_items(
            TransactItems=[add("a"), put_new("b"), put_new("c", body={"S": "x" * 410_000})]
        )
    assert seen(client, "a") == "1"
    assert "Item" not in client.get_item(TableName=TABLE, Key=key("b"))


def test_two_actions_on_one_item_are_refused(client: "DynamoDBClient") -> None:
    with pytest.raises(ClientError, match="multiple operations on one item"):
        client.transact_write_items(TransactItems=[add("a"), add("a")])


def test_a_transaction_that_fails_undoes_nothing_of_others(client: "DynamoDBClient") -> None:
    client.put_item(TableName=TABLE, Item=key("taken"))

    def work(number: int) -> None:
        if number % 2:
            client.transact_write_items(TransactItems=[add("a"), put_new(f"n{number}")])
            return
        with pytest.raises(ClientError):
            client.transact_write_items(TransactItems=[add("a"), put_new("taken")])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert seen(client, "a") == "20"
