"""Killed at any commit or call, started again: every change happens once, every entry is there."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from opspilot.domain.evidence import Evidence
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Instruction
from opspilot.engine.ledger import ledger_of
from tests.engine.account import READS, SmallAccount
from tests.engine.crashing import Fuse, FusedStore, Killed, fuse_calls
from tests.engine.scene import BACK_TO_17, LONGER, ROSA, Scene, diagnosed_scene, scene

MOST_TICKS = 400


def sweep(
    folder: Path,
    prepare: Callable[[Scene], None],
    check: Callable[[Scene], None],
    operations: tuple[str, ...],
    *,
    begin: Callable[[Path], Scene] = scene,
    until: Callable[[Scene], bool] = lambda _: False,
    every: int = 1,
) -> int:
    """Kill at one tick after the other until a run goes through; returns how many there were."""
    for at in range(1, MOST_TICKS, every):
        whole = begin(folder / str(at))
        store = whole.store
        prepare(whole)
        fuse = Fuse(at)
        fused = replace(whole, store=FusedStore(store, fuse)).reopened()
        fuse_calls(whole.account, fuse, operations)
        try:
            fused.work(partial(until, fused), owner="first")
        except Killed:
            _drop_hooks(whole.account)
        else:
            check(whole)
            return at - 1
        second = whole.reopened()
        second.work(partial(until, second), owner="second")
        check(second)
    raise AssertionError("the run never went through")


def _drop_hooks(account: SmallAccount) -> None:
    account._hooks.clear()


def took_effect_once(*changes: Instruction) -> Callable[[Scene], None]:
    def check(stage: Scene) -> None:
        assert stage.account.effects == list(changes)
        said = stage.said()
        assert said.count("action.settled") == len(changes)
        assert said.count("action.outcome") + said.count("action.reconciled") == len(changes)
        stage.assert_sound()

    return check


def observed(stage: Scene) -> bool:
    return stage.status() is IncidentStatus.VERIFYING


def test_an_execution_killed_anywhere_is_carried_to_its_end_once(tmp_path: Path) -> None:
    def prepare(stage: Scene) -> None:
        stage.started(BACK_TO_17, LONGER)

    def check(stage: Scene) -> None:
        took_effect_once(BACK_TO_17, LONGER)(stage)
        assert observed(stage)

    operations = ("read", "apply", "settling")
    assert sweep(tmp_path, prepare, check, operations, until=observed) > 25


def test_an_observation_killed_now_and_then_ends_in_recovery(tmp_path: Path) -> None:
    def prepare(stage: Scene) -> None:
        stage.started(BACK_TO_17)
        stage.reach(IncidentStatus.VERIFYING)

    def check(stage: Scene) -> None:
        took_effect_once(BACK_TO_17)(stage)
        assert stage.status() is IncidentStatus.RESOLVED
        assert stage.said().count("verification.ended") == 1

    assert sweep(tmp_path, prepare, check, ("fetch",), every=9) > 40


def test_an_undo_killed_anywhere_is_carried_to_its_end_once(tmp_path: Path) -> None:
    def prepare(stage: Scene) -> None:
        plan = stage.started(BACK_TO_17, LONGER)
        stage.reach(IncidentStatus.VERIFYING)
        stage.bench.executions.undo(plan.id, actor=ROSA)

    def check(stage: Scene) -> None:
        actions = stage.store.plan("INC-0001-P1").actions
        took_effect_once(BACK_TO_17, LONGER, actions[1].undo, actions[0].undo)(stage)
        assert stage.status() is IncidentStatus.DIAGNOSED
        assert stage.account.slow(stage.clock.account_now())

    assert sweep(tmp_path, prepare, check, ("read", "apply", "settling")) > 20


def questions_once(ledger: list[Evidence]) -> None:
    tasks = [item.task for item in ledger]
    assert len(tasks) == len(set(tasks))


@pytest.mark.timeout(120)
def test_an_investigation_killed_anywhere_asks_every_question_once_and_draws_its_verdict(
    tmp_path: Path,
) -> None:
    whole = scene(tmp_path / "whole")
    expected = ledger_of(whole.store.evidence(whole.diagnosed().id), 1)

    def prepare(stage: Scene) -> None:
        stage.bench.investigations.start(stage.opened().id, actor=ROSA)

    def check(stage: Scene) -> None:
        ledger = stage.store.evidence("INC-0001")
        questions_once(ledger)
        assert {item.task for item in ledger} == {item.task for item in expected}
        assert [item.id for item in ledger] == [f"E{n}" for n in range(1, len(ledger) + 1)]
        assert stage.said().count("evidence.collected") == len(ledger)
        assert stage.said().count("verdict.reached") == 1
        assert stage.status() is IncidentStatus.DIAGNOSED
        stage.assert_sound()

    assert sweep(tmp_path, prepare, check, READS, every=19) > 40


def test_a_plan_killed_while_it_is_made_is_filed_once(tmp_path: Path) -> None:
    def prepare(stage: Scene) -> None:
        stage.bench.plans.request("INC-0001", actor=ROSA)

    def check(stage: Scene) -> None:
        (plan,) = stage.store.plans("INC-0001")
        assert plan.number == 1
        assert stage.said().count("plan.proposed") == 1
        stage.assert_sound()

    assert sweep(tmp_path, prepare, check, ("read",), begin=diagnosed_scene) >= 4
