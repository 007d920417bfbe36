"""Tables: billing mode and capacity of a table and of its indexes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from opspilot.embedded.changes.checks import Params, Stamp, text, whole
from opspilot.embedded.configuration import Configuration
from opspilot.embedded.errors import AwsError
from opspilot.embedded.stores import IndexConfig, TableConfig

SETTLE_S = 45.0


def table_of(state: Configuration, name: str) -> TableConfig:
    """The table of that name; AwsError ResourceNotFoundException when there is none."""
    found = state.tables.get(name)
    if found is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"Requested resource not found: Table: {name} not found",
        )
    return found


def _update_table(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    table = table_of(state, str(params["table"]))
    if stamp.at < table.updating_until:
        raise AwsError(
            "ResourceInUseException",
            f"Attempt to change a resource which is still in use: Table is being updated: "
            f"{table.name}",
        )
    billing = text(params, "billing") or table.billing
    on_demand = billing == "on_demand"
    read = None if on_demand else _capacity(params, "read_capacity", table.read_capacity)
    write = None if on_demand else _capacity(params, "write_capacity", table.write_capacity)
    wanted = cast("Mapping[str, Params]", params.get("indexes") or {})
    indexes = {
        name: _index(index, wanted.get(name, {}), on_demand=on_demand)
        for name, index in table.indexes.items()
    }
    after = replace(
        table,
        billing="on_demand" if on_demand else "provisioned",
        read_capacity=read,
        write_capacity=write,
        indexes=indexes,
        updating_until=stamp.at + SETTLE_S,
    )
    return state.with_table(_dated(table, after, stamp.at))


def _capacity(params: Params, key: str, before: int | None) -> int:
    wanted = whole(params, key)
    value = before if wanted is None else wanted
    if value is None or value < 1:
        raise AwsError(
            "ValidationException",
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits "
            "must both be specified when BillingMode is PROVISIONED",
        )
    return value


def _index(index: IndexConfig, params: Params, *, on_demand: bool) -> IndexConfig:
    if on_demand:
        return replace(index, read_capacity=None, write_capacity=None)
    return replace(
        index,
        read_capacity=_capacity(params, "read_capacity", index.read_capacity),
        write_capacity=_capacity(params, "write_capacity", index.write_capacity),
    )


def _dated(before: TableConfig, after: TableConfig, at: float) -> TableConfig:
    pairs = (
        (before.read_capacity or 0, after.read_capacity or 0),
        (before.write_capacity or 0, after.write_capacity or 0),
    )
    return replace(
        after,
        increased_at=at if any(new > old for old, new in pairs) else before.increased_at,
        decreased_at=at if any(new < old for old, new in pairs) else before.decreased_at,
    )


CHANGES = {"dynamodb.update_table": _update_table}
