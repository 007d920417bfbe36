"""Making the tables: once, again, over foreign ones, denied, and while they are not ready."""

from itertools import pairwise
from typing import Any

import pytest

from opspilot.adapters.dynamodb import Creating, TableNames, open_store, shapes
from opspilot.errors import AwsDenied, StoreUnavailable
from tests.adapters.dynamodb.wire import Wire, answers
from tests.contract import dynamodb_server

PROTECTED = ("point-in-time recovery",)


@pytest.fixture
def names(tables: TableNames) -> TableNames:
    """Names under which there are no tables."""
    return TableNames(
        *(f"{one}-new" for one in (tables.audit, tables.incidents, tables.plans, tables.evidence))
    )


def creating(wire: Wire, names: TableNames, **more: Any) -> Creating:
    """Makes tables without waiting."""
    return Creating(wire.client(), names, sleep=lambda _: None, **more)


def test_new_tables_are_protected_on_demand_and_can_be_opened(
    names: TableNames, wire: Wire
) -> None:
    reports = creating(wire, names).create()
    assert [one.name for one in reports] == [
        names.audit,
        names.incidents,
        names.plans,
        names.evidence,
    ]
    assert all(one.created and one.changes == PROTECTED for one in reports)
    client = wire.client()
    for report in reports:
        table = client.describe_table(TableName=report.name)["Table"]
        assert table.get("DeletionProtectionEnabled") is True
        assert table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
        assert table.get("TableArn") == report.arn
        backups = client.describe_continuous_backups(TableName=report.name)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    open_store(client, names, account=dynamodb_server.ACCOUNT)


def test_making_them_again_changes_nothing(names: TableNames, wire: Wire) -> None:
    creating(wire, names, expiry=True).create()
    made = wire.seen["CreateTable"]
    again = creating(wire, names, expiry=True).create()
    assert [(one.created, one.changes) for one in again] == [(False, ())] * 4
    assert wire.seen["CreateTable"] == made == 4


def test_protection_that_was_switched_off_comes_back(names: TableNames, wire: Wire) -> None:
    creating(wire, names).create()
    client = wire.client()
    client.update_table(TableName=names.audit, DeletionProtectionEnabled=False)
    first, *others = creating(wire, names).create()
    assert (first.created, first.changes) == (False, ("deletion protection",))
    assert all(one.changes == () for one in others)


def test_only_evidence_and_transcripts_expire_and_only_where_chosen(
    names: TableNames, wire: Wire
) -> None:
    creating(wire, names).create()
    client = wire.client()

    def expiring() -> list[str]:
        found = {
            name: client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            for name in (names.audit, names.incidents, names.plans, names.evidence)
        }
        return [name for name, one in found.items() if one.get("TimeToLiveStatus") == "ENABLED"]

    assert expiring() == []
    assert creating(wire, names, expiry=True).create()[3].changes == (
        "expiry of evidence and transcripts",
    )
    assert expiring() == [names.evidence]


def test_expiry_by_another_attribute_is_refused(names: TableNames, wire: Wire) -> None:
    creating(wire, names).create()
    wire.client().update_time_to_live(
        TableName=names.evidence,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"},
    )
    with pytest.raises(StoreUnavailable, match="expire by ttl, not by expires_at"):
        creating(wire, names, expiry=True).create()


def test_a_key_of_ones_own_encrypts_new_tables(names: TableNames, wire: Wire) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1234"
    creating(wire, names, kms_key=key).create()
    table = wire.client().describe_table(TableName=names.plans)["Table"]
    assert table.get("SSEDescription", {}).get("KMSMasterKeyArn") == key


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}, "its key is id, not pk"),
        ({"LocalSecondaryIndexes": None}, "no local index StatusIndex by pk and status_key"),
        (
            {
                "LocalSecondaryIndexes": [
                    {
                        "IndexName": name,
                        "KeySchema": shapes.key_schema("newest_key"),
                        "Projection": {"ProjectionType": "KEYS_ONLY"},
                    }
                    for name in ("StatusIndex", "NewestIndex", "IncidentIdIndex")
                ]
            },
            "its index StatusIndex is by pk and newest_key, not by pk and status_key",
        ),
    ],
)
def test_a_table_of_another_shape_is_refused_before_any_is_made(
    names: TableNames, wire: Wire, change: dict[str, object], said: str
) -> None:
    request = shapes.request("plans", names.plans) | change
    request = {name: value for name, value in request.items() if value is not None}
    used = {
        one["AttributeName"]
        for schema in (
            request["KeySchema"],
            *(index["KeySchema"] for index in request.get("LocalSecondaryIndexes", ())),
        )
        for one in schema
    }
    request["AttributeDefinitions"] = [
        {"AttributeName": name, "AttributeType": "S"} for name in sorted(used)
    ]
    if "id" in used:
        request.pop("LocalSecondaryIndexes")
        request["AttributeDefinitions"] = [{"AttributeName": "id", "AttributeType": "S"}]
    wire.client().create_table(**request)
    made = wire.seen["CreateTable"]
    with pytest.raises(StoreUnavailable, match=said) as caught:
        creating(wire, names).create()
    assert "PLANS_TABLE_NAME" in caught.value.hint
    assert wire.seen["CreateTable"] == made


def test_a_denial_names_the_missing_action_and_all_that_are_needed(
    names: TableNames, wire: Wire
) -> None:
    wire.plan("CreateTable", answers("AccessDeniedException", message="no"))
    with pytest.raises(AwsDenied, match="lacks dynamodb:CreateTable") as caught:
        creating(wire, names).create()
    assert caught.value.iam_action == "dynamodb:CreateTable"
    for action in ("CreateTable", "UpdateContinuousBackups", "UpdateTimeToLive"):
        assert f"dynamodb:{action}" in caught.value.hint


def test_a_table_is_waited_for_until_it_is_active(names: TableNames, wire: Wire) -> None:
    shape = shapes.request("audit", names.audit)
    making = answers("", 200, Table=shape | {"TableStatus": "CREATING"})
    naps: list[float] = []
    # The first look at each of the four is before they are made.
    looks = [answers("ResourceNotFoundException") for _ in range(4)]
    wire.plan("DescribeTable", *looks, making, making)
    wire.plan("UpdateContinuousBackups", answers("ContinuousBackupsUnavailableException"))
    reports = Creating(wire.client(), names, sleep=naps.append).create()
    assert len(naps) == 3
    assert all(one.created for one in reports)


def test_each_table_is_ready_before_the_next_is_made(names: TableNames, wire: Wire) -> None:
    wire.plan("CreateTable", answers("LimitExceededException"))
    creating(wire, names).create()
    makings = [index for index, one in enumerate(wire.order) if one == "CreateTable"]
    assert len(makings) == 5
    for one, other in pairwise(makings[1:]):
        assert wire.order[one + 1 : other] == ["DescribeTable"]


def test_a_table_that_never_becomes_active_is_said_so(names: TableNames, wire: Wire) -> None:
    shape = shapes.request("audit", names.audit)
    looks = [answers("ResourceNotFoundException") for _ in range(4)]
    making = answers("", 200, Table=shape | {"TableStatus": "CREATING"})
    wire.plan("DescribeTable", *looks, *[making] * 60)
    with pytest.raises(StoreUnavailable, match="did not become active"):
        creating(wire, names).create()


def test_of_two_who_make_the_tables_both_succeed(names: TableNames, wire: Wire) -> None:
    creating(wire, names).create()
    # The other one made them between our look and our request.
    wire.plan("DescribeTable", *[answers("ResourceNotFoundException") for _ in range(4)])
    assert next(iter(creating(wire, names).create())).name == names.audit
