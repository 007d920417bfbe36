"""The worker: threads over one store that outlive any job; several share the work by lease."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opspilot.adapters.sqlite import open_store
from opspilot.adapters.system import SystemClock
from opspilot.bootstrap import Workbench
from opspilot.domain.job import Job, JobKind
from opspilot.engine.steps import JobResult, Scope
from opspilot.entrypoints.worker import Worker
from opspilot.errors import StoreUnavailable
from opspilot.ports.store import Changeset, Store
from tests.engine.account import ACCOUNT_ID, REGION
from tests.engine.scene import scene

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A workbench on SQLite whose jobs are the test's own."""
    store = open_store(tmp_path / "store.db", account=f"{ACCOUNT_ID}/{REGION}")
    yield replace(scene(tmp_path, store=store).bench, clock=SystemClock(), handlers={})
    store.close()


def put_jobs(store: Store, *names: str) -> None:
    """Jobs that are due; the polling jobs are not, so that only these run."""
    later = SystemClock().now() + timedelta(hours=1)
    polls = [Job(id=kind, kind=kind, due_at=later) for kind in (JobKind.ALARMS, JobKind.CHECKPOINT)]
    due = [Job(id=name, kind=JobKind.INCIDENT, due_at=LONG_AGO) for name in names]
    store.commit(Changeset(puts=[*polls, *due]))


def run_workers(*workers: Worker) -> None:
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_two_workers_on_one_store_run_every_job_once(bench: Workbench) -> None:
    names = [f"job-{number:02d}" for number in range(60)]
    put_jobs(bench.store, *names)
    ran: Counter[str] = Counter()
    who: set[str] = set()
    stop, lock = threading.Event(), threading.Lock()

    def handle(job: Job, scope: Scope) -> JobResult:
        with lock:
            ran[job.id] += 1
            who.add(scope.lease.owner)
            if len(ran) == len(names):
                stop.set()
        return JobResult(due_at=None)

    working = replace(bench, handlers={JobKind.INCIDENT: handle})
    run_workers(Worker(working, stop), Worker(working, stop))
    assert ran == dict.fromkeys(names, 1)
    assert len(who) > 1


def test_a_worker_outlives_a_job_that_breaks(bench: Workbench) -> None:
    put_jobs(bench.store, *[f"broken-{number}" for number in range(6)], "good")
    stop = threading.Event()

    def handle(job: Job, scope: Scope) -> JobResult:
        if job.id == "good":
            stop.set()
            return JobResult(due_at=scope.now() + timedelta(hours=1))
        raise RuntimeError("a bug")

    run_workers(Worker(replace(bench, handlers={JobKind.INCIDENT: handle}), stop))
    assert {job.id: job.last_error for job in bench.store.jobs() if "broken" in job.id} == (
        dict.fromkeys([f"broken-{n}" for n in range(6)], "internal error: RuntimeError")
    )


def test_a_worker_begins_its_polling_once_however_many_there_are(bench: Workbench) -> None:
    stop = threading.Event()
    asked: Counter[str] = Counter()

    def handle(job: Job, scope: Scope) -> JobResult:
        asked[job.id] += 1
        if len(asked) == 2:
            stop.set()
        return JobResult(due_at=scope.now() + timedelta(hours=1))

    both = dict.fromkeys((JobKind.ALARMS, JobKind.CHECKPOINT), handle)
    working = replace(bench, handlers=both)
    run_workers(Worker(working, stop), Worker(working, stop))
    assert asked == {"alarms": 1, "checkpoint": 1}


class Flaky:
    """A store whose first claims fail."""

    def __init__(self, store: Store, failures: int) -> None:
        self._store = store
        self.failures = failures

    def claim(self, *args: object, **kwargs: object) -> Job | None:
        """Fail, a few times."""
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("locked")
        return self._store.claim(*args, **kwargs)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def test_a_worker_outlives_a_store_that_is_locked_for_a_while(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opspilot.entrypoints.worker._TROUBLE_SECONDS", 0.01)
    put_jobs(bench.store, "good")
    stop = threading.Event()

    def handle(job: Job, scope: Scope) -> JobResult:  # noqa: ARG001 - the handlers' shape
        stop.set()
        return JobResult(due_at=None)

    flaky = Flaky(bench.store, 7)
    working = replace(bench, store=flaky, handlers={JobKind.INCIDENT: handle})
    run_workers(Worker(working, stop))
    assert flaky.failures == 0
