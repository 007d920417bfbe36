"""Records as rows: which statement stores each kind, and which columns it is looked up by."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opspilot.domain.alarm import AlarmReceipt
from opspilot.domain.audit import canonical_json
from opspilot.domain.conversation import Conversation, Turn
from opspilot.domain.evidence import Evidence
from opspilot.domain.fingerprint import Fingerprint
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.job import Job
from opspilot.domain.note import Note
from opspilot.domain.plan import Plan
from opspilot.domain.postmortem import PostMortem
from opspilot.errors import Conflict
from opspilot.ports.store import Row, key_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Column = str | int | None


@dataclass(frozen=True)
class _Statements:
    """How one kind of row is stored; no `update` means written once."""

    insert: str
    stored: str
    update: str = ""


_STATEMENTS: dict[type[Row], _Statements] = {
    Incident: _Statements(
        insert="INSERT INTO incidents (id, version, status, opened_at, body)"
        " VALUES (:id, :version, :status, :opened_at, :body) ON CONFLICT DO NOTHING",
        update="UPDATE incidents SET version = :version, status = :status,"
        " opened_at = :opened_at, body = :body WHERE id = :id AND version = :expected",
        stored="SELECT version FROM incidents WHERE id = :id",
    ),
    Investigation: _Statements(
        insert="INSERT INTO investigations (incident_id, number, version, body)"
        " VALUES (:incident_id, :number, :version, :body) ON CONFLICT DO NOTHING",
        update="UPDATE investigations SET version = :version, body = :body"
        " WHERE incident_id = :incident_id AND number = :number AND version = :expected",
        stored="SELECT version FROM investigations"
        " WHERE incident_id = :incident_id AND number = :number",
    ),
    Evidence: _Statements(
        insert="INSERT INTO evidence (incident_id, id, version, body)"
        " VALUES (:incident_id, :id, :version, :body) ON CONFLICT DO NOTHING",
        stored="SELECT version FROM evidence WHERE incident_id = :incident_id AND id = :id",
    ),
    Plan: _Statements(
        insert="INSERT INTO plans (id, incident_id, number, status, requested_at, version, body)"
        " VALUES (:id, :incident_id, :number, :status, :requested_at, :version, :body)"
        " ON CONFLICT DO NOTHING",
        update="UPDATE plans SET incident_id = :incident_id, number = :number,"
        " status = :status, requested_at = :requested_at, version = :version, body = :body"
        " WHERE id = :id AND version = :expected",
        stored="SELECT version FROM plans WHERE id = :id",
    ),
    AlarmReceipt: _Statements(
        insert="INSERT INTO receipts (key, version, body) VALUES (:key, :version, :body)"
        " ON CONFLICT DO NOTHING",
        stored="SELECT version FROM receipts WHERE key = :key",
    ),
    Job: _Statements(
        insert="INSERT INTO jobs (id, version, due_at, lease_owner, lease_until, done, body)"
        " VALUES (:id, :version, :due_at, :lease_owner, :lease_until, :done, :body)"
        " ON CONFLICT DO NOTHING",
        update="UPDATE jobs SET version = :version, due_at = :due_at, lease_owner = :lease_owner,"
        " lease_until = :lease_until, done = :done, body = :body"
        " WHERE id = :id AND version = :expected",
        stored="SELECT version FROM jobs WHERE id = :id",
    ),
    Note: _Statements(
        insert="INSERT INTO notes (incident_id, id, version, body)"
        " VALUES (:incident_id, :id, :version, :body) ON CONFLICT DO NOTHING",
        stored="SELECT version FROM notes WHERE incident_id = :incident_id AND id = :id",
    ),
    PostMortem: _Statements(
        insert="INSERT INTO postmortems (incident_id, version, body)"
        " VALUES (:incident_id, :version, :body) ON CONFLICT DO NOTHING",
        update="UPDATE postmortems SET version = :version, body = :body"
        " WHERE incident_id = :incident_id AND version = :expected",
        stored="SELECT version FROM postmortems WHERE incident_id = :incident_id",
    ),
    Fingerprint: _Statements(
        insert="INSERT INTO fingerprints (incident_id, version, body)"
        " VALUES (:incident_id, :version, :body) ON CONFLICT DO NOTHING",
        update="UPDATE fingerprints SET version = :version, body = :body"
        " WHERE incident_id = :incident_id AND version = :expected",
        stored="SELECT version FROM fingerprints WHERE incident_id = :incident_id",
    ),
    Conversation: _Statements(
        insert="INSERT INTO conversations (id, incident_id, number, version, body)"
        " VALUES (:id, :incident_id, :number, :version, :body) ON CONFLICT DO NOTHING",
        update="UPDATE conversations SET incident_id = :incident_id, number = :number,"
        " version = :version, body = :body WHERE id = :id AND version = :expected",
        stored="SELECT version FROM conversations WHERE id = :id",
    ),
    Turn: _Statements(
        insert="INSERT INTO turns (conversation_id, number, version, body)"
        " VALUES (:conversation_id, :number, :version, :body) ON CONFLICT DO NOTHING",
        update="UPDATE turns SET version = :version, body = :body"
        " WHERE conversation_id = :conversation_id AND number = :number AND version = :expected",
        stored="SELECT version FROM turns"
        " WHERE conversation_id = :conversation_id AND number = :number",
    ),
}


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 (UTC); exact, unlike `timestamp()`."""
    return (moment - _EPOCH) // _MICROSECOND


def _columns(row: Row) -> dict[str, Column]:
    match row:
        case Incident():
            return {
                "id": row.id,
                "status": row.status.value,
                "opened_at": microseconds(row.opened_at),
            }
        case Investigation():
            return {"incident_id": row.incident_id, "number": row.number}
        case Evidence() | Note():
            return {"incident_id": row.incident_id, "id": row.id}
        case Plan():
            return {
                "id": row.id,
                "incident_id": row.incident_id,
                "number": row.number,
                "status": row.status.value,
                "requested_at": microseconds(row.requested_at),
            }
        case PostMortem() | Fingerprint():
            return {"incident_id": row.incident_id}
        case Conversation():
            return {"id": row.id, "incident_id": row.incident_id, "number": row.number}
        case Turn():
            return {"conversation_id": row.conversation_id, "number": row.number}
        case AlarmReceipt():
            return {"key": row.key}
        case Job():
            return {
                "id": row.id,
                "due_at": microseconds(row.due_at) if row.due_at else None,
                "lease_owner": row.lease_owner,
                "lease_until": microseconds(row.lease_until) if row.lease_until else None,
                "done": int(row.done),
            }


def put(connection: sqlite3.Connection, row: Row) -> None:
    """Store a row as its next version, inside the caller's transaction.

    Raises:
        Conflict: The stored version is not `row.version`, or a row that is written once exists.
        ValueError: The record holds a number that JSON cannot (NaN, infinity).
    """
    statements = _STATEMENTS[type(row)]
    values = _columns(row) | {
        "expected": row.version,
        "version": row.version + 1,
        # Not pydantic's own JSON: it writes NaN as null, which would not load again.
        "body": canonical_json(row.saved().model_dump(mode="json")),
    }
    statement = statements.update if row.version else statements.insert
    if statement and connection.execute(statement, values).rowcount == 1:
        return
    stored = connection.execute(statements.stored, values).fetchone()
    found = f"version {stored[0]} is stored" if stored else "none is stored"
    expected = f"version {row.version}" if row.version else "a new one"
    raise Conflict(
        f"{type(row).__name__} {' '.join(key_of(row))} moved: {expected} was put, but {found}.",
        hint="Somebody wrote it first: read it again.",
    )
