"""Opening a store: the file, its schema, and the account it belongs to."""

import os
import sqlite3
import time
from datetime import timedelta
from pathlib import Path

from opspilot.adapters.sqlite.connections import Connections
from opspilot.adapters.sqlite.schema import APPLICATION_ID, MIGRATIONS, migrate, schema_of
from opspilot.adapters.sqlite.store import SqliteStore
from opspilot.errors import SchemaTooNew, StoreUnavailable, WrongAccount

_OLDEST_SQLITE = (3, 37, 0)
_RETRY_SECONDS = 0.02


def open_store(
    path: Path, *, account: str, busy_timeout: timedelta = timedelta(seconds=10)
) -> SqliteStore:
    """Open the store at `path`, making it (and its folder) when there is none.

    Args:
        path: The database file; SQLite keeps `-wal` and `-shm` files beside it. Not on a network
            file system.
        account: Account and region, "123456789012/eu-west-1"; a store belongs to the one that it
            was first opened for.
        busy_timeout: How long to wait for another process's commit.

    Raises:
        SchemaTooNew: A newer OpsPilot wrote it.
        WrongAccount: It belongs to another account or region.
        StoreUnavailable: It is no OpsPilot store, or cannot be read or written.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreUnavailable(
            f"SQLite {sqlite3.sqlite_version} is too old for the store {path}.",
            hint="OpsPilot needs SQLite 3.37 or newer.",
        )
    _prepare_file(path)
    connections = Connections(path, busy_seconds=busy_timeout.total_seconds())
    try:
        _refuse_strangers(connections)
        _write_ahead(connections, time.monotonic() + busy_timeout.total_seconds())
        _update(connections, account)
    except BaseException:
        connections.close()
        raise
    return SqliteStore(connections)


def _prepare_file(path: Path) -> None:
    """Make the file readable to its owner only; SQLite gives its side files the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except OSError as exc:
        raise StoreUnavailable(
            f"The store {path} cannot be opened: {exc.strerror}.",
            hint="Check that the folder exists and that this user may write there.",
        ) from exc


def _refuse_strangers(connections: Connections) -> None:
    with connections.reading() as connection:
        ours = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        schema = schema_of(connection)
    if not ours and not empty:
        raise StoreUnavailable(
            f"{connections.path} is a database of another program, not an OpsPilot store.",
            hint="Choose another OPSPILOT_STATE_DIR.",
        )
    if schema > len(MIGRATIONS):
        raise SchemaTooNew(
            f"The store {connections.path} has schema {schema}; this OpsPilot knows schemas up to"
            f" {len(MIGRATIONS)}.",
            hint="Upgrade OpsPilot, or choose another OPSPILOT_STATE_DIR.",
        )


def _write_ahead(connections: Connections, deadline: float) -> None:
    """Switch to write-ahead logging, once in the life of a file.

    SQLite does not wait for other processes here, whatever the busy timeout: two that make the same
    store at the same moment would see "database is locked".
    """
    while True:
        try:
            with connections.reading() as connection:
                mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            break
        except StoreUnavailable as exc:
            busy = getattr(exc.__cause__, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
    if mode != "wal":
        raise StoreUnavailable(
            f"The file system of {connections.path} cannot hold a write-ahead log.",
            hint="Put OPSPILOT_STATE_DIR on a local disk.",
        )


def _update(connections: Connections, account: str) -> None:
    with connections.reading() as connection:
        current = schema_of(connection) == len(MIGRATIONS)
    if not current:
        with connections.writing() as connection:
            migrate(connection)
            connection.execute(
                "INSERT INTO meta (key, value) VALUES ('account', ?) ON CONFLICT DO NOTHING",
                (account,),
            )
    with connections.reading() as connection:
        found = connection.execute("SELECT value FROM meta WHERE key = 'account'").fetchone()
    owner = found[0] if found else "nobody"
    if owner != account:
        raise WrongAccount(
            f"The store {connections.path} belongs to {owner}, not to {account}.",
            hint="Choose another OPSPILOT_STATE_DIR for this account and region.",
        )
