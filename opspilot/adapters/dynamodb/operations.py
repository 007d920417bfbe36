"""Every DynamoDB operation of the store, on which table, with the IAM actions that it needs.

`docs/reference/iam.md` is written from here, and a test compares it with the calls that are really
made. There is no Scan, and nothing deletes.
"""

from collections.abc import Mapping

from opspilot.adapters.dynamodb.layout import Role

_SAME = frozenset(
    {
        "BatchGetItem",
        "ConditionCheckItem",
        "GetItem",
        "PutItem",
        "Query",
        "UpdateItem",
        "CreateTable",
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "UpdateContinuousBackups",
        "UpdateTable",
        "UpdateTimeToLive",
    }
)

_INSIDE = frozenset({"ConditionCheckItem", "PutItem", "UpdateItem"})
"""What a transaction of the store consists of; IAM knows no TransactWriteItems."""

STORE_ACTIONS: Mapping[Role, tuple[str, ...]] = {
    "audit": ("DescribeTable", "PutItem", "Query"),
    "incidents": (
        "BatchGetItem",
        "ConditionCheckItem",
        "DescribeTable",
        "GetItem",
        "PutItem",
        "Query",
        "UpdateItem",
    ),
    "plans": ("BatchGetItem", "DescribeTable", "GetItem", "PutItem", "Query"),
    "evidence": ("BatchGetItem", "DescribeTable", "GetItem", "PutItem", "Query"),
}
"""What the store calls on each table, sorted."""

CREATING_ACTIONS: tuple[str, ...] = (
    "CreateTable",
    "DescribeContinuousBackups",
    "DescribeTable",
    "DescribeTimeToLive",
    "UpdateContinuousBackups",
    "UpdateTable",
    "UpdateTimeToLive",
)
"""What `opspilot tables create` calls on every table, sorted."""


AUDIT_DENIED: tuple[str, ...] = (
    "BatchWriteItem",
    "DeleteItem",
    "DeleteTable",
    "PartiQLDelete",
    "PartiQLInsert",
    "PartiQLUpdate",
    "UpdateItem",
    "UpdateTimeToLive",
)
"""What to deny everybody on the audit table, so that entries are only ever added."""


def iam_actions(operation: str) -> frozenset[str]:
    """The IAM actions of an operation."""
    names = _INSIDE if operation == "TransactWriteItems" else {operation} & _SAME
    return frozenset(f"dynamodb:{name}" for name in names)
