"""Opening a store file: whose it is, what shape it has, and what can be wrong with it."""

import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.adapters.sqlite import SqliteStore, open_store
from opspilot.adapters.sqlite.connections import unavailable
from opspilot.adapters.sqlite.pages import INCIDENTS, PLANS
from opspilot.adapters.sqlite.queue import free
from opspilot.adapters.sqlite.schema import MIGRATIONS, migrate, schema_of
from opspilot.domain.audit import canonical_json
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import PlanStatus
from opspilot.errors import AuditDamaged, SchemaTooNew, StoreUnavailable, WrongAccount
from opspilot.ports.store import Changeset
from tests.adapters.sqlite.conftest import ROOT
from tests.contract.rows import after, draft, evidence, incident, job, plan

ACCOUNT = "000000000000/us-east-1"
SHORT = timedelta(milliseconds=50)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.db"


@contextmanager
def store_at(path: Path, account: str = ACCOUNT) -> Iterator[SqliteStore]:
    with closing(open_store(path, account=account, busy_timeout=SHORT)) as store:
        yield store


@contextmanager
def behind_its_back(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as any other program sees it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_the_store_is_readable_to_its_owner_only(path: Path) -> None:
    with store_at(path) as store:
        store.commit(Changeset(puts=[incident()]))
        assert mode(path.parent) == "0o700"
        files = {file.name: mode(file) for file in path.parent.iterdir()}
    assert files == dict.fromkeys(("store.db", "store.db-wal", "store.db-shm"), "0o600")


def test_a_store_that_others_could_read_is_closed_to_them(path: Path) -> None:
    with store_at(path):
        pass
    path.chmod(0o644)
    with store_at(path):
        assert mode(path) == "0o600"


def test_a_store_belongs_to_the_account_it_was_first_opened_for(path: Path) -> None:
    with store_at(path):
        pass
    with pytest.raises(WrongAccount) as caught, store_at(path, "111111111111/eu-west-1"):
        pass
    assert str(path) in caught.value.message
    assert ACCOUNT in caught.value.message
    assert "111111111111/eu-west-1" in caught.value.message


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    with store_at(path):
        pass
    newer = len(MIGRATIONS) + 1
    with behind_its_back(path) as connection:
        connection.execute(f"PRAGMA user_version = {newer}")
    with pytest.raises(SchemaTooNew) as caught, store_at(path):
        pass
    assert f"schema {newer}" in caught.value.message
    assert f"up to {len(MIGRATIONS)}" in caught.value.message
    assert "Upgrade" in caught.value.hint
    with behind_its_back(path) as connection:
        assert schema_of(connection) == newer


def test_an_older_schema_is_brought_up_to_date_with_its_rows(tmp_path: Path) -> None:
    with behind_its_back(tmp_path / "any.db") as connection:
        migrate(connection, [["CREATE TABLE first (a TEXT) STRICT"]])
        connection.execute("INSERT INTO first VALUES ('kept')")
        steps = [["CREATE TABLE never (a)"], ["ALTER TABLE first ADD COLUMN b TEXT DEFAULT 'new'"]]
        migrate(connection, steps)
        assert schema_of(connection) == 2
        assert connection.execute("SELECT a, b FROM first").fetchall() == [("kept", "new")]


def test_a_migration_that_fails_leaves_the_store_as_it_was(path: Path) -> None:
    with store_at(path) as store:
        store.commit(Changeset(puts=[incident()]))
    broken = [*MIGRATIONS, ["ALTER TABLE incidents ADD COLUMN more TEXT", "no SQL at all"]]
    with behind_its_back(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, broken)
        connection.execute("ROLLBACK")
        assert schema_of(connection) == len(MIGRATIONS)
    with store_at(path) as store:
        assert store.counts() == {IncidentStatus.OPEN: 1}


def test_rows_of_an_older_record_load_with_the_defaults_of_new_fields(path: Path) -> None:
    with store_at(path) as store:
        store.commit(Changeset(puts=[incident(), job("a", attempts=3)], audit=[draft()]))
    with behind_its_back(path) as connection:
        connection.execute("UPDATE incidents SET body = json_remove(body, '$.waits_for')")
        connection.execute("UPDATE jobs SET body = json_remove(body, '$.attempts')")
    with store_at(path) as store:
        assert store.incident("INC-0001").waits_for == ""
        assert [one.attempts for one in store.jobs()] == [0]


def test_a_file_that_is_no_database_is_refused_by_name(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"These are notes, not a database. " * 100)
    with pytest.raises(StoreUnavailable, match=str(path)) as caught, store_at(path):
        pass
    assert "not an OpsPilot store" in caught.value.hint
    assert path.read_bytes().startswith(b"These are notes")


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with behind_its_back(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="another program"), store_at(path):
        pass
    assert path.read_bytes() == before


def test_a_folder_in_place_of_the_file_is_refused_by_name(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreUnavailable, match=str(path)), store_at(path):
        pass


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "store.db"
    with pytest.raises(StoreUnavailable, match=str(path)) as caught, store_at(path):
        pass
    assert caught.value.hint


def test_a_store_locked_for_too_long_is_unavailable_and_then_works_again(path: Path) -> None:
    with store_at(path) as store, behind_its_back(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked") as caught:
            store.commit(Changeset(puts=[incident()]))
        assert str(path) in caught.value.message
        assert "Another process" in caught.value.hint
        assert store.counts() == {}
        other.execute("ROLLBACK")
        store.commit(Changeset(puts=[incident()]))
        assert store.counts() == {IncidentStatus.OPEN: 1}


def test_a_full_disk_keeps_what_was_committed_and_nothing_half(path: Path) -> None:
    """The child may not write beyond 400 kB a file: its disk is full, as far as it can tell."""
    code = """
        import resource, sys
        from pathlib import Path
        from opspilot.adapters.sqlite import open_store
        from opspilot.errors import StoreUnavailable
        from opspilot.ports.store import Changeset
        from tests.contract.rows import draft, incident
        store = open_store(Path(sys.argv[1]), account=sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        number = 0
        try:
            while True:
                number += 1
                store.commit(Changeset(puts=[incident(number)], audit=[draft()]))
        except StoreUnavailable as exc:
            print(number - 1, "|", exc.message, "|", exc.hint)
    """
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path), ACCOUNT],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    )
    committed, message, hint = (part.strip() for part in child.stdout.split("|"))
    assert str(path) in message
    assert "space" in hint or "room" in hint
    with store_at(path) as store:
        assert store.counts() == {IncidentStatus.OPEN: int(committed)}
        assert [head.seq for head in store.chains()] == [int(committed)]


def test_a_read_only_store_says_so(path: Path) -> None:
    with store_at(path), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as other:
        with pytest.raises(sqlite3.OperationalError) as refused:
            other.execute("DELETE FROM meta")
        told = unavailable(path, refused.value)
    assert str(path) in told.message
    assert "read-only" in told.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written_is_refused_by_name(path: Path) -> None:
    with store_at(path):
        pass
    path.chmod(0o400)
    path.parent.chmod(0o500)
    with pytest.raises(StoreUnavailable, match=str(path)), store_at(path):
        pass


def test_a_closed_store_says_so(path: Path) -> None:
    store = open_store(path, account=ACCOUNT)
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.counts()


def test_a_row_edited_into_nonsense_is_named_and_the_others_still_load(path: Path) -> None:
    with store_at(path) as store:
        store.commit(Changeset(puts=[incident(1), incident(2)]))
        with behind_its_back(path) as other:
            other.execute("UPDATE incidents SET body = '{\"id\": 1}' WHERE id = 'INC-0001'")
        with pytest.raises(StoreUnavailable, match="unreadable Incident") as caught:
            store.incident("INC-0001")
        assert str(path) in caught.value.message
        assert store.incident("INC-0002").id == "INC-0002"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET body = '{}'",
        "DELETE FROM audit_entries",
        "INSERT OR REPLACE INTO audit_entries VALUES ('INC-0001', 1, '{}')",
        "INSERT INTO audit_entries VALUES ('INC-0001', 5, '{}')",
        "UPDATE audit_heads SET seq = 1",
        "DELETE FROM audit_heads",
        "UPDATE evidence SET body = '{}'",
    ],
)
def test_the_file_itself_refuses_to_rewrite_history(path: Path, statement: str) -> None:
    with store_at(path) as store:
        store.commit(Changeset(puts=[evidence()], audit=[draft(), draft()]))
        with behind_its_back(path) as other, pytest.raises(sqlite3.IntegrityError):
            other.execute(statement)
        assert [entry.seq for entry in store.entries("INC-0001")] == [1, 2]


def test_a_chain_that_does_not_end_where_its_head_says_takes_no_further_entry(path: Path) -> None:
    with store_at(path) as store:
        store.commit(Changeset(audit=[draft(), draft()]))
        with behind_its_back(path) as other:
            other.execute("DROP TRIGGER audit_entries_never_go")
            other.execute("DELETE FROM audit_entries WHERE seq = 2")
        with pytest.raises(AuditDamaged, match="INC-0001"):
            store.commit(Changeset(puts=[incident()], audit=[draft()]))
        assert store.counts() == {}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT body FROM incidents WHERE id = 'x'",
        "SELECT body FROM evidence WHERE incident_id = 'x' ORDER BY arrival",
        "SELECT body FROM plans WHERE incident_id = 'x' ORDER BY number, id",
        "SELECT body FROM investigations WHERE incident_id = 'x' ORDER BY number DESC LIMIT 1",
        "SELECT body FROM jobs WHERE done = 0 ORDER BY id",
        "SELECT seq FROM audit_entries WHERE chain = 'x' AND seq > 3 ORDER BY seq LIMIT 2",
    ],
)
def test_reads_use_an_index_and_sort_nothing(path: Path, statement: str) -> None:
    with store_at(path), behind_its_back(path) as other:
        steps = [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert all("USING" in step and "TEMP B-TREE" not in step for step in steps), steps


@pytest.mark.parametrize("statuses", [[], [IncidentStatus.OPEN, IncidentStatus.FAILED]])
def test_a_page_of_incidents_is_read_without_a_scan(
    path: Path, statuses: list[IncidentStatus]
) -> None:
    statement, values = INCIDENTS.newest(statuses, limit=3, cursor='[5, "x"]')
    with store_at(path), behind_its_back(path) as other:
        steps = [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert any("SEARCH incidents USING" in step for step in steps)
    assert not any("SCAN incidents" in step for step in steps), steps


@pytest.mark.parametrize("statuses", [[], [PlanStatus.PROPOSED, PlanStatus.APPROVED]])
def test_a_page_of_plans_is_read_without_a_scan(path: Path, statuses: list[PlanStatus]) -> None:
    statement, values = PLANS.newest(statuses, limit=3, cursor='[5, "x"]')
    with store_at(path), behind_its_back(path) as other:
        steps = [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert not any("SCAN plans" in step for step in steps), steps


def test_plans_of_the_first_schema_are_listed_by_the_second(path: Path) -> None:
    path.parent.mkdir(parents=True)
    old = [plan(1, asked=5.25), plan(2, asked=5.250001), plan(3, asked=4)]
    with behind_its_back(path) as connection:
        migrate(connection, MIGRATIONS[:1])
        for one in old:
            body = canonical_json(one.saved().model_dump(mode="json"))
            values = (one.id, one.incident_id, one.number, 1, body)
            connection.execute("INSERT INTO plans VALUES (?, ?, ?, ?, ?)", values)
    with store_at(path) as store:
        first = store.newest_plans([PlanStatus.PROPOSED], limit=2)
        assert [one.id for one in first.items] == ["INC-0001-P2", "INC-0001-P1"]
        rest = store.newest_plans([PlanStatus.PROPOSED], limit=2, cursor=first.cursor)
        assert [one.id for one in rest.items] == ["INC-0001-P3"]


@pytest.mark.parametrize("name", [None, "a"])
def test_the_job_to_claim_is_found_without_a_scan(path: Path, name: str | None) -> None:
    asked: list[str] = []
    with store_at(path), behind_its_back(path) as other:
        other.set_trace_callback(asked.append)
        assert free(other, now=after(0), job_id=name) is None
        other.set_trace_callback(None)
        steps = [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {asked[-1]}")]
    assert all(step.startswith("SEARCH jobs USING") for step in steps), steps


def test_threads_that_come_and_go_leave_no_connections_behind(path: Path) -> None:
    """Streamlit starts a thread for every rerun."""
    with store_at(path) as store:
        before = len(os.listdir("/dev/fd"))
        for _ in range(50):
            thread = threading.Thread(target=store.counts)
            thread.start()
            thread.join()
        assert len(os.listdir("/dev/fd")) - before <= 3
