"""A store that only reads: the record of one incident, as a capsule holds it."""

from collections.abc import Iterable
from datetime import datetime
from typing import NoReturn

from opspilot.adapters.memory.store import MemoryStore
from opspilot.domain.audit import AuditEntry
from opspilot.domain.job import Job, Lease
from opspilot.errors import ReadOnlyStore
from opspilot.ports.store import Changeset, Row


class FrozenStore(MemoryStore):
    """`opspilot.ports.store.Store` whose every write raises `ReadOnlyStore`.

    Args:
        rows: Of versions as they were stored.
        entries: Of any chains, each in its order.
    """

    def __init__(self, rows: Iterable[Row], entries: Iterable[AuditEntry]) -> None:
        super().__init__()
        self._fill(rows, entries)

    def commit(self, changes: Changeset) -> tuple[AuditEntry, ...]:  # noqa: ARG002 - the port's shape
        """Refused: an approval or command on a capsule would be one without effect."""
        _refuse()

    def claim(
        self,
        owner: str,  # noqa: ARG002 - the port's shape, here and below
        *,
        now: datetime,  # noqa: ARG002
        until: datetime,  # noqa: ARG002
        job_id: str | None = None,  # noqa: ARG002
    ) -> Job | None:
        """Refused: nothing moves in a capsule."""
        _refuse()

    def extend(self, lease: Lease, until: datetime) -> None:  # noqa: ARG002
        """Refused, like a claim."""
        _refuse()

    def next_number(self, series: str) -> int:  # noqa: ARG002
        """Refused: nothing new begins in a capsule."""
        _refuse()


def _refuse() -> NoReturn:
    raise ReadOnlyStore(
        "this is a capsule, the record of an incident: it can be read, and nothing else",
        hint="Commands are given where the incident itself is kept.",
    )
