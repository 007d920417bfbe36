"""A store on tables of its own, and a way to its requests."""

import pytest

from opspilot.adapters.dynamodb import DynamoStore, TableNames
from tests.adapters.dynamodb.wire import Wire
from tests.contract import dynamodb_server


@pytest.fixture
def tables() -> TableNames:
    """Four empty tables."""
    return dynamodb_server.new_tables()


@pytest.fixture
def store(tables: TableNames) -> DynamoStore:
    """A store whose requests always come through."""
    return dynamodb_server.opened(tables)


@pytest.fixture
def wire() -> Wire:
    """The way of the other store's requests."""
    return Wire()


@pytest.fixture
def troubled(tables: TableNames, wire: Wire) -> DynamoStore:
    """The same tables, through a wire on which things happen."""
    return dynamodb_server.opened(tables, through=wire.client())
