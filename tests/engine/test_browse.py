"""Browsing the trail: newest first, filtered, and honest about what was left out."""

from datetime import timedelta

import pytest

from opspilot.adapters.memory import MemoryStore
from opspilot.domain.audit import SYSTEM_CHAIN
from opspilot.domain.model import Json
from opspilot.engine.audit.browse import AuditFilter, browse
from opspilot.ports.store import Changeset
from tests import builders
from tests.contract.rows import T0, draft
from tests.engine.scene import Scene


def put(
    store: MemoryStore, chain: str, second: int, action: str = "plan.made", **more: Json
) -> None:
    """One entry, this many seconds after `T0`."""
    at = T0 + timedelta(seconds=second)
    store.commit(Changeset(audit=[draft(chain, action, at=at, wall=at, **more)]))


@pytest.fixture
def store() -> MemoryStore:
    """Two incidents and the system, written in turns."""
    store = MemoryStore()
    put(store, "INC-0001", 1, "plan.approved", actor=builders.ADA, input={"note": "Straße"})
    put(store, "INC-0002", 2, "plan.rejected", actor=builders.GRACE)
    put(store, SYSTEM_CHAIN, 3, "audit.anchor")
    put(store, "INC-0001", 4, "command.refused", error="no role")
    return store


def found(store: MemoryStore, **wanted: Json) -> list[str]:
    """The action types that a filter finds."""
    entries = browse(store, store.chains(), AuditFilter(**wanted)).entries
    return [entry.action_type for entry in entries]


def test_all_chains_are_merged_newest_first(store: MemoryStore) -> None:
    assert found(store) == ["command.refused", "audit.anchor", "plan.rejected", "plan.approved"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"chain": "INC-0001"}, ["command.refused", "plan.approved"]),
        ({"chain": "INC-0009"}, []),
        ({"action": "plan."}, ["plan.rejected", "plan.approved"]),
        ({"actor": "ada"}, ["plan.approved"]),
        ({"text": "STRASSE"}, ["plan.approved"]),
        ({"failed": True}, ["command.refused"]),
        ({"since": T0 + timedelta(seconds=3)}, ["command.refused", "audit.anchor"]),
        ({"until": T0 + timedelta(seconds=2)}, ["plan.approved"]),
        ({"action": "plan.", "chain": "INC-0002"}, ["plan.rejected"]),
    ],
)
def test_a_filter_keeps_what_fits(
    store: MemoryStore, wanted: dict[str, Json], expected: list[str]
) -> None:
    assert found(store, **wanted) == expected


def test_what_was_left_out_is_said() -> None:
    store = MemoryStore()
    for second in range(501):
        put(store, "INC-0001", second)
    every = browse(store, store.chains(), AuditFilter(), limit=1_000)
    assert (len(every.entries), every.cut) == (500, True)
    one = browse(store, store.chains(), AuditFilter(chain="INC-0001"), limit=1_000)
    assert (len(one.entries), one.cut) == (501, False)
    assert browse(store, store.chains(), AuditFilter(chain="INC-0001"), limit=3).cut


def test_the_trail_of_a_workbench_is_browsed(diagnosed: Scene) -> None:
    verdict = diagnosed.bench.audit.browse(AuditFilter(action="verdict."))
    assert [entry.chain for entry in verdict.entries] == ["INC-0001"]
