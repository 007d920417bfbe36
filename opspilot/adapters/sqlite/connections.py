"""Connections to one database file, and what SQLite's errors mean to us."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from opspilot.errors import StoreUnavailable

_HINTS = {
    "SQLITE_BUSY": "Another process holds the store for long. Find it, or try again.",
    "SQLITE_LOCKED": "Another process holds the store for long. Find it, or try again.",
    "SQLITE_FULL": "The disk is full: make room, then go on. Nothing half-written was kept.",
    "SQLITE_READONLY": "The file or its folder is read-only for this user: allow writing.",
    "SQLITE_CANTOPEN": "Check that the folder exists and that this user may write there.",
    "SQLITE_NOTADB": "This is not an OpsPilot store: choose another OPSPILOT_STATE_DIR.",
    "SQLITE_CORRUPT": "The file is damaged: keep a copy, and restore it from a backup.",
    "SQLITE_IOERR": "The disk refused to read or write: check its space and its health.",
}


def unavailable(path: Path, exc: Exception) -> StoreUnavailable:
    """What a database error means: the file, what happened to it, and what to do."""
    name: str = getattr(exc, "sqlite_errorname", "")
    primary = "_".join(name.split("_")[:2])
    return StoreUnavailable(f"The store {path} failed: {exc}.", hint=_HINTS.get(primary, ""))


def _unreadable(path: Path, exc: ValidationError) -> StoreUnavailable:
    first = exc.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return StoreUnavailable(
        f"The store {path} holds an unreadable {exc.title}: {field} {first['msg']}.",
        hint="The row was changed by hand or by another program: restore it from a backup.",
    )


class Connections:
    """Idle connections to one file; a thread takes one, uses it alone and gives it back.

    Streamlit starts a thread for every rerun, so connections are kept here and not in the threads.
    An object of this class must not be carried over a fork.
    """

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        # Appending to a list and popping from it are atomic.
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """A connection in autocommit: every statement sees the newest commit.

        Raises:
            StoreUnavailable: SQLite failed, or a row does not load; the message names the file.
        """
        connection = self._take()
        try:
            yield connection
        except sqlite3.Error as exc:
            connection.close()
            raise unavailable(self.path, exc) from exc
        except ValidationError as exc:
            self._give_back(connection)
            raise _unreadable(self.path, exc) from exc
        except BaseException:
            self._give_back(connection)
            raise
        self._give_back(connection)

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """A connection inside a write transaction: committed at the end, undone by any exception.

        The write lock is taken at once (BEGIN IMMEDIATE), so that what is read inside is still true
        when it is written.

        Raises:
            StoreUnavailable: SQLite failed; nothing was kept.
        """
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close every idle connection; those in use close when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreUnavailable(f"The store {self.path} has been closed.")
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self.close()

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path,
                timeout=self._busy_seconds,
                isolation_level=None,
                check_same_thread=False,
            )
            # FULL, not NORMAL: an intent must survive a power cut before AWS is called, and in WAL
            # mode NORMAL may lose the last commits then. It costs one fsync per commit.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
        except sqlite3.Error as exc:
            raise unavailable(self.path, exc) from exc
        return connection
