"""Random commands, on a store and on its plainest meaning: both must answer the same."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from opspilot.adapters.memory import MemoryStore
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.job import Lease
from opspilot.domain.plan import PlanStatus
from opspilot.errors import OpsPilotError
from opspilot.ports.store import Changeset, Row, Store
from tests.contract.conftest import OPENERS, ClosableStore
from tests.contract.rows import (
    after,
    conversation,
    draft,
    evidence,
    fingerprint,
    incident,
    investigation,
    job,
    note,
    plan,
    postmortem,
    receipt,
    turn,
)

NUMBERS = st.integers(1, 3)
VERSIONS = st.integers(0, 3)
NAMES = st.sampled_from("ab")
OWNERS = st.sampled_from(["w", "v"])
MOMENTS = st.integers(0, 5)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A row of any kind, few keys, any version."""
    number = draw(NUMBERS)
    row: Row = draw(
        st.sampled_from(
            [
                incident(number, draw(st.sampled_from(IncidentStatus)), opened=draw(MOMENTS)),
                investigation(number),
                evidence(number),
                plan(number, status=draw(st.sampled_from(PlanStatus)), asked=draw(MOMENTS)),
                receipt(str(number)),
                note(number),
                postmortem(),
                conversation(number),
                turn(number),
                fingerprint(number),
                job(
                    draw(NAMES),
                    due=draw(st.none() | MOMENTS),
                    lease_owner=draw(st.none() | OWNERS),
                    lease_until=after(draw(MOMENTS)),
                    blocked_on=draw(st.sampled_from(["", "an approval"])),
                ),
            ]
        )
    )
    return row.model_copy(update={"version": draw(VERSIONS)})


CHANGESETS = st.builds(
    Changeset,
    puts=st.lists(rows(), max_size=3),
    audit=st.lists(st.builds(draft, st.sampled_from(["INC-0001", "system"])), max_size=2),
    lease=st.none() | st.builds(Lease, job_id=NAMES, owner=OWNERS),
)


def answer(store: Store, method: str, *args: Any, **named: Any) -> object:
    """What a call gives: its value, or the kind of its error."""
    try:
        return getattr(store, method)(*args, **named)
    except OpsPilotError as exc:
        return type(exc)


class StoreAgainstModel(RuleBasedStateMachine):
    """Every command goes to both; every answer and the whole state are compared."""

    opener = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="opspilot-model-")
        self.reopen = OPENERS[self.opener](Path(self.folder.name))
        self.store: ClosableStore = self.reopen()
        self.model = MemoryStore()

    def teardown(self) -> None:
        """Let go of the file."""
        self.store.close()
        self.folder.cleanup()

    def both(self, method: str, *args: Any, **named: Any) -> object:
        """The same call to both."""
        expected = answer(self.model, method, *args, **named)
        assert answer(self.store, method, *args, **named) == expected
        return expected

    @rule(changes=CHANGESETS)
    def commit(self, changes: Changeset) -> None:
        """Any changeset."""
        self.both("commit", changes)

    @rule(row=rows())
    def put_every_version_until_one_is_taken(self, row: Row) -> None:
        """Conflicts below the stored version, and a put that goes through."""
        for version in range(12):
            changes = Changeset(puts=[row.model_copy(update={"version": version})])
            if self.both("commit", changes) == ():
                return

    @rule(owner=OWNERS, now=MOMENTS, name=st.none() | NAMES)
    def claim(self, owner: str, now: int, name: str | None) -> None:
        """A claim at any moment."""
        until = after(now) + timedelta(seconds=2)
        self.both("claim", owner, now=after(now), until=until, job_id=name)

    @rule(owner=OWNERS, name=NAMES, until=MOMENTS)
    def extend(self, owner: str, name: str, until: int) -> None:
        """An extension by anybody."""
        self.both("extend", Lease(job_id=name, owner=owner), after(until))

    @rule(series=NAMES)
    def next_number(self, series: str) -> None:
        """A number."""
        self.both("next_number", series)

    @rule()
    def open_again(self) -> None:
        """As after a restart."""
        self.store.close()
        self.store = self.reopen()

    @rule(statuses=st.lists(st.sampled_from(IncidentStatus), max_size=3), limit=st.integers(1, 3))
    def pages(self, statuses: list[IncidentStatus], limit: int) -> None:
        """All pages of a list."""
        cursors: list[str | None] = [None, None]
        while True:
            pages = [
                store.incidents(statuses, limit=limit, cursor=cursor)
                for store, cursor in zip((self.store, self.model), cursors, strict=True)
            ]
            assert pages[0].items == pages[1].items
            cursors = [page.cursor for page in pages]
            assert (cursors[0] is None) == (cursors[1] is None)
            if cursors[0] is None:
                return

    @rule(statuses=st.lists(st.sampled_from(PlanStatus), max_size=3), limit=st.integers(1, 3))
    def pages_of_plans(self, statuses: list[PlanStatus], limit: int) -> None:
        """The first page of the plans of every incident."""
        pages = [store.newest_plans(statuses, limit=limit) for store in (self.store, self.model)]
        assert pages[0].items == pages[1].items
        assert (pages[0].cursor is None) == (pages[1].cursor is None)

    @invariant()
    def holds_the_same(self) -> None:
        """All reads agree."""
        for method in ("counts", "chains", "jobs", "fingerprints"):
            self.both(method)
        for method in (
            "investigation",
            "evidence",
            "plans",
            "entries",
            "notes",
            "postmortem",
            "conversations",
            "fingerprint",
        ):
            self.both(method, "INC-0001")
        for number in range(1, 4):
            self.both("incident", f"INC-{number:04}")
            self.both("receipt", str(number))
            self.both("turns", f"INC-0001-C{number}")


class DynamoDbAgainstModel(StoreAgainstModel):
    """The same on DynamoDB; a request costs milliseconds there, hence fewer sequences."""

    opener = "dynamodb"


TestSqliteAgainstModel = StoreAgainstModel.TestCase
TestSqliteAgainstModel.settings = settings(max_examples=40, stateful_step_count=25)

TestDynamoDbAgainstModel = DynamoDbAgainstModel.TestCase
TestDynamoDbAgainstModel.settings = settings(max_examples=5, stateful_step_count=12)
