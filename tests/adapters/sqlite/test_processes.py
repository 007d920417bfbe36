"""Several processes at one store, and processes that are killed while they write."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from opspilot.adapters.signing import open_checkpoints
from opspilot.adapters.sqlite import SqliteStore, open_store
from opspilot.adapters.system import SystemClock
from opspilot.domain.audit import SYSTEM_CHAIN
from opspilot.domain.incident import IncidentStatus
from opspilot.engine.audit import AuditTrail
from opspilot.ports.store import Changeset
from tests.adapters.sqlite.child import ACCOUNT
from tests.adapters.sqlite.conftest import Child, begin, lines
from tests.contract.rows import job

Start = Callable[[str], Child]

ROUNDS = 12
MOST_COMMITS = 12
MOST_SPINS = 20_000


def opened(folder: Path) -> SqliteStore:
    return open_store(folder / "store.db", account=ACCOUNT)


def audit_trail(store: SqliteStore, folder: Path) -> AuditTrail:
    return AuditTrail(store, open_checkpoints(folder / "keys"), SystemClock())


def test_processes_that_make_the_same_store_at_once_all_open_it(
    start_child: Start, tmp_path: Path
) -> None:
    children = [start_child("only_open") for _ in range(4)]
    begin(*children)
    assert sorted(line for child in children for line in lines(child)) == ["1", "2", "3", "4"]
    assert opened(tmp_path).next_number("opened") == 5


def test_two_processes_never_fork_a_chain(start_child: Start, tmp_path: Path) -> None:
    children = [start_child("commit_to_one_chain") for _ in range(2)]
    begin(*children)
    written = [int(line) for child in children for line in lines(child)]
    assert sorted(written) == list(range(2, 401, 2))
    store = opened(tmp_path)
    assert [entry.seq for entry in store.entries("INC-0001")] == list(range(1, 401))
    assert audit_trail(store, tmp_path).verify().ok
    store.close()


def test_two_processes_never_hold_the_same_job(start_child: Start, tmp_path: Path) -> None:
    store = opened(tmp_path)
    names = [f"job-{number:03}" for number in range(60)]
    store.commit(Changeset(puts=[job(name) for name in names]))
    children = [start_child("claim_all") for _ in range(2)]
    begin(*children)
    assert sorted(line for child in children for line in lines(child)) == names
    store.close()


@pytest.mark.kill
def test_a_process_killed_while_committing_leaves_whole_changesets_and_sound_chains(
    start_child: Start, tmp_path: Path
) -> None:
    acknowledged: set[str] = set()
    for _ in range(ROUNDS):
        child = start_child("commit_forever")
        begin(child)
        assert child.stdout is not None
        for _ in range(random.randint(1, MOST_COMMITS)):
            acknowledged.add(child.stdout.readline().strip())
        for _ in range(random.randint(0, MOST_SPINS)):
            pass  # so that the kill meets any moment of the next commit
        child.kill()
        acknowledged |= {name for name in child.communicate()[0].split("\n")[:-1] if name}
        check_whole(tmp_path, acknowledged)


def check_whole(folder: Path, acknowledged: set[str]) -> None:
    """Every changeset is there with all its parts or with none, and the acknowledged ones are."""
    store = opened(folder)
    try:
        found = {one.id for one in store.incidents(limit=10_000).items}
        assert acknowledged <= found
        assert store.counts() == {IncidentStatus.OPEN: len(found)}
        assert {head.chain: head.seq for head in store.chains() if head.chain in found} == (
            dict.fromkeys(found, 2)
        )
        assert all(len(store.evidence(name)) == 2 and store.receipt(name) for name in found)
        assert len(plain_system_entries(store)) == len(found)
        trail = audit_trail(store, folder)
        assert trail.verify().problems == ()
        trail.checkpoint()
        report = trail.verify()
        assert (report.problems, report.uncovered) == ((), 0)
    finally:
        store.close()


def plain_system_entries(store: SqliteStore) -> list[str]:
    entries = store.entries(SYSTEM_CHAIN, limit=100_000)
    return [entry.hash for entry in entries if entry.action_type == "test.happened"]
