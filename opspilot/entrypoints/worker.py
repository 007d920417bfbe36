"""The worker: claims due jobs and runs them, whatever happens to one of them."""

import logging
import threading
from dataclasses import dataclass

from opspilot.bootstrap import Workbench
from opspilot.domain.job import Job, JobKind
from opspilot.engine.runner import Runner
from opspilot.errors import Conflict, LeaseLost, OpsPilotError, StoreError
from opspilot.ports.store import Changeset

logger = logging.getLogger(__name__)

THREADS = 3
_IDLE_SECONDS = 0.2
_TROUBLE_SECONDS = 2.0


@dataclass(frozen=True)
class Worker:
    """A few threads over one store; several workers share the work by lease."""

    workbench: Workbench
    stop: threading.Event

    def run(self) -> None:
        """Work until told to stop."""
        self._ensure_polling()
        threads = [
            threading.Thread(target=self._loop, args=(index,), name=f"worker-{index}")
            for index in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ensure_polling(self) -> None:
        now = self.workbench.clock.now()
        for kind in (JobKind.ALARMS, JobKind.CHECKPOINT):
            if self.workbench.store.job(kind) is None:
                try:
                    job = Job(id=kind, kind=kind, due_at=now)
                    self.workbench.store.commit(Changeset(puts=(job,)))
                except Conflict:
                    logger.info("job_id=<%s> | another worker made it", kind)

    def _loop(self, index: int) -> None:
        runner = self.workbench.runner(f"thread-{index}")
        while not self.stop.is_set():
            try:
                job = runner.claim()
            except StoreError as error:
                logger.warning("worker=<%s> | store: %s", index, error.message)
                self.stop.wait(_TROUBLE_SECONDS)
                continue
            if job is None:
                self.stop.wait(_IDLE_SECONDS)
            else:
                run_safely(runner, job)


def run_safely(runner: Runner, job: Job) -> None:
    """Run a job; whatever it raises is put on the job, and the worker lives on."""
    try:
        runner.run(job)
    except LeaseLost as error:
        logger.warning("job_id=<%s> | %s", job.id, error.message)
    except Exception as error:
        logger.exception("job_id=<%s> | a job must not end the worker", job.id)
        _record(runner, job, f"internal error: {type(error).__name__}")


def _record(runner: Runner, job: Job, reason: str) -> None:
    try:
        runner.fail(job, reason)
    except OpsPilotError as error:
        logger.warning("job_id=<%s> | not released: %s", job.id, error.message)
