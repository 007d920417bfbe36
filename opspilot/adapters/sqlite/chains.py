"""Audit chains, inside the caller's transaction."""

import sqlite3
from collections.abc import Sequence

from pydantic import ValidationError

from opspilot.domain.audit import AuditDraft, AuditEntry, AuditHead, canonical_json, link
from opspilot.errors import AuditDamaged


def heads(connection: sqlite3.Connection) -> list[AuditHead]:
    """The head of every chain, by name."""
    found = connection.execute("SELECT chain, seq, hash FROM audit_heads ORDER BY chain")
    return [AuditHead(chain=chain, seq=seq, hash=digest) for chain, seq, digest in found]


def entries(
    connection: sqlite3.Connection, chain: str, *, after: int, limit: int
) -> list[AuditEntry]:
    """Entries of a chain, ascending by their place in it.

    Raises:
        AuditDamaged: One is no longer readable.
    """
    # As bytes: a text that is no longer UTF-8 must be named like any other damage.
    found = connection.execute(
        "SELECT seq, CAST(body AS BLOB) FROM audit_entries WHERE chain = ? AND seq > ?"
        " ORDER BY seq LIMIT ?",
        (chain, after, limit),
    )
    return [_read(chain, seq, body) for seq, body in found]


def append(connection: sqlite3.Connection, drafts: Sequence[AuditDraft]) -> tuple[AuditEntry, ...]:
    """Link drafts into their chains, in this order.

    Raises:
        AuditDamaged: The chain does not end where its head says.
    """
    return tuple(_append(connection, draft) for draft in drafts)


def _append(connection: sqlite3.Connection, draft: AuditDraft) -> AuditEntry:
    found = connection.execute(
        "SELECT seq, hash FROM audit_heads WHERE chain = ?", (draft.chain,)
    ).fetchone()
    head = AuditHead(chain=draft.chain, seq=found[0], hash=found[1]) if found else None
    entry = link(draft, head)
    connection.execute(
        "INSERT INTO audit_heads (chain, seq, hash) VALUES (?, ?, ?)"
        " ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        (entry.chain, entry.seq, entry.hash),
    )
    try:
        connection.execute(
            "INSERT INTO audit_entries (chain, seq, body) VALUES (?, ?, ?)",
            (entry.chain, entry.seq, canonical_json(entry.model_dump(mode="json"))),
        )
    except sqlite3.IntegrityError as exc:
        raise AuditDamaged(
            f"Audit chain {entry.chain} does not end before entry {entry.seq}, where its head says"
            f" that it does: {exc}.",
            hint="Somebody edited the store. `opspilot audit verify` names the damage.",
        ) from exc
    return entry


def _read(chain: str, seq: int, body: bytes) -> AuditEntry:
    try:
        return AuditEntry.model_validate_json(body)
    except ValidationError as exc:
        raise AuditDamaged(
            f"Entry {seq} of audit chain {chain} is no longer readable.",
            hint="Somebody edited the store. `opspilot audit verify` names the damage.",
        ) from exc
