"""Opening: the tables are there, of the right shape, and this account's."""

from typing import Any

import pytest

from opspilot.adapters.dynamodb import TableNames, open_store, shapes
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.resource import lambda_function
from opspilot.errors import AuditDamaged, NotFound, SchemaTooNew, StoreUnavailable, WrongAccount
from opspilot.ports.store import Changeset
from tests.adapters.dynamodb.wire import Wire, answers
from tests.contract import dynamodb_server
from tests.contract.rows import draft, incident, job


def test_missing_tables_are_named_with_the_command_that_makes_them(tables: TableNames) -> None:
    names = TableNames(tables.audit, "no-incidents", tables.plans, "no-evidence")
    with pytest.raises(StoreUnavailable, match="no-incidents, no-evidence") as caught:
        dynamodb_server.opened(names, through=dynamodb_server.new_client())
    assert "opspilot tables create" in caught.value.hint


def test_tables_of_another_account_are_refused(tables: TableNames) -> None:
    dynamodb_server.opened(tables)
    with pytest.raises(WrongAccount, match="belong to account 000000000000, not to 111111111111"):
        dynamodb_server.opened(tables, "111111111111/us-east-1")


def test_a_replica_in_another_region_is_not_written(tables: TableNames) -> None:
    client = dynamodb_server.new_client(region="eu-west-1")
    with pytest.raises(WrongAccount, match="written in us-east-1 only"):
        open_store(client, tables, account="000000000000/us-east-1")


def test_two_regions_of_one_account_share_tables_and_touch_nothing_of_each_other(
    tables: TableNames,
) -> None:
    ours = dynamodb_server.opened(tables)
    # Global Tables bring the other region's items here; their keys carry its name.
    regional = dynamodb_server.new_client(_from_us_east, region="eu-west-1")
    theirs = dynamodb_server.opened(tables, "000000000000/eu-west-1", through=regional)
    there = lambda_function("000000000000", "eu-west-1", "checkout")
    ours.commit(Changeset(puts=[incident(), job()], audit=[draft()]))
    theirs.commit(Changeset(puts=[incident().model_copy(update={"resource": there})]))
    assert ours.incident("INC-0001").resource.region == "us-east-1"
    assert theirs.incident("INC-0001").resource.region == "eu-west-1"
    assert theirs.counts() == {IncidentStatus.OPEN: 1}
    assert (theirs.jobs(), theirs.chains()) == ([], [])


def _from_us_east(request: Any) -> Any:
    """The request as if it had been signed for the region that holds the test's tables."""
    signed = request.headers["Authorization"]
    as_text = signed.decode() if isinstance(signed, bytes) else signed
    request.headers["Authorization"] = as_text.replace("eu-west-1", "us-east-1")
    return dynamodb_server.deliver(request)


def test_tables_of_a_newer_opspilot_are_refused(tables: TableNames) -> None:
    dynamodb_server.opened(tables)
    dynamodb_server.new_client().put_item(
        TableName=tables.incidents,
        Item={
            "pk": {"S": "opspilot"},
            "sk": {"S": "account"},
            "account_id": {"S": "000000000000"},
            "schema_number": {"N": "99"},
        },
    )
    with pytest.raises(SchemaTooNew, match="99"):
        dynamodb_server.opened(tables)


def test_a_table_of_another_shape_is_refused_with_the_difference(tables: TableNames) -> None:
    client = dynamodb_server.new_client()
    name = f"foreign-{tables.audit}"
    foreign = shapes.request("evidence", name)
    client.create_table(**foreign)
    names = TableNames(tables.audit, name, tables.plans, tables.evidence)
    with pytest.raises(StoreUnavailable, match="no local index StatusIndex by pk and status_key"):
        dynamodb_server.opened(names, through=client)


def test_a_denied_opening_names_the_action(tables: TableNames, wire: Wire) -> None:
    client = wire.client()
    wire.plan("DescribeTable", answers("AccessDeniedException", message="no"))
    with pytest.raises(StoreUnavailable, match="denied dynamodb:DescribeTable on table audit"):
        dynamodb_server.opened(tables, through=client)


def test_a_table_that_is_still_being_made_is_said_to_be(tables: TableNames, wire: Wire) -> None:
    client = wire.client()
    making = {"Table": {"TableStatus": "CREATING", "KeySchema": [], "AttributeDefinitions": []}}
    wire.plan("DescribeTable", answers("", 200, **making))
    with pytest.raises(StoreUnavailable, match="CREATING"):
        dynamodb_server.opened(tables, through=client)


def test_an_entry_that_was_changed_by_hand_is_named(tables: TableNames) -> None:
    store = dynamodb_server.opened(tables)
    store.commit(Changeset(audit=[draft(), draft(), draft()]))
    client = dynamodb_server.new_client()
    item = client.scan(TableName=tables.audit)["Items"][1]
    client.put_item(TableName=tables.audit, Item={**item, "row_body": {"S": "{}"}})
    with pytest.raises(AuditDamaged, match="Entry 2 of audit chain INC-0001"):
        store.entries("INC-0001")


def test_a_chain_whose_next_place_is_taken_is_damaged_and_nothing_is_written(
    tables: TableNames,
) -> None:
    store = dynamodb_server.opened(tables)
    store.commit(Changeset(audit=[draft()]))
    client = dynamodb_server.new_client()
    item = client.scan(TableName=tables.audit)["Items"][0]
    client.put_item(TableName=tables.audit, Item={**item, "sk": {"S": "000000000002"}})
    with pytest.raises(AuditDamaged, match="INC-0001 does not end before entry 2"):
        store.commit(Changeset(puts=[incident()], audit=[draft()]))
    assert store.counts() == {}


def test_a_row_that_was_changed_by_hand_is_named(tables: TableNames) -> None:
    store = dynamodb_server.opened(tables)
    store.commit(Changeset(puts=[incident()]))
    client = dynamodb_server.new_client()
    items = client.scan(TableName=tables.incidents)["Items"]
    item = next(one for one in items if one["sk"]["S"] == "incident#INC-0001")
    client.put_item(TableName=tables.incidents, Item={**item, "row_body": {"S": '{"id": 1}'}})
    with pytest.raises(StoreUnavailable, match=r"unreadable Incident at .*incident#INC-0001"):
        store.incident("INC-0001")


@pytest.mark.parametrize("name", ["", "#", "INC#0001", "x" * 5_000, "é" * 600])
def test_an_id_that_no_key_can_hold_is_simply_not_there(tables: TableNames, name: str) -> None:
    store = dynamodb_server.opened(tables)
    store.commit(Changeset(puts=[incident()]))
    assert store.job(name) is None
    assert store.receipt(name) is None
    assert store.postmortem(name) is None
    for read in (store.evidence, store.plans, store.notes, store.conversations, store.turns):
        assert read(name) == []
    assert store.entries(name) == []
    with pytest.raises(NotFound):
        store.incident(name)
