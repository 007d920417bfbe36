"""Journal, clock and world: what was answered has happened, and is there after any end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.embedded.account import Account
from opspilot.embedded.clock import ManualClock, ScaledClock
from opspilot.embedded.errors import AwsError, EmbeddedError, FaultRefused, JournalDamaged
from opspilot.embedded.events import Caller
from opspilot.embedded.journal import Journal
from opspilot.embedded.origin import Origin
from opspilot.embedded.server import EmbeddedAccount
from opspilot.embedded.world import World
from tests.embedded.aws import Aws

EPOCH = 1_772_625_620.0
ME = Caller("me")
TIMEOUT: dict[str, object] = {"function": "checkout", "timeout_s": 8}


def opened(folder: Path, seed: int | None = None) -> World:
    """The world of a folder."""
    return World.open(folder / "journal.jsonl", Origin(7, EPOCH), seed=seed)


# -- journal --------------------------------------------------------------------------------------


def read_back(path: Path) -> list[Mapping[str, object]]:
    """What a journal file holds."""
    with closing(Journal(path)) as journal:
        return list(journal.records)


def test_records_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append({"n": 1, "text": "ä\n"})
    journal.append({"n": 2})
    journal.close()
    assert read_back(tmp_path / "j") == [{"n": 1, "text": "ä\n"}, {"n": 2}]


@pytest.mark.parametrize("kept", range(1, 24, 3))
def test_a_torn_last_record_is_cut_off(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "j"
    journal = Journal(path)
    journal.append({"n": 1})
    whole = path.stat().st_size
    journal.append({"n": 2, "more": "x" * 40})
    journal.close()
    path.write_bytes(path.read_bytes()[: whole + kept])
    again = Journal(path)
    assert again.records == [{"n": 1}]
    again.append({"n": 3})
    again.close()
    assert read_back(path) == [{"n": 1}, {"n": 3}]


def test_damage_before_the_end_is_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journal = Journal(path)
    for n in range(4):
        journal.append({"n": n})
    journal.close()
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b"1", b"7")
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(JournalDamaged, match="line 2 of 4"):
        Journal(path)


# -- clock ----------------------------------------------------------------------------------------


def test_the_clock_begins_at_wall_time_and_never_runs_backwards_over_a_kill(
    tmp_path: Path,
) -> None:
    path = tmp_path / "clock.json"
    first = ScaledClock(path, 10)
    seen = first.now()
    stored = json.loads(path.read_text())["account_time"]
    assert stored >= seen + 30, "the mark lies ahead of every reading"
    again = ScaledClock(path)  # the first was never closed, as after kill -9
    assert seen + 200 > again.now() >= stored
    assert again.speed == 10
    first.close()
    again.close()


def test_after_a_clean_end_account_time_stands_still(tmp_path: Path) -> None:
    clock = ScaledClock(tmp_path / "clock.json", 5)
    clock.close()
    stopped = json.loads((tmp_path / "clock.json").read_text())["account_time"]
    later = ScaledClock(tmp_path / "clock.json")
    assert later.now() - stopped < 5
    later.close()


@pytest.mark.parametrize("speed", [0.5, 31, -1])
def test_speeds_out_of_range_are_refused(tmp_path: Path, speed: float) -> None:
    with pytest.raises(EmbeddedError, match="speed"):
        ScaledClock(tmp_path / "clock.json", speed)


def test_another_speed_goes_on_from_the_same_time(tmp_path: Path) -> None:
    clock = ScaledClock(tmp_path / "clock.json", 1)
    before = clock.now()
    clock.set_speed(30)
    assert before <= clock.now() < before + 30
    assert clock.speed == 30
    clock.close()


def test_a_damaged_clock_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "clock.json").write_text("{")
    with pytest.raises(EmbeddedError, match=r"clock\.json"):
        ScaledClock(tmp_path / "clock.json")


def test_a_manual_clock_only_moves_forward() -> None:
    with pytest.raises(EmbeddedError):
        ManualClock().advance(-1)


# -- world ----------------------------------------------------------------------------------------


def test_what_was_journalled_has_happened_even_if_no_answer_left(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.inject("slow-dependency", EPOCH + 10)
    first.change("lambda.update_configuration", TIMEOUT, ME, EPOCH + 60)
    again = opened(tmp_path)  # the first is still open, as after kill -9
    assert again.timeline.current == first.timeline.current
    assert again.events == first.events
    assert again.active_faults == first.active_faults
    assert again.timeline.times == first.timeline.times
    first.close()
    again.close()


def test_revision_ids_repeat_for_the_same_seed_only() -> None:
    def revision(seed: int) -> str:
        world = World(Origin(seed, EPOCH))
        after = world.change("lambda.update_configuration", TIMEOUT, ME, EPOCH)
        return after.functions["checkout"].latest.revision_id

    assert revision(7) == revision(7) != revision(8)


def test_a_refused_change_is_remembered_as_refused(tmp_path: Path) -> None:
    world = opened(tmp_path)
    wrong: dict[str, object] = {"function": "checkout", "timeout_s": 901}
    with pytest.raises(AwsError):
        world.change("lambda.update_configuration", wrong, ME, EPOCH)
    world.close()
    again = opened(tmp_path)
    assert again.events[-1].error is not None
    assert again.timeline.current == again.seeded
    again.close()


def test_another_seed_than_the_worlds_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(EmbeddedError, match="seed 7, not 8"):
        opened(tmp_path, seed=8)


def test_an_injected_fault_cannot_be_injected_again_until_reset() -> None:
    world = World(Origin(7, EPOCH))
    world.inject("slow-dependency", EPOCH)
    with pytest.raises(FaultRefused, match="active already"):
        world.inject("slow-dependency", EPOCH + 1)
    with pytest.raises(FaultRefused, match="there are: "):
        world.inject("nonsense", EPOCH + 1)
    assert world.reset(EPOCH + 2) == ["slow-dependency"]
    world.inject("slow-dependency", EPOCH + 3)


def test_reset_restores_what_the_fault_and_people_changed() -> None:
    world = World(Origin(7, EPOCH))
    world.inject("slow-dependency", EPOCH)
    world.change("lambda.update_configuration", TIMEOUT, ME, EPOCH + 60)
    params: dict[str, object] = {"function": "inventory", "reserved": 3}
    world.change("lambda.put_concurrency", params, ME, EPOCH + 90)
    world.reset(EPOCH + 120)
    for name, seeded in world.seeded.functions.items():
        now = world.timeline.current.functions[name]
        assert now.latest.settings() == seeded.latest.settings()
        assert {a: c.version for a, c in now.aliases.items()} == {
            a: c.version for a, c in seeded.aliases.items()
        }
        assert now.reserved == seeded.reserved
    assert world.active_faults == {}


def test_a_fault_injected_again_after_a_reset_uses_its_published_version() -> None:
    world = World(Origin(7, EPOCH))
    for at in (0, 100):
        world.inject("slow-dependency", EPOCH + at)
        payments = world.timeline.current.functions["payments"]
        assert payments.aliases["live"].version == "18"
        world.reset(EPOCH + at + 50)
    assert "19" not in world.timeline.current.functions["payments"].versions


def test_a_later_release_does_not_confuse_the_fault() -> None:
    world = World(Origin(7, EPOCH))
    memory: dict[str, object] = {"function": "payments", "memory_mb": 640}
    world.change("lambda.update_configuration", memory, ME, EPOCH)
    world.change("lambda.publish_version", {"function": "payments"}, ME, EPOCH + 30)
    world.inject("slow-dependency", EPOCH + 60)
    payments = world.timeline.current.functions["payments"]
    assert payments.aliases["live"].version == "19"
    assert payments.versions["19"].build == "payments-18"


# -- account --------------------------------------------------------------------------------------


def test_an_account_opened_again_tells_the_same_story(tmp_path: Path) -> None:
    def story(aws: Aws) -> list[object]:
        alarms = aws.cloudwatch.describe_alarm_history()["AlarmHistoryItems"]
        revision = aws.functions.get_function_configuration(FunctionName="checkout")["RevisionId"]
        logs = aws.logs.filter_log_events(
            logGroupName="/aws/lambda/payments", startTime=aws.milliseconds_ago(3)
        )["events"]
        return [alarms, revision, logs, aws.values("Errors"), aws.trail.lookup_events()["Events"]]

    clock = ManualClock()
    with EmbeddedAccount(
        tmp_path, clock=clock, fault="slow-dependency", fault_age_s=600
    ) as account:
        aws = Aws(account)
        aws.functions.update_function_configuration(FunctionName="checkout", Timeout=8)
        aws.cloudwatch.set_alarm_state(
            AlarmName="payments-errors", StateValue="ALARM", StateReason="drill"
        )
        account.advance(600)
        told = story(aws)
    with EmbeddedAccount(tmp_path, clock=clock) as account:
        assert story(Aws(account)) == told


def test_the_alarm_memory_gives_the_states_that_evaluation_would() -> None:
    world = World(Origin(7, EPOCH))
    world.inject("slow-dependency", EPOCH)
    clock = ManualClock()
    evaluated = Account(world, clock)
    evaluated.alarms.states(EPOCH + 600)
    memory = json.loads(json.dumps(evaluated.alarms.snapshot()))
    restored = Account(world, clock)
    restored.alarms.restore(memory)
    assert restored.alarms.states(EPOCH + 1800) == evaluated.alarms.states(EPOCH + 1800)


def test_a_fault_at_the_start_is_for_new_worlds_only(tmp_path: Path) -> None:
    clock = ManualClock()
    with EmbeddedAccount(tmp_path, clock=clock):
        pass
    with EmbeddedAccount(tmp_path, clock=clock, fault="slow-dependency") as account:
        assert account.account.world.active_faults == {
            "slow-dependency": pytest.approx(clock.now())
        }


def test_account_time_is_told_as_aware_utc() -> None:
    with EmbeddedAccount(clock=ManualClock()) as account:
        assert account.account_now().utcoffset() == timedelta(0)
        account.advance(90)
        assert account.account_now().timestamp() == ManualClock().now() + 90


def test_advancing_a_running_clock_is_refused() -> None:
    with EmbeddedAccount(speed=1) as account, pytest.raises(EmbeddedError, match="ManualClock"):
        account.advance(1)
