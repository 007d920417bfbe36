"""Makes the four tables, or says that they are there already and makes sure of their protection."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore import exceptions as sdk

from opspilot.adapters.dynamodb import shapes
from opspilot.adapters.dynamodb.failures import code_of, missing_action, store_error
from opspilot.adapters.dynamodb.layout import EXPIRY, ROLES, Role, TableNames
from opspilot.adapters.dynamodb.operations import CREATING_ACTIONS
from opspilot.errors import AwsDenied, StoreUnavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

_ATTEMPTS = 60
_DENIED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")
_NOT_YET = (
    "ContinuousBackupsUnavailableException",
    "LimitExceededException",
    "ResourceInUseException",
)


@dataclass(frozen=True)
class TableReport:
    """What became of one table.

    Attributes:
        created: Made just now; otherwise it was there, of the right shape.
        changes: What was switched on: point-in-time recovery, deletion protection, expiry.
    """

    name: str
    arn: str
    created: bool
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Creating:
    """Makes tables through one client.

    Attributes:
        kms_key: ARN or alias of the key that encrypts; empty for a key that DynamoDB owns.
        expiry: Whether evidence and transcripts may expire (time to live).
        sleep: Waits for the tables; tests give one that does not.
    """

    client: "DynamoDBClient"
    tables: TableNames
    kms_key: str = ""
    expiry: bool = False
    sleep: Callable[[float], None] = field(default=time.sleep)

    def create(self) -> list[TableReport]:
        """Make what is missing.

        All tables are looked at before the first one is made.

        Raises:
            AwsDenied: An IAM action is missing; the message lists all that are needed.
            StoreUnavailable: A table of that name has another shape, or DynamoDB failed.
        """
        there: dict[Role, Mapping[str, Any] | None] = {
            role: self._described(role) for role in ROLES
        }
        for role, table in there.items():
            if table is not None:
                self._refuse_strangers(role, table)
        for role, table in there.items():
            if table is None:
                name = self.tables.of(role)
                self._call("CreateTable", role, **shapes.request(role, name, kms_key=self.kms_key))
                # Only one table with indexes may be in the making at a time.
                self._active(role)
        return [self._protected(role, created=table is None) for role, table in there.items()]

    def _described(self, role: Role) -> Mapping[str, Any] | None:
        try:
            answer = self.client.describe_table(TableName=self.tables.of(role))
        except (sdk.ClientError, sdk.BotoCoreError) as exc:
            if isinstance(exc, sdk.ClientError) and code_of(exc) == "ResourceNotFoundException":
                return None
            raise self._error(exc, "DescribeTable", role) from exc
        return dict(answer["Table"])

    def _refuse_strangers(self, role: Role, table: Mapping[str, Any]) -> None:
        found = shapes.differences(role, table)
        if found:
            raise StoreUnavailable(
                f"There is a table {self.tables.of(role)} already, of another shape:"
                f" {'; '.join(found)}. Nothing was made or changed.",
                hint=f"Choose another name: {role.upper()}_TABLE_NAME.",
            )

    def _protected(self, role: Role, *, created: bool) -> TableReport:
        table = self._active(role)
        changes = [*self._undeletable(role, table), *self._recoverable(role)]
        if role == "evidence" and self.expiry:
            changes += self._expiring(role)
        return TableReport(
            self.tables.of(role), str(table.get("TableArn") or ""), created, tuple(changes)
        )

    def _active(self, role: Role) -> Mapping[str, Any]:
        """The table once it is ACTIVE."""
        for _ in range(_ATTEMPTS):
            table = self._described(role)
            if table is not None and table.get("TableStatus") == "ACTIVE":
                return table
            self.sleep(1.0)
        raise StoreUnavailable(
            f"The table {self.tables.of(role)} did not become active within {_ATTEMPTS} seconds.",
            hint="It is being made: run opspilot tables create again in a minute.",
        )

    def _undeletable(self, role: Role, table: Mapping[str, Any]) -> list[str]:
        if table.get("DeletionProtectionEnabled"):
            return []
        self._call(
            "UpdateTable", role, TableName=self.tables.of(role), DeletionProtectionEnabled=True
        )
        self._active(role)
        return ["deletion protection"]

    def _recoverable(self, role: Role) -> list[str]:
        name = self.tables.of(role)
        answer = self._call("DescribeContinuousBackups", role, TableName=name)
        backups = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if backups.get("PointInTimeRecoveryStatus") == "ENABLED":
            return []
        self._call(
            "UpdateContinuousBackups",
            role,
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        return ["point-in-time recovery"]

    def _expiring(self, role: Role) -> list[str]:
        name = self.tables.of(role)
        answer = self._call("DescribeTimeToLive", role, TableName=name)
        found: Mapping[str, Any] = answer.get("TimeToLiveDescription") or {}
        if found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
            if found.get("AttributeName") == EXPIRY:
                return []
            raise StoreUnavailable(
                f"Items of table {name} expire by {found.get('AttributeName')}, not by {EXPIRY}.",
                hint="Switch its time to live off, then run opspilot tables create again.",
            )
        self._call(
            "UpdateTimeToLive",
            role,
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRY},
        )
        return ["expiry of evidence and transcripts"]

    def _call(self, operation: str, role: Role, **request: Any) -> Mapping[str, Any]:
        """Send once, and again while the new table is not ready for it."""
        calls: dict[str, Callable[..., Any]] = {
            "CreateTable": self.client.create_table,
            "UpdateTable": self.client.update_table,
            "DescribeContinuousBackups": self.client.describe_continuous_backups,
            "UpdateContinuousBackups": self.client.update_continuous_backups,
            "DescribeTimeToLive": self.client.describe_time_to_live,
            "UpdateTimeToLive": self.client.update_time_to_live,
        }
        attempt = 0
        while True:
            attempt += 1
            try:
                return calls[operation](**request)
            except (sdk.ClientError, sdk.BotoCoreError) as exc:
                code = code_of(exc) if isinstance(exc, sdk.ClientError) else ""
                if operation == "CreateTable" and code == "ResourceInUseException":
                    return {}  # somebody else makes it at this moment
                if code not in _NOT_YET or attempt >= _ATTEMPTS:
                    raise self._error(exc, operation, role) from exc
            self.sleep(1.0)

    def _error(
        self, exc: sdk.ClientError | sdk.BotoCoreError, operation: str, role: Role
    ) -> AwsDenied | StoreUnavailable:
        name = self.tables.of(role)
        if not isinstance(exc, sdk.ClientError) or code_of(exc) not in _DENIED:
            return store_error(exc, operation, name)
        action = missing_action(exc, operation)
        needed = ", ".join(f"dynamodb:{one}" for one in CREATING_ACTIONS)
        return AwsDenied(
            f"dynamodb:{operation} on table {name} is denied: the identity lacks {action}.",
            iam_action=action,
            operation=f"dynamodb:{operation}",
            resource=name,
            aws_code=code_of(exc),
            hint=f"opspilot tables create needs {needed} on the four tables.",
        )
