"""What every store promises: versions, atomic changesets, pages, counts, chains and leases."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from opspilot.domain.audit import GENESIS, SYSTEM_CHAIN, recomputed_hash
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.job import Job, Lease
from opspilot.domain.model import Json, Record
from opspilot.domain.plan import PlanStatus
from opspilot.domain.telemetry import CallUsage
from opspilot.errors import Conflict, InputError, LeaseLost, NotFound
from opspilot.ports.store import Changeset, Row, Store
from tests.builders import HOSTILE
from tests.contract.rows import (
    T0,
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

MINUTE = after(60)


def put(store: Store, *rows: Row) -> None:
    store.commit(Changeset(puts=rows))


def every_kind() -> list[Row]:
    return [
        incident(),
        investigation(),
        evidence(),
        plan(),
        receipt(),
        job(),
        note(),
        postmortem(),
        conversation(),
        turn(),
        fingerprint(),
    ]


def stored(store: Store, row: Row) -> Record | None:
    """The row as the store has it."""
    reads: dict[str, Callable[[], Record | None]] = {
        "Incident": lambda: store.incident("INC-0001"),
        "Investigation": lambda: store.investigation("INC-0001"),
        "Evidence": lambda: next(iter(store.evidence("INC-0001")), None),
        "Plan": lambda: store.plan("INC-0001-P1"),
        "AlarmReceipt": lambda: store.receipt("alarm@14:00"),
        "Job": lambda: store.job("a"),
        "Note": lambda: next(iter(store.notes("INC-0001")), None),
        "PostMortem": lambda: store.postmortem("INC-0001"),
        "Conversation": lambda: store.conversation("INC-0001-C1"),
        "Fingerprint": lambda: store.fingerprint("INC-0001"),
        "Turn": lambda: next(iter(store.turns("INC-0001-C1")), None),
    }
    return reads[type(row).__name__]()


@pytest.mark.parametrize("row", every_kind(), ids=lambda row: type(row).__name__)
def test_a_new_row_comes_back_as_its_first_version(store: Store, row: Row) -> None:
    put(store, row)
    assert stored(store, row) == row.model_copy(update={"version": 1})


@pytest.mark.parametrize("row", every_kind(), ids=lambda row: type(row).__name__)
def test_a_row_that_exists_cannot_be_put_as_new(store: Store, row: Row) -> None:
    put(store, row)
    with pytest.raises(Conflict, match=type(row).__name__):
        put(store, row)


@pytest.mark.parametrize("row", every_kind(), ids=lambda row: type(row).__name__)
def test_a_row_that_was_never_stored_cannot_be_changed(store: Store, row: Row) -> None:
    with pytest.raises(Conflict):
        put(store, row.model_copy(update={"version": 1}))


@pytest.mark.parametrize(
    "row",
    [
        incident(),
        investigation(),
        plan(),
        job(),
        postmortem(),
        conversation(),
        turn(),
        fingerprint(),
    ],
    ids=lambda row: type(row).__name__,
)
def test_a_put_stores_the_next_version_and_the_old_one_conflicts(store: Store, row: Row) -> None:
    put(store, row)
    first = row.model_copy(update={"version": 1})
    put(store, first)
    assert stored(store, row) == row.model_copy(update={"version": 2})
    with pytest.raises(Conflict):
        put(store, first)


@pytest.mark.parametrize("row", [evidence(), receipt(), note()], ids=lambda row: type(row).__name__)
def test_evidence_receipts_and_notes_are_written_once(store: Store, row: Row) -> None:
    put(store, row)
    with pytest.raises(Conflict):
        put(store, row.model_copy(update={"version": 1}))
    assert stored(store, row) == row.model_copy(update={"version": 1})


def test_hostile_text_and_all_of_unicode_come_back_unchanged(store: Store) -> None:
    title = HOSTILE + " '; DROP TABLE incidents; -- \x00 \u2028 \U0001f525 ï"
    put(store, incident().model_copy(update={"title": title}))
    assert store.incident("INC-0001").title == title


def test_a_record_that_json_cannot_hold_is_refused_and_not_half_kept(store: Store) -> None:
    broken = evidence().model_copy(update={"usage": CallUsage(usd=float("nan"))})
    with pytest.raises(ValueError, match="JSON"):
        store.commit(Changeset(puts=[incident(), broken], audit=[draft()]))
    assert store.counts() == {}
    assert store.chains() == []


def test_what_is_not_there_is_said_so(store: Store) -> None:
    with pytest.raises(NotFound, match="INC-0009"):
        store.incident("INC-0009")
    with pytest.raises(NotFound, match="INC-0009-P1"):
        store.plan("INC-0009-P1")
    with pytest.raises(NotFound, match="INC-0009-C1"):
        store.conversation("INC-0009-C1")
    assert store.notes("INC-0009") == []
    assert store.postmortem("INC-0009") is None
    assert store.fingerprint("INC-0009") is None
    assert store.fingerprints() == []
    assert store.conversations("INC-0009") == []
    assert store.turns("INC-0009-C1") == []
    assert store.newest_plans().items == ()
    assert store.investigation("INC-0009") is None
    assert store.receipt("none") is None
    assert store.job("none") is None
    assert store.evidence("INC-0009") == []
    assert store.plans("INC-0009") == []
    assert store.entries("INC-0009") == []
    assert store.jobs() == []
    assert store.incidents().items == ()


def test_another_opening_of_the_store_sees_what_was_committed(
    reopen: Callable[[], Store],
) -> None:
    one, other = reopen(), reopen()
    one.commit(Changeset(puts=[incident()], audit=[draft()]))
    assert other.incident("INC-0001").version == 1
    assert other.chains() == one.chains()


def test_the_newest_investigation_is_the_one_of_the_greatest_number(store: Store) -> None:
    put(store, *(investigation(number) for number in (2, 10, 9)), investigation(11, "INC-0002"))
    found = store.investigation("INC-0001")
    assert found is not None
    assert found.number == 10


def test_evidence_comes_in_order_of_arrival(store: Store) -> None:
    put(store, evidence(10), evidence(2))
    put(store, evidence(1, "INC-0002"), evidence(3))
    assert [item.id for item in store.evidence("INC-0001")] == ["E10", "E2", "E3"]


def test_plans_come_oldest_first(store: Store) -> None:
    put(store, plan(10), plan(9), plan(1, "INC-0002"))
    assert [item.number for item in store.plans("INC-0001")] == [9, 10]


def test_notes_come_in_order_of_arrival(store: Store) -> None:
    put(store, note(2), note(10), note(1, "INC-0002"), note(1))
    assert [item.id for item in store.notes("INC-0001")] == ["N2", "N10", "N1"]


def test_what_incidents_left_behind_comes_oldest_incident_first(store: Store) -> None:
    for number in (10_000, 2, 1):
        put(store, fingerprint(number))
    put(store, fingerprint(2).model_copy(update={"version": 1, "title": "again"}))
    kept = store.fingerprints()
    assert [one.incident_id for one in kept] == ["INC-0001", "INC-0002", "INC-10000"]
    assert kept[1].title == "again"


def test_conversations_and_their_turns_come_oldest_first(store: Store) -> None:
    put(store, conversation(10), conversation(9), conversation(1, "INC-0002"))
    put(store, turn(10), turn(9), turn(1, "INC-0001-C10"))
    assert [item.number for item in store.conversations("INC-0001")] == [9, 10]
    assert [item.number for item in store.turns("INC-0001-C1")] == [9, 10]


def test_plans_of_every_incident_come_newest_request_first(store: Store) -> None:
    put(store, plan(1, asked=5), plan(2, asked=9.000001), plan(1, "INC-0002", asked=9))
    newest = [item.id for item in store.newest_plans().items]
    assert newest == ["INC-0001-P2", "INC-0002-P1", "INC-0001-P1"]


def test_pages_of_plans_of_some_statuses_hold_each_once(store: Store) -> None:
    wanted = (PlanStatus.PROPOSED, PlanStatus.APPROVED)
    statuses = [*wanted, PlanStatus.WITHDRAWN]
    put(store, *(plan(n, status=statuses[n % 3], asked=n // 2) for n in range(12)))
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = store.newest_plans(wanted, limit=3, cursor=cursor)
        found += [item.id for item in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    kept = sorted((n for n in range(12) if n % 3 < 2), key=lambda n: (n // 2, str(n)), reverse=True)
    assert sorted(found) == sorted(f"INC-0001-P{n}" for n in kept)
    assert len(set(found)) == len(found) == 8


def test_a_plan_is_listed_under_the_status_it_has_now(store: Store) -> None:
    put(store, plan())
    put(store, plan(status=PlanStatus.APPROVED).model_copy(update={"version": 1}))
    assert store.newest_plans([PlanStatus.PROPOSED]).items == ()
    assert [item.id for item in store.newest_plans([PlanStatus.APPROVED]).items] == ["INC-0001-P1"]


def test_a_failing_row_leaves_nothing_of_its_changeset(store: Store) -> None:
    put(store, job("held"))
    moved = incident(2).model_copy(update={"version": 7})
    with pytest.raises(Conflict, match="INC-0002"):
        store.commit(
            Changeset(
                puts=[incident(1), evidence(), job("new"), moved],
                audit=[draft(), draft(SYSTEM_CHAIN)],
            )
        )
    assert store.counts() == {}
    assert store.evidence("INC-0001") == []
    assert store.job("new") is None
    assert store.chains() == []
    assert store.entries("INC-0001") == []


def test_a_chain_goes_on_after_a_failed_commit_as_if_it_had_not_been(store: Store) -> None:
    store.commit(Changeset(audit=[draft()]))
    with pytest.raises(Conflict):
        store.commit(
            Changeset(puts=[incident().model_copy(update={"version": 3})], audit=[draft()])
        )
    (entry,) = store.commit(Changeset(audit=[draft()]))
    assert entry.seq == 2


def test_an_empty_changeset_changes_nothing(store: Store) -> None:
    assert store.commit(Changeset()) == ()
    assert store.chains() == []


def test_a_row_may_be_put_twice_in_one_changeset_version_by_version(store: Store) -> None:
    put(store, incident(), incident().model_copy(update={"version": 1, "title": "then"}))
    assert store.incident("INC-0001").title == "then"
    assert store.counts() == {IncidentStatus.OPEN: 1}


def ids(incidents: tuple[Incident, ...]) -> list[str]:
    return [one.id for one in incidents]


def walk(store: Store, statuses: tuple[IncidentStatus, ...], limit: int) -> list[list[str]]:
    """The ids of every page."""
    pages: list[list[str]] = []
    cursor: str | None = None
    while True:
        page = store.incidents(statuses, limit=limit, cursor=cursor)
        pages.append(ids(page.items))
        if page.cursor is None:
            return pages
        cursor = page.cursor


def test_incidents_come_newest_first_whatever_the_order_of_arrival(store: Store) -> None:
    put(store, incident(1, opened=5), incident(2, opened=9.000001), incident(3, opened=9))
    assert ids(store.incidents().items) == ["INC-0002", "INC-0003", "INC-0001"]


def test_pages_hold_every_incident_once_and_end_without_a_cursor(store: Store) -> None:
    put(store, *(incident(number, opened=number // 3) for number in range(1, 8)))
    pages = walk(store, (), 3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in page] == [f"INC-{n:04}" for n in range(7, 0, -1)]


def test_a_page_that_ends_exactly_at_the_end_has_no_cursor(store: Store) -> None:
    put(store, incident(1), incident(2))
    assert store.incidents(limit=2).cursor is None


def test_pages_of_some_statuses_hold_only_these_in_one_order(store: Store) -> None:
    wanted = (IncidentStatus.OPEN, IncidentStatus.FAILED)
    statuses = [*wanted, IncidentStatus.CLOSED]
    put(store, *(incident(number, statuses[number % 3]) for number in range(12)))
    expected = [f"INC-{number:04}" for number in range(11, -1, -1) if number % 3 < 2]
    pages = walk(store, wanted, 3)
    assert [one for page in pages for one in page] == expected
    assert ids(store.incidents([*wanted, *wanted]).items) == expected


def test_a_new_incident_between_two_pages_disturbs_neither(store: Store) -> None:
    put(store, incident(1), incident(2), incident(3))
    first = store.incidents(limit=2)
    put(store, incident(4))
    second = store.incidents(limit=2, cursor=first.cursor)
    assert ids(first.items + second.items) == ["INC-0003", "INC-0002", "INC-0001"]


@pytest.mark.parametrize("cursor", ["nonsense", "{}", "[1]", "[[], {}]", "null", "7"])
def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InputError, match="cursor"):
        store.incidents(cursor=cursor)


def test_counts_follow_every_move(store: Store) -> None:
    put(store, incident(1), incident(2))
    closed = incident(1, IncidentStatus.CLOSED).model_copy(update={"version": 1})
    put(store, closed)
    assert store.counts() == {IncidentStatus.OPEN: 1, IncidentStatus.CLOSED: 1}
    put(store, closed.model_copy(update={"version": 2, "title": "still closed"}))
    put(store, incident(2, IncidentStatus.CLOSED).model_copy(update={"version": 1}))
    assert store.counts() == {IncidentStatus.CLOSED: 2}


def test_a_chain_counts_from_one_and_every_entry_names_the_one_before(store: Store) -> None:
    store.commit(Changeset(audit=[draft(), draft("INC-0002"), draft()]))
    store.commit(Changeset(audit=[draft()]))
    entries = store.entries("INC-0001")
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert entries[0].previous_hash == GENESIS
    assert all(later.previous_hash == earlier.hash for earlier, later in pairwise(entries))
    assert all(recomputed_hash(entry) == entry.hash for entry in entries)


def test_a_commit_returns_its_entries_as_they_are_read_later(store: Store) -> None:
    result: Json = {"a": [1, 2.5, None, True, "é"], "large": 2**80, "small": 5e-324}
    linked = store.commit(Changeset(audit=[draft(result=result), draft(error="no")]))
    assert list(linked) == store.entries("INC-0001")
    assert linked[0].result == result


def test_chains_remember_their_heads(store: Store) -> None:
    store.commit(Changeset(audit=[draft("INC-0002"), draft(), draft()]))
    heads = store.chains()
    assert [(head.chain, head.seq) for head in heads] == [("INC-0001", 2), ("INC-0002", 1)]
    assert heads[0].hash == store.entries("INC-0001")[-1].hash


def test_entries_are_read_in_slices(store: Store) -> None:
    store.commit(Changeset(audit=[draft()] * 7))
    assert [entry.seq for entry in store.entries("INC-0001", after=2, limit=3)] == [3, 4, 5]
    assert [entry.seq for entry in store.entries("INC-0001", after=6, limit=3)] == [7]
    assert store.entries("INC-0001", after=7) == []


def test_many_threads_never_fork_a_chain(store: Store) -> None:
    chains = ["INC-0001", "INC-0002", SYSTEM_CHAIN]

    def work(number: int) -> None:
        for round_ in range(8):
            store.commit(Changeset(audit=[draft(chains[(number + round_) % 3]) for _ in range(2)]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sum(head.seq for head in store.chains()) == 8 * 8 * 2
    for head in store.chains():
        entries = store.entries(head.chain)
        assert [entry.seq for entry in entries] == list(range(1, head.seq + 1))
        assert all(later.previous_hash == earlier.hash for earlier, later in pairwise(entries))


def test_of_many_threads_that_put_the_same_version_one_wins(store: Store) -> None:
    put(store, incident())
    start = threading.Barrier(8)

    def work(number: int) -> bool:
        start.wait()
        try:
            title = f"by {number}"
            put(store, incident().model_copy(update={"version": 1, "title": title}))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 1
    assert store.incident("INC-0001").version == 2


def test_numbers_count_from_one_in_each_series(reopen: Callable[[], Store]) -> None:
    assert [reopen().next_number("incident") for _ in range(3)] == [1, 2, 3]
    assert reopen().next_number("other") == 1


def test_no_number_is_given_twice(reopen: Callable[[], Store]) -> None:
    stores = [reopen(), reopen()]
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: stores[n % 2].next_number("incident"), range(64)))
    assert sorted(numbers) == list(range(1, 65))


def claimed(store: Store, owner: str, at: float = 0.0, name: str | None = None) -> Job | None:
    """Claim at a moment after `T0`, for a minute."""
    now = after(at)
    return store.claim(owner, now=now, until=now + timedelta(minutes=1), job_id=name)


def test_a_claim_takes_the_job_due_longest(store: Store) -> None:
    put(store, job("a", due=-1), job("b", due=-2), job("c", due=1), job("d", due=None))
    taken = [claimed(store, "w") for _ in range(3)]
    assert [one.id if one else None for one in taken] == ["b", "a", None]


def test_a_claim_returns_the_job_as_it_is_now_stored(store: Store) -> None:
    put(store, job())
    taken = claimed(store, "w")
    assert taken == store.job("a")
    assert taken is not None
    assert (taken.lease_owner, taken.lease_until) == ("w", MINUTE)


def test_a_held_job_is_not_claimed_again_not_even_by_its_holder(store: Store) -> None:
    put(store, job())
    assert claimed(store, "w")
    assert claimed(store, "v", 59) is None
    assert claimed(store, "w", 59) is None
    assert claimed(store, "v", 59, name="a") is None


def test_a_lease_that_has_run_out_is_dead(store: Store) -> None:
    put(store, job())
    claimed(store, "w")
    taken = claimed(store, "v", 60)
    assert taken is not None
    assert taken.lease_owner == "v"


def test_a_named_job_is_claimed_before_it_is_due(store: Store) -> None:
    put(store, job("later", due=500), job("blocked", due=None, blocked_on="an approval"))
    assert claimed(store, "w", name="later")
    assert claimed(store, "w", name="blocked")
    assert claimed(store, "w", name="none") is None


def test_a_claim_moves_the_version_so_that_older_readers_conflict(store: Store) -> None:
    put(store, job())
    read = store.job("a")
    assert read is not None
    claimed(store, "w")
    with pytest.raises(Conflict):
        put(store, read.model_copy(update={"due_at": MINUTE}))


def test_two_owners_never_hold_one_job(reopen: Callable[[], Store]) -> None:
    stores = [reopen(), reopen()]
    put(stores[0], *(job(f"j{number}") for number in range(10)))

    def work(number: int) -> list[str]:
        mine: list[str] = []
        while taken := claimed(stores[number % 2], f"w{number}"):
            mine.append(taken.id)
        return mine

    with ThreadPoolExecutor(4) as pool:
        taken = [name for mine in pool.map(work, range(4)) for name in mine]
    assert sorted(taken) == sorted(f"j{number}" for number in range(10))


def test_the_holder_puts_and_releases_its_job_under_its_lease(store: Store) -> None:
    put(store, job())
    taken = claimed(store, "w")
    assert taken is not None
    free = {"lease_owner": None, "lease_until": None, "due_at": MINUTE}
    store.commit(
        Changeset(
            puts=[taken.model_copy(update=free), incident()],
            audit=[draft()],
            lease=Lease(job_id="a", owner="w"),
        )
    )
    kept = store.job("a")
    assert kept is not None
    assert (kept.lease_owner, kept.due_at) == (None, MINUTE)
    assert store.incident("INC-0001").version == 1


def test_a_commit_under_a_lost_lease_keeps_nothing(store: Store) -> None:
    put(store, job())
    claimed(store, "w")
    claimed(store, "v", 60)
    with pytest.raises(LeaseLost, match="w"):
        store.commit(
            Changeset(puts=[incident()], audit=[draft()], lease=Lease(job_id="a", owner="w"))
        )
    assert store.counts() == {}
    assert store.chains() == []


def test_a_lease_that_ran_out_still_holds_while_nobody_else_has_it(store: Store) -> None:
    put(store, job())
    claimed(store, "w")
    store.commit(Changeset(puts=[incident()], lease=Lease(job_id="a", owner="w")))
    assert store.counts() == {IncidentStatus.OPEN: 1}


@pytest.mark.parametrize("name", ["a", "none"])
def test_a_lease_on_a_free_or_absent_job_is_lost(store: Store, name: str) -> None:
    put(store, job())
    with pytest.raises(LeaseLost):
        store.commit(Changeset(puts=[incident()], lease=Lease(job_id=name, owner="w")))
    with pytest.raises(LeaseLost):
        store.extend(Lease(job_id=name, owner="w"), MINUTE)


def test_a_lost_lease_is_told_before_a_conflict(store: Store) -> None:
    put(store, job(), incident())
    with pytest.raises(LeaseLost):
        store.commit(Changeset(puts=[incident()], lease=Lease(job_id="a", owner="w")))


def test_an_extended_lease_lasts_longer(store: Store) -> None:
    put(store, job())
    claimed(store, "w")
    store.extend(Lease(job_id="a", owner="w"), after(120))
    assert claimed(store, "v", 119) is None
    with pytest.raises(LeaseLost):
        store.extend(Lease(job_id="a", owner="v"), after(300))
    assert claimed(store, "v", 120)


def test_the_holder_can_put_its_job_after_extending_and_keeps_the_longer_lease(
    store: Store,
) -> None:
    put(store, job())
    taken = claimed(store, "w")
    assert taken is not None
    store.extend(Lease(job_id="a", owner="w"), after(120))
    store.commit(
        Changeset(
            puts=[taken.model_copy(update={"attempts": 1})], lease=Lease(job_id="a", owner="w")
        )
    )
    kept = store.job("a")
    assert kept is not None
    assert (kept.attempts, kept.lease_until) == (1, after(120))
    assert claimed(store, "v", 119) is None


def test_a_page_that_moves_a_held_job_does_not_take_its_lease(store: Store) -> None:
    put(store, job())
    claimed(store, "w")
    read = store.job("a")
    assert read is not None
    store.extend(Lease(job_id="a", owner="w"), after(120))
    put(store, read.model_copy(update={"due_at": T0}))
    store.commit(Changeset(puts=[incident()], lease=Lease(job_id="a", owner="w")))
    assert claimed(store, "v", 119) is None


def test_jobs_lists_what_is_not_done(store: Store) -> None:
    put(
        store,
        job("due"),
        job("blocked", due=None, blocked_on="an approval"),
        job("done", due=None),
        job("held"),
    )
    claimed(store, "w", name="held")
    assert [one.id for one in store.jobs()] == ["blocked", "due", "held"]
