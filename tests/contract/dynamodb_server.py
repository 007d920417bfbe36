"""DynamoDB on this machine for the contract tests: one server, new tables for each test."""

import itertools
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from opspilot.adapters.dynamodb import DynamoStore, Patience, TableNames, open_store, shapes
from opspilot.adapters.dynamodb.layout import ROLES
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

ACCOUNT = "000000000000/us-east-1"
QUICK = Patience(attempts=60, first_pause=0.001, longest_pause=0.02)
"""Others are waited for as long as they need, but not politely."""

_running = ExitStack()
_numbers = itertools.count(1)


@cache
def address() -> str:
    """The server's address; it starts at the first call and serves the whole session."""
    account = _running.enter_context(EmbeddedAccount(clock=ManualClock()))
    return account.url


def stop() -> None:
    """End the server, if it runs."""
    _running.close()
    address.cache_clear()


@cache
def client() -> "DynamoDBClient":
    """A client of the server, without retries of its own."""
    return new_client(address())


def new_client(url: str, region: str = "us-east-1", **more: Any) -> "DynamoDBClient":
    """A client of any address."""
    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"}, max_pool_connections=20, **more
    )
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=config,
    )


def new_tables() -> TableNames:
    """Four empty tables under new names, without the protections that `Creating` adds."""
    number = next(_numbers)
    names = TableNames(*(f"{role}-{number}" for role in ROLES))
    for role in ROLES:
        client().create_table(**shapes.request(role, names.of(role)))
    return names


def opened(tables: TableNames, account: str = ACCOUNT) -> DynamoStore:
    """The store in these tables."""
    return open_store(client(), tables, account=account, patience=QUICK)
