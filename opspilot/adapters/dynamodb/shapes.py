"""The shape of the tables: as they are made, and how one that is there differs."""

from collections.abc import Mapping, Sequence
from typing import Any

from opspilot.adapters.dynamodb.layout import INDEXES, Role


def key_schema(sort: str) -> list[dict[str, str]]:
    """Partition by "pk", sorted by `sort`."""
    return [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def request(role: Role, name: str, *, kms_key: str = "") -> dict[str, Any]:
    """The request that makes a table."""
    names = ["pk", "sk", *INDEXES[role].values()]
    indexes = [
        {
            "IndexName": index,
            "KeySchema": key_schema(sort),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for index, sort in INDEXES[role].items()
    ]
    made: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": one, "AttributeType": "S"} for one in names],
        "KeySchema": key_schema("sk"),
        "DeletionProtectionEnabled": True,
    }
    if indexes:
        made["LocalSecondaryIndexes"] = indexes
    if kms_key:
        made["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms_key}
    return made


def differences(role: Role, table: Mapping[str, Any]) -> list[str]:
    """How a table that is there differs from what the store needs, in words."""
    found = _keys(table.get("KeySchema") or ())
    said = [] if found == ("pk", "sk") else [f"its key is {' and '.join(found)}, not pk and sk"]
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    said += [
        f"attribute {name} has type {types[name]}, not S"
        for name in ("pk", "sk", *INDEXES[role].values())
        if types.get(name, "S") != "S"
    ]
    indexes = {
        one["IndexName"]: _keys(one["KeySchema"])
        for one in table.get("LocalSecondaryIndexes") or ()
    }
    for index, sort in INDEXES[role].items():
        if index not in indexes:
            said.append(f"it has no local index {index} by pk and {sort}")
        elif indexes[index] != ("pk", sort):
            said.append(
                f"its index {index} is by {' and '.join(indexes[index])}, not by pk and {sort}"
            )
    return said


def _keys(schema: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    ordered = sorted(schema, key=lambda one: one["KeyType"] != "HASH")
    return tuple(one["AttributeName"] for one in ordered)
