"""Another process at the same store: opens it when told to, works, and says what it has done."""

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from opspilot.adapters.signing import open_checkpoints
from opspilot.adapters.sqlite import SqliteStore, open_store
from opspilot.adapters.system import SystemClock
from opspilot.domain.audit import SYSTEM_CHAIN
from opspilot.engine.audit import AuditTrail
from opspilot.ports.store import Changeset
from tests.contract.rows import T0, draft, evidence, incident, receipt

ACCOUNT = "000000000000/us-east-1"


def commit_forever(store: SqliteStore, folder: Path) -> Iterator[str]:
    """One incident after the other, whole, with a checkpoint after every third."""
    trail = AuditTrail(store, open_checkpoints(folder / "keys"), SystemClock())
    while True:
        number = store.next_number("incident")
        name = f"INC-{number:04}"
        store.commit(
            Changeset(
                puts=[incident(number), evidence(1, name), evidence(2, name), receipt(name, name)],
                audit=[draft(name), draft(SYSTEM_CHAIN), draft(name)],
            )
        )
        yield name
        if number % 3 == 0:
            trail.checkpoint()


def commit_to_one_chain(store: SqliteStore, _: Path) -> Iterator[str]:
    """Two hundred entries."""
    for _round in range(100):
        entries = store.commit(Changeset(audit=[draft(), draft()]))
        yield str(entries[-1].seq)


def claim_all(store: SqliteStore, folder: Path) -> Iterator[str]:
    """Every job that can be had."""
    until = T0 + timedelta(hours=1)
    while job := store.claim(str(folder), now=T0, until=until):
        yield job.id


def only_open(store: SqliteStore, _: Path) -> Iterator[str]:
    """Nothing but the number that makes it certain that the store works."""
    yield str(store.next_number("opened"))


WORK: dict[str, Callable[[SqliteStore, Path], Iterator[str]]] = {
    "commit_forever": commit_forever,
    "commit_to_one_chain": commit_to_one_chain,
    "claim_all": claim_all,
    "only_open": only_open,
}


def main() -> None:
    """Do the work named on the command line, one line of output for each piece done."""
    work, folder = WORK[sys.argv[1]], Path(sys.argv[2])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for done in work(open_store(folder / "store.db", account=ACCOUNT), folder):
        sys.stdout.write(done + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
