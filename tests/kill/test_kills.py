"""Real processes, really killed, and started again: the work goes on, nothing twice, no gap.

Each story is one incident's life. The stories wait more than they compute, so they run side by
side, each on a state folder and an account of its own; in one test, so that they are started once
however many processes the tests are spread over.
"""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opspilot.bootstrap import Workbench, open_workbench
from opspilot.config import Settings
from opspilot.domain.evidence import Evidence
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import PlanStatus
from tests.kill.running import (
    ADA,
    GRACE,
    Running,
    assert_sound,
    children_of,
    demo,
    free_port,
    healthy,
    reach,
    running,
    said,
    started_plan,
    wait_until,
)
from tests.noon import begin_at_noon

pytestmark = [pytest.mark.kill, pytest.mark.timeout(300)]

SETTLED = (IncidentStatus.RESOLVED, IncidentStatus.FAILED)

UNTIL_THE_VERDICT = (
    "commit:incident.opened:before",
    "commit:incident.opened:after",
    "call:search:before",
    "commit:evidence.collected:5.after",
    "commit:verdict.reached:before",
    "commit:verdict.reached:after",
)
WHILE_PLANNING = ("commit:plan.proposed:before",)
WHILE_EXECUTING = (
    "commit:action.intent:before",
    "commit:action.intent:after",
    "call:apply:after",
    "commit:action.reconciled:after",
    "call:settling:before",
    "commit:action.settled:before",
    "commit:verification.started:after",
)
WHILE_OBSERVING = ("call:fetch:before", "call:sign:before", "commit:verification.ended:before")
WHILE_UNDOING = ("commit:action.intent:after", "call:apply:after", "commit:plan.undone:before")


def worker_killed(folder: Path) -> None:
    """The worker ends at twenty places, from the alarm to the undo."""
    with running(folder) as here:
        here.start_account()
        for place in UNTIL_THE_VERDICT:
            here.killed_worker(place)
        bench = here.bench()
        incident = reach(bench, IncidentStatus.DIAGNOSED)
        bench.plans.request(incident.id, actor=ADA)
        for place in WHILE_PLANNING:
            here.killed_worker(place)
        here.start_worker()
        plan = bench.store.plan(reach(bench, IncidentStatus.AWAITING_APPROVAL).plan_id or "")
        here.stop_worker()
        bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
        bench.executions.start(plan.id, actor=ADA)
        for place in (*WHILE_EXECUTING, *WHILE_OBSERVING):
            here.killed_worker(place)
        here.start_worker()
        assert reach(bench, *SETTLED).outcome == "recovered"
        assert here.changes_made() == ["17"]
        here.stop_worker()

        bench.executions.undo(plan.id, actor=ADA)
        for place in WHILE_UNDOING:
            here.killed_worker(place)
        here.start_worker()
        reach(bench, IncidentStatus.DIAGNOSED)
        assert bench.store.plan(plan.id).status is PlanStatus.UNDONE
        assert here.changes_made() == ["17", "18"]
        here.stop_worker()
        assert_told_once(bench, bench.store.evidence(incident.id))


def assert_told_once(bench: Workbench, ledger: list[Evidence]) -> None:
    """Every event of the incident's life is in the chain once, and the chain is whole."""
    counted = said(bench)
    for once in (
        "incident.opened",
        "investigation.started",
        "verdict.reached",
        "plan.proposed",
        "plan.execution_started",
        "verification.started",
        "verification.ended",
        "plan.undone",
    ):
        assert counted.count(once) == 1, once
    assert counted.count("action.settled") == 2
    assert counted.count("action.reconciled") == 2
    assert len({item.task for item in ledger}) == len(ledger)
    assert counted.count("evidence.collected") == len(ledger)
    assert_sound(bench)


def account_killed(folder: Path) -> None:
    """The account ends while two workers read, change (on either side of it) and observe it."""
    with running(folder) as here:
        here.start_account("request:GetMetricData:2.before")
        here.start_worker()
        here.start_second_worker()
        here.account_dies_and_returns("journal:lambda.update_alias:before")
        bench = here.bench()
        incident = reach(bench, IncidentStatus.DIAGNOSED, IncidentStatus.FAILED)
        ledger = bench.store.evidence(incident.id)
        assert [item.finding for item in ledger if item.status == "gap"] == []
        found = bench.store.investigation(incident.id)
        assert found is not None
        assert found.verdict is not None
        assert found.verdict.status == "confirmed"

        bench.plans.request(incident.id, actor=ADA)
        plan = bench.store.plan(reach(bench, IncidentStatus.AWAITING_APPROVAL).plan_id or "")
        bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
        bench.executions.start(plan.id, actor=ADA)
        here.account_dies_and_returns("journal:lambda.update_alias:after")
        assert here.changes_made() == []
        here.account_dies_and_returns("request:GetMetricData:3.before")
        assert here.changes_made() == ["17"]
        here.account_dies_and_returns()
        assert reach(bench, *SETTLED).outcome == "recovered"
        assert here.changes_made() == ["17"]
        assert said(bench).count("action.reconciled") == 1
        assert said(bench).count("action.outcome_unknown") == 2
        here.end()
        assert_sound(bench)


def everything_killed(folder: Path) -> None:
    """Under the entry command: each child at once, then the supervisor itself."""
    port, settings = free_port(), Settings(state_dir=folder)
    begin_at_noon(folder / "embedded")
    with demo(folder, port) as supervisor:
        wait_until(lambda: healthy(port), "the workbench to answer", 90)
        bench = open_workbench(settings)
        plan = started_plan(bench, settings)
        killed = children_of(supervisor.pid)
        assert len(killed) == 3
        for child in killed:
            os.kill(child, signal.SIGKILL)

        def all_new() -> bool:
            now = children_of(supervisor.pid)
            return len(now) == 3 and not now.keys() & killed.keys()

        wait_until(all_new, "the supervisor to start three new processes")
        wait_until(lambda: healthy(port), "the workbench to answer again", 90)
        reach(bench, IncidentStatus.VERIFYING, *SETTLED)
        orphans = children_of(supervisor.pid)
        supervisor.kill()
        supervisor.wait(10)
        wait_until(lambda: not any(map(alive, orphans)), "no process to be left behind")
    with demo(folder, port):
        wait_until(lambda: healthy(port), "the workbench to come up again", 90)
        after = reach(open_workbench(settings), *SETTLED, seconds=90)
        assert after.outcome == "recovered"
    assert bench.store.plan(plan.id).status is PlanStatus.EXECUTED
    assert Running(folder).changes_made() == ["17"]
    assert_sound(bench)


def alive(pid: int) -> bool:
    """Whether a process still runs (one that has ended and waits to be noticed does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


STORIES: dict[str, Callable[[Path], None]] = {
    "the worker": worker_killed,
    "the account": account_killed,
    "everything": everything_killed,
}


def test_killed_and_started_again_the_work_goes_on_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(len(STORIES)) as pool:
        told = {
            name: pool.submit(story, _folder(tmp_path, name)) for name, story in STORIES.items()
        }
    failed = [(name, error) for name, story in told.items() if (error := story.exception())]
    if failed:
        names = ", ".join(name for name, _ in failed)
        raise BaseExceptionGroup(f"killed: {names}", [error for _, error in failed])


def _folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name.replace(" ", "-")
    folder.mkdir()
    return folder
