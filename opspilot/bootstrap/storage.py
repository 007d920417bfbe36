"""Where state is kept: a file of this machine, or tables in the account's DynamoDB."""

from datetime import timedelta
from typing import TYPE_CHECKING

from opspilot.adapters import dynamodb, sqlite
from opspilot.bootstrap.place import Place, locate
from opspilot.config import Settings, load_settings
from opspilot.errors import StoreUnavailable
from opspilot.ports.store import Store

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

TableReport = dynamodb.TableReport


def open_configured_store(settings: Settings, place: Place) -> Store:
    """The store of the account, as configured.

    Raises:
        StoreError: It cannot be opened (no tables, newer schema, other account, unreadable).
    """
    if settings.store == "sqlite":
        return sqlite.open_store(place.folder / "opspilot.db", account=place.account.key)
    return dynamodb.open_store(
        _client(place),
        _names(settings),
        account=place.account.key,
        retention=timedelta(days=settings.evidence_retention_days),
    )


def create_tables(settings: Settings | None = None) -> list[TableReport]:
    """Make the store's tables in the configured account, or make sure of those that are there.

    Args:
        settings: What is configured; None reads the environment.

    Raises:
        AwsDenied: An IAM action is missing; the message lists all that are needed.
        StoreUnavailable: The account does not answer, or a table has another shape.
        InputError: A setting is malformed.
    """
    chosen = settings or load_settings()
    creating = dynamodb.Creating(
        _client(locate(chosen)),
        _names(chosen),
        kms_key=chosen.tables_kms_key,
        expiry=chosen.evidence_retention_days > 0,
    )
    return creating.create()


def _client(place: Place) -> "DynamoDBClient":
    if place.dynamodb is not None:
        return place.dynamodb
    why = place.problem.message if place.problem else "the account does not answer"
    hint = place.problem.hint if place.problem else ""
    raise StoreUnavailable(f"The store in DynamoDB cannot be reached: {why}", hint=hint)


def _names(settings: Settings) -> dynamodb.TableNames:
    return dynamodb.TableNames(
        audit=settings.audit_table_name,
        incidents=settings.incidents_table_name,
        plans=settings.plans_table_name,
        evidence=settings.evidence_table_name,
    )
