"""The audit trail on a real store file, damaged behind its back: every damage is named."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from opspilot.adapters.memory import HandClock, MemoryStore
from opspilot.adapters.signing import open_checkpoints
from opspilot.adapters.sqlite import SqliteStore, open_store
from opspilot.domain.audit import (
    SYSTEM_CHAIN,
    AuditDraft,
    AuditEntry,
    AuditHead,
    Checkpoint,
    canonical_json,
    link,
    sha256_hex,
)
from opspilot.domain.audit_report import AuditReport
from opspilot.domain.model import Json
from opspilot.engine.audit import AuditTrail, verify_export
from opspilot.errors import InputError
from opspilot.ports.store import Changeset
from tests.contract.rows import T0, draft

CHAIN = "INC-0001"
TRIGGERS = (
    "audit_entries_never_change",
    "audit_entries_never_go",
    "audit_entries_follow",
    "audit_heads_move_forward",
    "audit_heads_never_go",
)


@dataclass
class Bench:
    """A trail on a store file, and the file as a forger sees it."""

    folder: Path
    store: SqliteStore
    trail: AuditTrail
    clock: HandClock

    def write(self, *chains: str, **more: Json) -> None:
        """Entries, one a second."""
        for chain in chains:
            self.clock.advance(timedelta(seconds=1))
            wall = self.clock.now()
            self.store.commit(Changeset(audit=[draft(chain, **more, at=wall, wall=wall)]))

    def forge(self, statement: str, *values: Json) -> None:
        """Change the file with all its guards taken down."""
        with closing(sqlite3.connect(self.folder / "store.db")) as connection, connection:
            for trigger in TRIGGERS:
                connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            connection.execute(statement, values)

    def replace(self, entry: AuditEntry, *, at: int | None = None) -> None:
        """Put an entry in a place, its own by default."""
        self.forge(
            "UPDATE audit_entries SET body = ? WHERE chain = ? AND seq = ?",
            canonical_json(entry.model_dump(mode="json")),
            CHAIN if at else entry.chain,
            at or entry.seq,
        )

    def entry(self, seq: int, chain: str = CHAIN) -> AuditEntry:
        """An entry as written."""
        return self.store.entries(chain, after=seq - 1, limit=1)[0]

    def rewrite(self, first: int, *, chain: str = CHAIN, heads: bool = True) -> None:
        """Change an entry and link it and all that follow anew, as a forger without a key can."""
        entries = self.store.entries(chain)
        head = self.head_before(entries, first)
        for entry in entries[first - 1 :]:
            fields = entry.model_dump(mode="json", exclude={"seq", "previous_hash", "hash"})
            if entry.seq == first:
                fields["subject"] = "somebody else"
            linked = link(AuditDraft.model_validate(fields), head)
            self.replace(linked)
            head = AuditHead(chain=chain, seq=linked.seq, hash=linked.hash)
        if heads and head:
            self.forge("UPDATE audit_heads SET hash = ? WHERE chain = ?", head.hash, chain)

    @staticmethod
    def head_before(entries: list[AuditEntry], seq: int) -> AuditHead | None:
        """The head that an entry was linked to."""
        before = entries[seq - 2] if seq > 1 else None
        return before and AuditHead(chain=before.chain, seq=before.seq, hash=before.hash)

    def first_problem(self) -> tuple[str, str, int | None]:
        """Kind, chain and entry of the first problem, which must be the only one."""
        (problem,) = self.trail.verify().problems
        assert problem.message
        return problem.kind, problem.chain, problem.seq


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A trail without entries."""
    store = open_store(tmp_path / "store.db", account="000000000000/us-east-1")
    clock = HandClock(T0, T0 - timedelta(days=1))
    trail = AuditTrail(store, open_checkpoints(tmp_path / "keys"), clock)
    yield Bench(tmp_path, store, trail, clock)
    store.close()


@pytest.fixture
def told(bench: Bench) -> Bench:
    """Six entries of one chain, three of another; all but the last two of the first covered."""
    bench.write(CHAIN, CHAIN, "INC-0002", CHAIN, CHAIN, "INC-0002", "INC-0002")
    bench.trail.checkpoint()
    bench.write(CHAIN, CHAIN)
    return bench


def test_an_empty_trail_is_sound_and_gets_no_checkpoint(bench: Bench) -> None:
    assert bench.trail.checkpoint() is None
    assert bench.trail.verify().ok
    assert bench.store.chains() == []


def test_a_sound_trail_is_counted_whole_and_its_uncovered_tail_is_told(told: Bench) -> None:
    report = told.trail.verify()
    assert (report.ok, report.problems, report.checkpoints) == (True, (), 1)
    assert report.entries == 6 + 3 + 1
    chains = {chain.chain: chain for chain in report.chains}
    assert (chains[CHAIN].entries, chains[CHAIN].covered, chains[CHAIN].uncovered) == (6, 4, 2)
    assert chains[CHAIN].uncovered_since == told.entry(5).wall == report.uncovered_since
    assert (chains["INC-0002"].covered, chains["INC-0002"].uncovered) == (3, 0)
    assert chains["INC-0002"].uncovered_since is None
    assert (chains[SYSTEM_CHAIN].covered, report.uncovered) == (1, 2)


def test_a_checkpoint_covers_all_that_was_written_before_it(told: Bench) -> None:
    told.trail.checkpoint()
    report = told.trail.verify()
    assert (report.ok, report.uncovered, report.uncovered_since) == (True, 0, None)


def test_nothing_is_anchored_while_nothing_moves(told: Bench) -> None:
    first = told.trail.checkpoint()
    assert first is not None
    assert told.trail.checkpoint() is None
    assert [entry.seq for entry in told.store.entries(SYSTEM_CHAIN)] == [1, first.seq]


def test_an_entry_of_the_system_chain_itself_is_covered_too(told: Bench) -> None:
    told.trail.checkpoint()
    told.write(SYSTEM_CHAIN)
    assert told.trail.verify().uncovered == 1
    signed = told.trail.checkpoint()
    assert signed is not None
    assert (signed.seq, told.trail.verify().uncovered) == (4, 0)
    assert told.trail.checkpoint() is None


def test_an_anchor_states_only_what_moved_since_the_one_before(told: Bench) -> None:
    told.trail.checkpoint()
    result = cast("dict[str, Json]", told.entry(2, SYSTEM_CHAIN).result)
    assert result["heads"] == {CHAIN: {"seq": 6, "hash": told.entry(6).hash}}


def test_anchors_stay_small_and_right_over_many_rounds(tmp_path: Path) -> None:
    store = MemoryStore()
    trail = AuditTrail(store, open_checkpoints(tmp_path / "keys"), HandClock(T0))
    for number in range(230):
        store.commit(Changeset(audit=[draft(f"INC-{number % 7}"), draft("INC-moving")]))
        assert trail.checkpoint()
    anchors = [cast("dict[str, Json]", one.result) for one in store.entries(SYSTEM_CHAIN)]
    full = [place for place, anchor in enumerate(anchors, start=1) if anchor["full"]]
    assert full == [1, 101, 201]
    assert all(len(anchor["heads"]) == 2 for anchor in anchors if not anchor["full"])
    assert len(anchors[100]["heads"]) == 8
    report = trail.verify()
    assert (report.ok, report.uncovered, report.checkpoints) == (True, 0, 230)


class Crash(Exception):
    """The process ended here."""


def crashing_sign(_: Checkpoint) -> Checkpoint:
    raise Crash


def test_an_anchor_that_a_crash_left_unsigned_is_signed_next_time(
    told: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(told.trail.checkpoints, "sign", crashing_sign)
        with pytest.raises(Crash):
            told.trail.checkpoint()
    assert told.trail.verify().ok
    assert told.trail.verify().uncovered == 3
    signed = told.trail.checkpoint()
    assert signed is not None
    assert signed.seq == 2
    assert [entry.seq for entry in told.store.entries(SYSTEM_CHAIN)] == [1, 2]
    assert told.trail.verify().uncovered == 0


def test_entries_written_while_verifying_are_no_damage(told: Bench) -> None:
    class Busy:
        """A store at which somebody writes between any two reads."""

        def chains(self) -> list[AuditHead]:
            heads = told.store.chains()
            told.write(CHAIN, "INC-0003", SYSTEM_CHAIN)
            return heads

        def __getattr__(self, name: str) -> object:
            return getattr(told.store, name)

    trail = AuditTrail(Busy(), told.trail.checkpoints, told.clock)  # type: ignore[arg-type]
    assert trail.verify().problems == ()


@pytest.mark.parametrize("seq", [1, 3, 4, 6])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("$.subject", "somebody else"),
        ("$.result", "another"),
        ("$.wall", "2020-01-01T00:00:00Z"),
        ("$.actor.name", "Mallory"),
        ("$.hash", "0" * 64),
        ("$.seq", 4711),
        ("$.chain", "INC-0002"),
    ],
)
def test_a_changed_field_is_named(told: Bench, seq: int, field: str, value: Json) -> None:
    told.forge(
        "UPDATE audit_entries SET body = json_set(body, ?, ?) WHERE chain = ? AND seq = ?",
        *(field, value, CHAIN, seq),
    )
    assert told.first_problem() == ("changed", CHAIN, seq)


def test_one_changed_byte_of_any_text_is_named(told: Bench) -> None:
    told.forge(
        "UPDATE audit_entries SET body = replace(body, 'test.happened', 'test.happenec')"
        " WHERE chain = ? AND seq = 5",
        CHAIN,
    )
    assert told.first_problem() == ("changed", CHAIN, 5)


@pytest.mark.parametrize("body", ["{", "{}", "[]", "null", "", '{"seq": 4}', "x" * 100])
def test_an_entry_that_cannot_be_read_is_named(told: Bench, body: str) -> None:
    told.forge("UPDATE audit_entries SET body = ? WHERE chain = ? AND seq = 4", *(body, CHAIN))
    assert told.first_problem() == ("unreadable", CHAIN, 4)


def test_an_entry_that_is_no_text_any_more_is_named(told: Bench) -> None:
    told.forge(
        "UPDATE audit_entries SET body = CAST(x'7bff7d' AS TEXT) WHERE chain = ? AND seq = 2",
        CHAIN,
    )
    assert told.first_problem() == ("unreadable", CHAIN, 2)


def test_a_change_before_an_unreadable_entry_is_the_first_damage(told: Bench) -> None:
    told.forge("UPDATE audit_entries SET body = '{' WHERE chain = ? AND seq = 4", CHAIN)
    told.forge(
        "UPDATE audit_entries SET body = json_set(body, '$.error', 'x')"
        " WHERE chain = ? AND seq = 2",
        CHAIN,
    )
    assert told.first_problem() == ("changed", CHAIN, 2)


@pytest.mark.parametrize("seqs", [[1], [3], [2, 3, 4], [1, 5], [2, 6]])
def test_a_deleted_entry_is_named_by_the_first_that_is_missing(
    told: Bench, seqs: list[int]
) -> None:
    for seq in seqs:
        told.forge("DELETE FROM audit_entries WHERE chain = ? AND seq = ?", CHAIN, seq)
    assert told.first_problem() == ("missing", CHAIN, seqs[0])


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 5), (1, 6), (5, 6)])
def test_two_entries_that_changed_places_are_named(told: Bench, one: int, other: int) -> None:
    first, second = told.entry(one), told.entry(other)
    told.replace(first, at=other)
    told.replace(second, at=one)
    assert told.first_problem() == ("reordered", CHAIN, one)


def test_an_entry_of_another_chain_in_its_place_is_named(told: Bench) -> None:
    told.replace(told.entry(2, "INC-0002"), at=2)
    assert told.first_problem() == ("reordered", CHAIN, 2)


def test_an_entry_that_stands_twice_is_named(told: Bench) -> None:
    told.replace(told.entry(2), at=3)
    assert told.first_problem() == ("forked", CHAIN, 2)


@pytest.mark.parametrize("last", [5, 3, 1])
def test_a_tail_that_was_cut_off_is_named(told: Bench, last: int) -> None:
    told.forge("DELETE FROM audit_entries WHERE chain = ? AND seq > ?", CHAIN, last)
    assert told.first_problem() == ("truncated", CHAIN, last + 1)


def test_a_cut_tail_is_found_by_the_anchors_though_the_head_was_forged_too(told: Bench) -> None:
    cut = told.entry(2)
    told.forge("DELETE FROM audit_entries WHERE chain = ? AND seq > 2", CHAIN)
    told.forge("UPDATE audit_heads SET seq = 2, hash = ? WHERE chain = ?", cut.hash, CHAIN)
    assert told.first_problem() == ("truncated", CHAIN, 3)


@pytest.mark.parametrize("with_head", [True, False])
def test_a_chain_that_is_gone_as_a_whole_is_named(told: Bench, with_head: bool) -> None:
    told.forge("DELETE FROM audit_entries WHERE chain = ?", CHAIN)
    if with_head:
        told.forge("DELETE FROM audit_heads WHERE chain = ?", CHAIN)
    assert told.first_problem() == ("missing", CHAIN, 1)


def test_a_lost_head_is_named(told: Bench) -> None:
    told.forge("DELETE FROM audit_heads WHERE chain = ?", CHAIN)
    kind, chain, _ = told.first_problem()
    assert (kind, chain) == ("forked", CHAIN)


def test_entries_behind_the_remembered_head_are_named(told: Bench) -> None:
    told.forge(
        "UPDATE audit_heads SET seq = 5, hash = ? WHERE chain = ?", told.entry(5).hash, CHAIN
    )
    assert told.first_problem() == ("forked", CHAIN, 6)


def test_an_entry_replaced_and_hashed_anew_is_named_by_the_one_that_followed_it(
    told: Bench,
) -> None:
    fields = told.entry(3).model_dump(mode="json", exclude={"hash"}) | {"subject": "else"}
    told.replace(AuditEntry.model_validate(fields | {"hash": sha256_hex(fields)}))
    assert told.first_problem() == ("changed", CHAIN, 3)


def test_a_last_entry_hashed_anew_is_named_by_the_remembered_head(told: Bench) -> None:
    told.rewrite(6, heads=False)
    assert told.first_problem() == ("changed", CHAIN, 6)


@pytest.mark.parametrize("first", [1, 3, 4])
def test_a_rewritten_tail_is_found_by_the_anchor_that_covers_it(told: Bench, first: int) -> None:
    told.rewrite(first)
    report = told.trail.verify()
    assert told.first_problem() == ("changed", CHAIN, 4)
    assert "from entry 1 on" in report.problems[0].message


def test_a_tail_rewritten_between_two_anchors_is_narrowed_down(told: Bench) -> None:
    told.trail.checkpoint()
    told.rewrite(5)
    assert told.first_problem() == ("changed", CHAIN, 6)
    assert "from entry 5 on" in told.trail.verify().problems[0].message


def test_an_uncovered_tail_can_be_rewritten_and_is_told_to_be_uncovered(told: Bench) -> None:
    """What no checkpoint covers, nobody vouches for: that is why the report counts it."""
    told.rewrite(5)
    report = told.trail.verify()
    assert (report.ok, report.uncovered) == (True, 2)


def test_a_forger_who_rewrites_the_anchors_too_is_found_by_the_signature(told: Bench) -> None:
    told.rewrite(2)
    anchor = told.entry(1, SYSTEM_CHAIN)
    result = cast("dict[str, Json]", anchor.model_dump(mode="json")["result"])
    result["heads"][CHAIN] = {"seq": 4, "hash": told.entry(4).hash}
    fields = anchor.model_dump(mode="json", exclude={"hash"}) | {"result": result}
    forged = AuditEntry.model_validate(fields | {"hash": sha256_hex(fields)})
    told.replace(forged)
    told.forge("UPDATE audit_heads SET hash = ? WHERE chain = ?", forged.hash, SYSTEM_CHAIN)
    assert told.first_problem() == ("changed", SYSTEM_CHAIN, 1)


def test_a_system_chain_that_was_emptied_is_named(told: Bench) -> None:
    told.forge("DELETE FROM audit_entries WHERE chain = ?", SYSTEM_CHAIN)
    told.forge("DELETE FROM audit_heads WHERE chain = ?", SYSTEM_CHAIN)
    assert told.first_problem() == ("missing", SYSTEM_CHAIN, 1)


def test_the_checkpoint_after_a_forgery_does_not_hide_it(told: Bench) -> None:
    told.rewrite(2)
    told.write(CHAIN)
    told.trail.checkpoint()
    assert told.first_problem() == ("changed", CHAIN, 4)


def test_damage_of_several_chains_is_named_for_each(told: Bench) -> None:
    for chain in (CHAIN, "INC-0002"):
        told.forge("DELETE FROM audit_entries WHERE chain = ? AND seq = 2", chain)
    report = told.trail.verify()
    assert [(one.chain, one.seq) for one in report.problems] == [(CHAIN, 2), ("INC-0002", 2)]


@pytest.fixture
def long(bench: Bench) -> Bench:
    """A chain of several batches of reading."""
    bench.store.commit(Changeset(audit=[draft(CHAIN)] * 2500))
    bench.trail.checkpoint()
    return bench


def test_a_long_chain_is_sound(long: Bench) -> None:
    report = long.trail.verify()
    assert (report.ok, report.entries, report.uncovered) == (True, 2501, 0)


@pytest.mark.parametrize("seqs", [[500], [1000], [1001], [700, 701, 702, 1500, 2500]])
def test_missing_entries_of_a_long_chain_are_named_and_the_rest_is_counted_once(
    long: Bench, seqs: list[int]
) -> None:
    for seq in seqs:
        long.forge("DELETE FROM audit_entries WHERE chain = ? AND seq = ?", CHAIN, seq)
    assert long.first_problem() == ("missing", CHAIN, seqs[0])
    assert long.trail.verify().entries == 2501 - len(seqs)


@pytest.mark.parametrize(("one", "other"), [(300, 1700), (1000, 1001), (1000, 2500)])
def test_entries_that_changed_places_far_apart_are_named(long: Bench, one: int, other: int) -> None:
    first, second = long.entry(one), long.entry(other)
    long.replace(first, at=other)
    long.replace(second, at=one)
    assert long.first_problem() == ("reordered", CHAIN, one)


@pytest.mark.parametrize("seq", [1, 999, 1000, 1001, 2500])
def test_an_unreadable_entry_of_a_long_chain_is_named(long: Bench, seq: int) -> None:
    long.forge("UPDATE audit_entries SET body = '{' WHERE chain = ? AND seq = ?", CHAIN, seq)
    assert long.first_problem() == ("unreadable", CHAIN, seq)


def checkpoint_file(bench: Bench) -> Path:
    return bench.folder / "keys" / "checkpoints.jsonl"


def test_a_removed_file_of_checkpoints_is_named(told: Bench) -> None:
    checkpoint_file(told).unlink()
    assert told.first_problem() == ("checkpoint", SYSTEM_CHAIN, None)


def test_a_damaged_file_of_checkpoints_is_named(told: Bench) -> None:
    told.trail.checkpoint()
    lines = checkpoint_file(told).read_bytes().splitlines(keepends=True)
    checkpoint_file(told).write_bytes(b"garbage\n" + lines[1])
    assert told.first_problem() == ("checkpoint", SYSTEM_CHAIN, None)
    assert "Line 1" in told.trail.verify().problems[0].message


def test_a_changed_checkpoint_is_named(told: Bench) -> None:
    record = json.loads(checkpoint_file(told).read_text())
    record["wall"] = "2020-01-01T00:00:00Z"
    checkpoint_file(told).write_text(json.dumps(record) + "\n")
    assert told.first_problem() == ("checkpoint", SYSTEM_CHAIN, 1)
    assert "signature" in told.trail.verify().problems[0].message


def test_a_checkpoint_taken_out_of_the_middle_is_named(told: Bench) -> None:
    for _ in range(2):
        told.write(CHAIN)
        told.trail.checkpoint()
    lines = checkpoint_file(told).read_bytes().splitlines(keepends=True)
    checkpoint_file(told).write_bytes(lines[0] + lines[2])
    assert told.first_problem() == ("checkpoint", SYSTEM_CHAIN, 2)


def test_an_emptied_file_of_checkpoints_is_named(told: Bench) -> None:
    told.trail.checkpoint()
    checkpoint_file(told).write_bytes(b"")
    assert told.first_problem() == ("checkpoint", SYSTEM_CHAIN, 1)


def test_a_replaced_key_is_named_with_both_keys(told: Bench) -> None:
    old = told.trail.checkpoints.key_id()
    file = checkpoint_file(told)
    kept = file.read_bytes()
    for path in file.parent.iterdir():
        path.unlink()
    other = open_checkpoints(file.parent)
    file.write_bytes(kept)
    trail = AuditTrail(told.store, other, told.clock)
    (problem,) = trail.verify().problems
    assert (problem.kind, problem.seq) == ("checkpoint", 1)
    assert old in problem.message
    assert other.key_id() in problem.message


def test_a_store_restored_from_a_backup_is_told_and_can_still_be_anchored(told: Bench) -> None:
    backup = told.folder / "backup.db"
    with closing(sqlite3.connect(told.folder / "store.db")) as one:
        one.execute("VACUUM INTO ?", (str(backup),))
    told.write(CHAIN)
    told.trail.checkpoint()
    with closing(open_store(backup, account="000000000000/us-east-1")) as store:
        trail = AuditTrail(store, told.trail.checkpoints, told.clock)
        assert [(one.kind, one.chain) for one in trail.verify().problems] == [
            ("truncated", SYSTEM_CHAIN)
        ]
        assert trail.checkpoint()
        assert trail.checkpoint() is None


def exported(bench: Bench, chain: str | None = None) -> list[str]:
    return list(bench.trail.export(chain))


def problems(report: AuditReport) -> list[tuple[str, str, int | None]]:
    return [(one.kind, one.chain, one.seq) for one in report.problems]


@pytest.mark.parametrize("trusted", [True, False])
def test_an_export_verifies_from_its_lines_alone(told: Bench, trusted: bool) -> None:
    key = told.trail.checkpoints.public_key() if trusted else None
    report = verify_export((line + "\n" for line in exported(told)), trusted_key=key)
    assert report == told.trail.verify()


def test_every_line_of_an_export_is_one_json_object(told: Bench) -> None:
    for line in exported(told):
        assert "\n" not in line
        assert len(json.loads(line)) == 1


def test_the_export_of_one_chain_holds_it_and_what_covers_it(told: Bench) -> None:
    lines = exported(told, CHAIN)
    report = verify_export(lines)
    (chain,) = report.chains
    assert (report.ok, chain.chain, chain.entries) == (True, CHAIN, 6)
    assert (chain.covered, chain.uncovered) == (4, 2)
    assert not any('"entry"' in line and '"chain":"INC-0002"' in line for line in lines)


def test_the_export_of_a_chain_that_is_not_there_is_empty_and_sound(told: Bench) -> None:
    report = verify_export(exported(told, "INC-0009"))
    assert (report.ok, report.entries) == (True, 0)


def test_an_export_of_another_key_is_not_believed(told: Bench, tmp_path: Path) -> None:
    other = open_checkpoints(tmp_path / "other keys")
    report = verify_export(exported(told), trusted_key=other.public_key())
    assert problems(report)[0] == ("checkpoint", SYSTEM_CHAIN, 1)


Damage = Callable[[list[str]], list[str]]


def entry_line(lines: list[str], chain: str, seq: int) -> int:
    """Index of an entry's line."""
    for index, line in enumerate(lines):
        entry = cast("dict[str, Json]", json.loads(line).get("entry", {}))
        if (entry.get("chain"), entry.get("seq")) == (chain, seq):
            return index
    raise AssertionError((chain, seq))


def edited(lines: list[str], seq: int, replacement: list[str]) -> list[str]:
    index = entry_line(lines, CHAIN, seq)
    return [*lines[:index], *replacement, *lines[index + 1 :]]


@pytest.mark.parametrize("chain", [None, CHAIN])
def test_damage_of_an_export_is_named_like_that_of_a_store(told: Bench, chain: str | None) -> None:
    lines = exported(told, chain)
    changed = lines[entry_line(lines, CHAIN, 3)].replace("test.happened", "test.happenec")
    assert problems(verify_export(edited(lines, 3, [changed]))) == [("changed", CHAIN, 3)]
    assert problems(verify_export(edited(lines, 3, []))) == [("missing", CHAIN, 3)]
    assert problems(verify_export(edited(lines, 3, ["{"]))) == [("unreadable", CHAIN, 3)]
    assert problems(verify_export(edited(lines, 6, []))) == [("truncated", CHAIN, 6)]


def test_an_export_that_was_cut_off_is_not_whole(told: Bench) -> None:
    for length in range(1, len(exported(told))):
        report = verify_export(exported(told)[:length])
        assert not report.ok


def test_a_line_that_does_not_belong_is_told(told: Bench) -> None:
    lines = exported(told)
    report = verify_export([*lines[:-1], '{"more": 1}', lines[-1]])
    assert [one.kind for one in report.problems] == ["unreadable"]
    assert f"line {len(lines)}" in report.problems[0].message


def test_a_chain_left_out_of_an_export_is_missed(told: Bench) -> None:
    lines = [line for line in exported(told) if '"chain":"INC-0002"' not in line]
    report = verify_export(lines)
    assert ("missing", "INC-0002", 1) in problems(report)


def test_a_system_chain_left_out_of_an_export_is_missed(told: Bench) -> None:
    lines = [line for line in exported(told) if f'"chain":"{SYSTEM_CHAIN}"' not in line]
    assert problems(verify_export(lines)) == [("missing", SYSTEM_CHAIN, 1)]


def test_a_forged_anchor_of_one_chain_is_named(told: Bench) -> None:
    lines = [line.replace('"seq":4', '"seq":3') for line in exported(told, CHAIN)[:3]]
    report = verify_export([*lines, *exported(told, CHAIN)[3:]])
    assert ("changed", SYSTEM_CHAIN, 1) in problems(report)


@pytest.mark.parametrize(
    "lines", [[], ["{}"], ["no json"], ["[]"], ['{"header": {}}'], ["", "  "], ['{"end": true}']]
)
def test_what_is_no_export_is_refused(lines: list[str]) -> None:
    with pytest.raises(InputError, match="not an audit export"):
        verify_export(lines)


@pytest.mark.parametrize("key", ["nonsense", "AAAA"])
def test_a_trusted_key_that_is_none_is_refused(told: Bench, key: str) -> None:
    with pytest.raises(InputError, match="public key"):
        verify_export(exported(told), trusted_key=key)
