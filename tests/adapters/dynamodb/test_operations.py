"""The published policies are exactly what the store and its making call."""

from itertools import pairwise

from opspilot.adapters.dynamodb import (
    AUDIT_DENIED,
    CREATING_ACTIONS,
    STORE_ACTIONS,
    Creating,
    DynamoStore,
    TableNames,
)
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.job import Lease
from opspilot.ports.store import Changeset
from tests.adapters.dynamodb.wire import Wire
from tests.contract import dynamodb_server
from tests.contract.rows import (
    T0,
    after,
    conversation,
    draft,
    evidence,
    incident,
    investigation,
    job,
    note,
    plan,
    postmortem,
    receipt,
    turn,
)


def everything(store: DynamoStore) -> None:
    """Every method of the store, with something to find."""
    rows = [incident(), investigation(), note(), postmortem(), receipt(), job(), plan()]
    large = evidence().model_copy(update={"snapshot": "x" * 400_000})
    store.commit(Changeset(puts=[*rows, large, conversation(), turn()], audit=[draft()]))
    store.claim("w", now=T0, until=after(60))
    lease = Lease(job_id="a", owner="w")
    store.extend(lease, after(90))
    store.commit(Changeset(puts=[note(2)], lease=lease))
    store.next_number("incident")
    for read in (store.incidents, store.newest_plans, store.counts, store.chains, store.jobs):
        read()
    store.incidents([IncidentStatus.OPEN, IncidentStatus.CLOSED])
    for of_incident in (
        *(store.incident, store.investigation, store.evidence, store.plans, store.notes),
        *(store.postmortem, store.conversations, store.entries),
    ):
        of_incident("INC-0001")
    store.plan("INC-0001-P1")
    store.conversation("INC-0001-C1")
    store.turns("INC-0001-C1")
    store.receipt("alarm@14:00")
    store.job("a")


def test_the_store_calls_exactly_what_its_policy_allows(
    troubled: DynamoStore, tables: TableNames, wire: Wire
) -> None:
    everything(troubled)
    used = {
        role: tuple(sorted(action for table, action in wire.used if table == tables.of(role)))
        for role in STORE_ACTIONS
    }
    assert used == dict(STORE_ACTIONS)


def test_making_tables_calls_exactly_what_its_policy_allows(tables: TableNames, wire: Wire) -> None:
    names = TableNames(*(f"made-{tables.of(role)}" for role in STORE_ACTIONS))
    Creating(wire.client(), names, expiry=True).create()
    # A table that lost its protection needs the rest.
    unprotected = dynamodb_server.new_client()
    unprotected.update_table(TableName=tables.audit, DeletionProtectionEnabled=False)
    Creating(wire.client(), tables, expiry=True).create()
    assert tuple(sorted({action for _, action in wire.used})) == CREATING_ACTIONS


def test_nothing_scans_or_deletes() -> None:
    actions = {*CREATING_ACTIONS, *(one for allowed in STORE_ACTIONS.values() for one in allowed)}
    assert [one for one in actions if "Scan" in one or "Delete" in one] == []


def test_what_is_denied_on_the_audit_table_is_never_needed_there() -> None:
    assert set(AUDIT_DENIED) & set(STORE_ACTIONS["audit"]) == set()


def test_the_actions_are_listed_in_order() -> None:
    for actions in (*STORE_ACTIONS.values(), CREATING_ACTIONS, AUDIT_DENIED):
        assert all(one < other for one, other in pairwise(actions))
