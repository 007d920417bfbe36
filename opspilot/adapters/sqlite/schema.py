"""The tables, as numbered migrations that run in order inside one transaction.

A row is the JSON of its record in `body`, beside the columns that are looked up. Times are whole
microseconds since 1970 (UTC), so that they sort as they follow each other.

Rows of different aggregates carry no foreign keys to each other: the port does not promise them,
and a changeset must mean the same on every store. Only the audit entries are tied, to their head.
"""

import sqlite3
from collections.abc import Sequence

APPLICATION_ID = 0x4F707350
"""Marks the file as ours ("OpsP"); SQLite keeps it in the header."""

_FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE numbers (series TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT",
    """
    CREATE TABLE incidents (
        id TEXT PRIMARY KEY, version INTEGER NOT NULL, status TEXT NOT NULL,
        opened_at INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX incidents_newest ON incidents (opened_at DESC, id DESC)",
    "CREATE INDEX incidents_by_status ON incidents (status, opened_at DESC, id DESC)",
    "CREATE TABLE incident_counts (status TEXT PRIMARY KEY, total INTEGER NOT NULL) STRICT",
    """
    CREATE TRIGGER incident_counted AFTER INSERT ON incidents BEGIN
        INSERT INTO incident_counts (status, total) VALUES (NEW.status, 1)
            ON CONFLICT (status) DO UPDATE SET total = total + 1;
    END
    """,
    """
    CREATE TRIGGER incident_recounted AFTER UPDATE OF status ON incidents
    WHEN NEW.status <> OLD.status BEGIN
        UPDATE incident_counts SET total = total - 1 WHERE status = OLD.status;
        INSERT INTO incident_counts (status, total) VALUES (NEW.status, 1)
            ON CONFLICT (status) DO UPDATE SET total = total + 1;
    END
    """,
    """
    CREATE TABLE investigations (
        incident_id TEXT NOT NULL, number INTEGER NOT NULL, version INTEGER NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY (incident_id, number)
    ) STRICT
    """,
    """
    CREATE TABLE evidence (
        arrival INTEGER PRIMARY KEY, incident_id TEXT NOT NULL, id TEXT NOT NULL,
        version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (incident_id, id)
    ) STRICT
    """,
    "CREATE INDEX evidence_arrival ON evidence (incident_id, arrival)",
    """
    CREATE TRIGGER evidence_is_written_once BEFORE UPDATE ON evidence BEGIN
        SELECT RAISE(ABORT, 'evidence is written once');
    END
    """,
    """
    CREATE TABLE plans (
        id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, number INTEGER NOT NULL,
        version INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX plans_of_incident ON plans (incident_id, number, id)",
    "CREATE TABLE receipts (key TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL)"
    " STRICT",
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY, version INTEGER NOT NULL, due_at INTEGER, lease_owner TEXT,
        lease_until INTEGER, done INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX jobs_due ON jobs (due_at, id) WHERE due_at IS NOT NULL",
    "CREATE INDEX jobs_not_done ON jobs (id) WHERE done = 0",
    "CREATE TABLE audit_heads (chain TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL)"
    " STRICT",
    """
    CREATE TABLE audit_entries (
        chain TEXT NOT NULL REFERENCES audit_heads (chain), seq INTEGER NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY (chain, seq)
    ) STRICT
    """,
    """
    CREATE TRIGGER audit_entries_never_change BEFORE UPDATE ON audit_entries BEGIN
        SELECT RAISE(ABORT, 'audit entries are append-only');
    END
    """,
    """
    CREATE TRIGGER audit_entries_never_go BEFORE DELETE ON audit_entries BEGIN
        SELECT RAISE(ABORT, 'audit entries are append-only');
    END
    """,
    # INSERT OR REPLACE would delete without firing the trigger above; this one fires before it.
    """
    CREATE TRIGGER audit_entries_follow BEFORE INSERT ON audit_entries
    WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM audit_entries WHERE chain = NEW.chain), 0)
    BEGIN
        SELECT RAISE(ABORT, 'audit entries follow each other without holes');
    END
    """,
    """
    CREATE TRIGGER audit_heads_move_forward BEFORE UPDATE ON audit_heads
    WHEN NEW.seq <> OLD.seq + 1 OR NEW.chain <> OLD.chain BEGIN
        SELECT RAISE(ABORT, 'audit heads move forward one by one');
    END
    """,
    """
    CREATE TRIGGER audit_heads_never_go BEFORE DELETE ON audit_heads BEGIN
        SELECT RAISE(ABORT, 'audit heads are never removed');
    END
    """,
)

_SECOND = (
    "ALTER TABLE plans ADD COLUMN status TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE plans ADD COLUMN requested_at INTEGER NOT NULL DEFAULT 0",
    # The bodies' times are UTC, "2026-11-22T14:00:00" with six digits of fraction or none.
    """
    UPDATE plans SET status = json_extract(body, '$.status'), requested_at =
        unixepoch(substr(json_extract(body, '$.requested_at'), 1, 19)) * 1000000
        + CASE substr(json_extract(body, '$.requested_at'), 20, 1)
            WHEN '.' THEN CAST(substr(json_extract(body, '$.requested_at'), 21, 6) AS INTEGER)
            ELSE 0 END
    """,
    "CREATE INDEX plans_newest ON plans (requested_at DESC, id DESC)",
    "CREATE INDEX plans_by_status ON plans (status, requested_at DESC, id DESC)",
    """
    CREATE TABLE notes (
        arrival INTEGER PRIMARY KEY, incident_id TEXT NOT NULL, id TEXT NOT NULL,
        version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (incident_id, id)
    ) STRICT
    """,
    "CREATE INDEX notes_arrival ON notes (incident_id, arrival)",
    """
    CREATE TRIGGER notes_are_written_once BEFORE UPDATE ON notes BEGIN
        SELECT RAISE(ABORT, 'notes are written once');
    END
    """,
    """
    CREATE TABLE postmortems (
        incident_id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, number INTEGER NOT NULL,
        version INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX conversations_of_incident ON conversations (incident_id, number, id)",
    """
    CREATE TABLE turns (
        conversation_id TEXT NOT NULL, number INTEGER NOT NULL, version INTEGER NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY (conversation_id, number)
    ) STRICT
    """,
)

_THIRD = (
    """
    CREATE TABLE fingerprints (
        incident_id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _SECOND, _THIRD)
"""Statements that lead from schema n to n + 1, in order; published ones never change."""


def schema_of(connection: sqlite3.Connection) -> int:
    """The schema number of the file; 0 when it is new."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(
    connection: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS
) -> None:
    """Bring the schema up to date, within the caller's transaction."""
    for statements in migrations[schema_of(connection) :]:
        for statement in statements:
            connection.execute(statement)
    # PRAGMA takes no parameters; both are whole numbers of our own.
    connection.execute(f"PRAGMA user_version = {len(migrations)}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
