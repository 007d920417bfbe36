"""A process that ends at the n-th thing it does, in this process: the sweep before real kills."""

from collections.abc import Sequence
from typing import Any

from opspilot.domain.audit import AuditEntry
from opspilot.ports.store import Changeset, Store
from tests.engine.account import Operation, SmallAccount


class Killed(BaseException):
    """The process is gone; nothing may catch this."""


class Fuse:
    """Counts what happens, and ends the process at a given count."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.blown = False

    def tick(self) -> None:
        """One more thing happens."""
        self.left -= 1
        if self.left == 0:
            self.blown = True
            raise Killed


class FusedStore:
    """A store whose commits tick before and after they become durable."""

    def __init__(self, store: Store, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    def commit(self, changes: Changeset) -> tuple[AuditEntry, ...]:
        """Commit, with a tick on either side."""
        self._fuse.tick()
        entries = self._store.commit(changes)
        self._fuse.tick()
        return entries

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def fuse_calls(account: SmallAccount, fuse: Fuse, operations: Sequence[Operation]) -> None:
    """Let each of the next calls of these operations tick before and after its effect."""
    for operation in operations:
        for _ in range(50):
            account.before(operation, fuse.tick)
            account.after(operation, fuse.tick)
