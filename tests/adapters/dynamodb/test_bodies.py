"""Rows that are larger than an item, changesets larger than a transaction, and their garbage."""

import random
import string
from datetime import timedelta

import pytest

from opspilot.adapters.dynamodb import DynamoStore, TableNames, open_store
from opspilot.adapters.dynamodb.bodies import Chunk
from opspilot.adapters.dynamodb.calls import Calls
from opspilot.adapters.dynamodb.layout import Keys
from opspilot.domain.evidence import Evidence
from opspilot.errors import AuditDamaged, Conflict, StoreUnavailable
from opspilot.ports.store import Changeset
from tests.contract import dynamodb_server
from tests.contract.rows import draft, evidence, incident, note, plan, turn

ACCOUNT = dynamodb_server.ACCOUNT


def text(size: int, seed: int = 1) -> str:
    """Letters of which no part repeats."""
    return "".join(random.Random(seed).choices(string.ascii_letters + "é", k=size))


def large(number: int = 1, size: int = 1_200_000) -> Evidence:
    """Evidence with a snapshot of this many characters."""
    return evidence(number).model_copy(update={"snapshot": {"lines": text(size, number)}})


def partitions(tables: TableNames, prefix: str) -> list[dict[str, dict[str, str]]]:
    """The items of the evidence table in partitions of this prefix, as a test may look at them."""
    pages = dynamodb_server.new_client().get_paginator("scan").paginate(TableName=tables.evidence)
    items = [dict(item) for page in pages for item in page["Items"]]
    return [item for item in items if item["pk"]["S"].startswith(f"{ACCOUNT}#{prefix}")]


def test_a_row_larger_than_an_item_comes_back_unchanged(
    store: DynamoStore, tables: TableNames
) -> None:
    store.commit(Changeset(puts=[large(), evidence(2)]))
    assert store.evidence("INC-0001") == [
        row.model_copy(update={"version": 1}) for row in (large(), evidence(2))
    ]
    sizes = [len(item["chunk"]["B"]) for item in partitions(tables, "chunk")]
    assert len(sizes) == 4
    assert max(sizes) <= 350_000


def test_large_rows_of_every_list_come_back(store: DynamoStore) -> None:
    words = text(500_000)
    rows = [
        incident().model_copy(update={"title": words}),
        plan().model_copy(update={"reason": words}),
        note().model_copy(update={"text": words}),
        turn().model_copy(update={"question": words}),
    ]
    store.commit(Changeset(puts=rows))
    assert store.incidents().items[0].title == words
    assert store.plans("INC-0001")[0].reason == words
    assert store.newest_plans().items[0].reason == words
    assert store.notes("INC-0001")[0].text == words
    assert store.turns("INC-0001-C1")[0].question == words


def test_a_large_row_is_replaced_as_a_whole(store: DynamoStore) -> None:
    row = incident().model_copy(update={"title": text(700_000)})
    store.commit(Changeset(puts=[row]))
    store.commit(Changeset(puts=[row.model_copy(update={"version": 1, "title": "short"})]))
    assert store.incident("INC-0001").title == "short"
    again = row.model_copy(update={"version": 2, "title": text(400_000, 2)})
    store.commit(Changeset(puts=[again]))
    assert store.incident("INC-0001").title == text(400_000, 2)


def test_an_audit_entry_may_be_as_large_as_a_full_anchor(store: DynamoStore) -> None:
    linked = store.commit(Changeset(audit=[draft(), draft(result=text(1_000_000)), draft()]))
    assert store.entries("INC-0001") == list(linked)


def test_a_changeset_of_more_than_a_transaction_holds_stays_whole(store: DynamoStore) -> None:
    rows = [large(number, 280_000) for number in range(20)]
    store.commit(Changeset(puts=rows, audit=[draft()]))
    assert [row.id for row in store.evidence("INC-0001")] == [row.id for row in rows]


def test_too_many_rows_are_refused_and_nothing_is_kept(store: DynamoStore) -> None:
    with pytest.raises(StoreUnavailable, match="at most 100"):
        store.commit(Changeset(puts=[plan(number) for number in range(101)]))
    assert store.newest_plans().items == ()
    store.commit(Changeset(puts=[plan(number) for number in range(98)]))
    assert len(store.newest_plans(limit=100).items) == 98


def test_chunks_of_a_commit_that_failed_do_no_harm(store: DynamoStore) -> None:
    moved = incident().model_copy(update={"version": 7})
    with pytest.raises(Conflict):
        store.commit(Changeset(puts=[large(), moved]))
    assert store.evidence("INC-0001") == []
    store.commit(Changeset(puts=[large()]))
    assert store.evidence("INC-0001")[0].snapshot == large().snapshot


def test_a_chunk_that_was_changed_is_noticed(store: DynamoStore, tables: TableNames) -> None:
    store.commit(Changeset(puts=[large()], audit=[draft(result=text(400_000))]))
    client = dynamodb_server.new_client()
    for item in partitions(tables, "chunk"):
        client.put_item(TableName=tables.evidence, Item={**item, "chunk": {"B": b"[]"}})
    with pytest.raises(StoreUnavailable, match=r"Evidence .*damaged"):
        store.evidence("INC-0001")
    with pytest.raises(AuditDamaged, match="Entry 1 of audit chain INC-0001"):
        store.entries("INC-0001")


def test_evidence_and_transcripts_expire_where_that_is_chosen_and_nothing_else(
    tables: TableNames,
) -> None:
    days = timedelta(days=90)
    store = open_store(dynamodb_server.client(), tables, account=ACCOUNT, retention=days)
    store.commit(Changeset(puts=[large(), turn(), incident(), plan()], audit=[draft()]))
    end = int((evidence().collected_wall + days).timestamp())
    chunks = [item["expires_at"]["N"] for item in partitions(tables, "chunk")]
    assert set(chunks) == {str(end)}
    assert "expires_at" in partitions(tables, "turns")[0]
    client = dynamodb_server.new_client()
    for name in (tables.incidents, tables.plans, tables.audit):
        assert all("expires_at" not in item for item in client.scan(TableName=name)["Items"])


def test_a_chunk_that_is_needed_for_ever_does_not_expire_with_the_row_that_wrote_it(
    tables: TableNames,
) -> None:
    calls = Calls(dynamodb_server.client(), tables)
    key = Keys(ACCOUNT).chunk("0" * 64, 0)

    def expiry_after(expires: int | None) -> str | None:
        calls.put_chunk(Chunk(key, b"same", expires))
        return (calls.get(key) or {}).get("expires_at", {}).get("N")

    assert [expiry_after(end) for end in (200, 100, 300, None, 400)] == [
        "200",
        "200",
        "300",
        None,
        None,
    ]
