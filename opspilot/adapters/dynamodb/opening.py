"""Opening the store: the tables are there, and they belong to this account."""

from datetime import timedelta
from typing import TYPE_CHECKING

from botocore import exceptions as sdk

from opspilot.adapters.dynamodb.calls import Calls, Patience
from opspilot.adapters.dynamodb.failures import code_of, missing_tables, store_error
from opspilot.adapters.dynamodb.layout import (
    ACCOUNT,
    ROLES,
    Item,
    TableNames,
    number,
    read_number,
    read_text,
    text,
)
from opspilot.adapters.dynamodb.shapes import differences
from opspilot.adapters.dynamodb.store import DynamoStore
from opspilot.errors import SchemaTooNew, StoreUnavailable, WrongAccount

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

_READY = ("ACTIVE", "UPDATING")

SCHEMA = 1
"""Number of the schema that this OpsPilot writes."""


def open_store(
    client: "DynamoDBClient",
    tables: TableNames,
    *,
    account: str,
    retention: timedelta = timedelta(0),
    patience: Patience | None = None,
) -> DynamoStore:
    """Open the store in tables that `create_tables` made.

    Args:
        client: Of the account and region that hold the tables; its own retries should be off.
        tables: Their names.
        account: Account and region, "123456789012/eu-west-1". The tables belong to the account that
            they were first opened for; each of its regions has items of its own there.
        retention: How long evidence and transcripts are kept; zero keeps them for ever.
        patience: How often requests are sent again.

    Raises:
        WrongAccount: The tables belong to another account, or the region is not the home region.
        SchemaTooNew: A newer OpsPilot wrote them.
        StoreUnavailable: A table is missing or of another shape, or DynamoDB cannot be asked.
    """
    _refuse_replicas(client, account)
    calls = Calls(client, tables, patience)
    _examine(calls)
    _claim_tables(calls, account.partition("/")[0])
    return DynamoStore(calls, account, retention=retention)


def _refuse_replicas(client: "DynamoDBClient", account: str) -> None:
    """Transactions hold within one region only, so a replica must not be written."""
    home, asked = account.partition("/")[2], client.meta.region_name
    if home != asked:
        raise WrongAccount(
            f"The incidents of {account} are written in {home} only, not through the tables in"
            f" {asked}.",
            hint=f"Use the tables in {home}, the home region.",
        )


def _examine(calls: Calls) -> None:
    """Refuse tables that are missing, not ready, or not ours."""
    missing: list[str] = []
    for role in ROLES:
        name = calls.tables.of(role)
        try:
            table = calls.client.describe_table(TableName=name)["Table"]
        except (sdk.ClientError, sdk.BotoCoreError) as exc:
            if not (
                isinstance(exc, sdk.ClientError) and code_of(exc) == "ResourceNotFoundException"
            ):
                raise store_error(exc, "DescribeTable", name) from exc
            missing.append(name)
            continue
        if table.get("TableStatus") not in _READY:
            raise StoreUnavailable(
                f"The DynamoDB table {name} is not ready: {table.get('TableStatus')}.",
                hint="Wait for it: opspilot tables create returns when it is.",
            )
        found = differences(role, dict(table))
        if found:
            raise StoreUnavailable(
                f"The DynamoDB table {name} is none of OpsPilot's: {'; '.join(found)}.",
                hint="Choose another name for it; docs/reference/settings.md says how.",
            )
    if missing:
        raise missing_tables(missing)


def _claim_tables(calls: Calls, account_id: str) -> None:
    found = calls.get(ACCOUNT)
    if found is None:
        ours: Item = {"account_id": text(account_id), "schema_number": number(SCHEMA)}
        if calls.insert(ACCOUNT, ours):
            return
        found = calls.get(ACCOUNT) or {}
    owner, schema = read_text(found, "account_id"), read_number(found, "schema_number")
    if schema > SCHEMA:
        raise SchemaTooNew(
            f"The tables have schema {schema}; this OpsPilot knows schemas up to {SCHEMA}.",
            hint="Upgrade OpsPilot, or choose other tables.",
        )
    if owner != account_id:
        raise WrongAccount(
            f"The DynamoDB tables belong to account {owner or 'nobody'}, not to {account_id}.",
            hint="Check the credentials, AWS_ENDPOINT_URL_DYNAMODB and the tables' names.",
        )
