"""Chains of any length as streams, so that no chain has to fit into memory."""

from collections.abc import Iterator

from opspilot.domain.audit import AuditEntry
from opspilot.errors import AuditDamaged
from opspilot.ports.store import AuditLog

_BATCH = 1000


def stream(log: AuditLog, chain: str, *, after: int = 0) -> Iterator[AuditEntry]:
    """Entries of a chain by their place in it.

    An entry's own number may have been forged, so places are counted here. Where entries are
    missing the count lags behind and a batch overlaps the one before it: what was seen there is
    skipped.

    Raises:
        AuditDamaged: An entry is unreadable; all before it have been yielded.
    """
    limit = _BATCH
    seen: set[str] = set()
    while True:
        try:
            batch = log.entries(chain, after=after, limit=limit)
        except AuditDamaged:
            if limit == 1:
                raise
            limit = 1
            continue
        yield from (entry for entry in batch if entry.hash not in seen)
        if len(batch) < limit:
            return
        seen = {entry.hash for entry in batch}
        after += len(batch)
