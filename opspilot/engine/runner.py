"""Runs one claimed job: its handler, then one commit of everything it says."""

import logging
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.job import Job, JobKind, Lease
from opspilot.engine.fingerprints import ENDS, left_behind
from opspilot.engine.journal import Journal
from opspilot.engine.redaction import redact_text
from opspilot.engine.steps import STEP_SECONDS, JobHandler, JobResult, Scope, Step
from opspilot.errors import Conflict, LeaseLost, OpsPilotError, StoreError
from opspilot.lifecycle import advance
from opspilot.ports.clock import Clock
from opspilot.ports.store import Changeset, Store

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
"""Short, so that another worker soon takes over from a killed one; a live one extends it."""

_BEAT_SECONDS = 4.0

_MAX_BACKOFF_SECONDS = 60
_RELEASE_TRIES = 5


def pause_after(failures: int) -> timedelta:
    """How long a job rests after it failed once more, given so many failures before (wall time)."""
    return timedelta(seconds=min(2**failures, _MAX_BACKOFF_SECONDS))


@dataclass(frozen=True)
class IncidentHandler:
    """Moves an incident by the step of its status.

    Attributes:
        stages: Step by status; a status without one waits for a person.
    """

    store: Store
    journal: Journal
    stages: Mapping[IncidentStatus, Step]

    def __call__(self, job: Job, scope: Scope) -> JobResult:
        """Run the stage's step and apply its trigger."""
        incident = self.store.incident(job.incident_id or "")
        step = self.stages.get(incident.status)
        if step is None:
            return JobResult(due_at=None, blocked_on=incident.waits_for)
        result = step(incident, scope)
        after = result.incident
        audit = list(result.audit)
        due_at = result.wake_at
        if result.trigger is not None:
            status = advance(incident.status, result.trigger)
            after = after.model_copy(update={"status": status, "status_since": scope.now()})
            audit.append(
                self.journal.entry(
                    incident.id,
                    SYSTEM,
                    f"incident.{result.trigger}",
                    incident.id,
                    input={"status": incident.status},
                    result={"status": status},
                )
            )
            due_at = scope.now()
        puts = list(result.puts)
        if after != incident:
            puts.append(after)
        if result.trigger in ENDS:
            puts += left_behind(self.store, self.journal.clock.account_now(), after, puts)
        return JobResult(due_at=due_at, blocked_on=result.blocked_on, puts=puts, audit=audit)


@dataclass(frozen=True)
class Runner:
    """Claims due jobs and runs them.

    Attributes:
        owner: Name of this worker in leases.
        handlers: One per job kind.
    """

    store: Store
    clock: Clock
    owner: str
    handlers: Mapping[JobKind, JobHandler]

    def claim(self, job_id: str | None = None) -> Job | None:
        """Take the job due longest (or this one), if it is free."""
        now = self.clock.now()
        return self.store.claim(self.owner, now=now, until=now + LEASE, job_id=job_id)

    def run(self, job: Job) -> None:
        """Run a claimed job once and commit what it says.

        A foreseen error is recorded on the job, which is tried again later with growing pauses. A
        conflict means that a person's command came between: the job is released, due at once, and
        the step runs again on what is there now.

        Raises:
            LeaseLost: Another worker has taken over; nothing of this run's end was written.
        """
        lease = Lease(job_id=job.id, owner=self.owner)
        deadline = self.clock.now() + timedelta(seconds=STEP_SECONDS)
        scope = Scope(self.store, lease, self.clock.now, deadline)
        try:
            with self._kept(lease):
                result = self.handlers[job.kind](job, scope)
            self._finish(job, result, lease)
        except LeaseLost:
            raise
        except Conflict as error:
            logger.info("job_id=<%s> | ran into a newer version: %s", job.id, error.message)
            self._release(job, lease, due_in=timedelta(0), error="")
        except OpsPilotError as error:
            logger.warning("job_id=<%s> | %s: %s", job.id, error.code, error.message)
            self.fail(job, error.message)

    def fail(self, job: Job, reason: str) -> None:
        """Release a job whose run failed; it is due again after a pause that grows."""
        lease = Lease(job_id=job.id, owner=self.owner)
        self._release(job, lease, due_in=pause_after(job.attempts), error=redact_text(reason))

    @contextmanager
    def _kept(self, lease: Lease) -> Generator[None]:
        """Extend the lease while the handler works; a process that dies stops extending."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(_BEAT_SECONDS):
                try:
                    self.store.extend(lease, self.clock.now() + LEASE)
                except StoreError as error:
                    logger.warning("job_id=<%s> | lease not extended: %s", lease.job_id, error)

        thread = threading.Thread(target=beat, name=f"lease-{lease.job_id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _finish(self, job: Job, result: JobResult, lease: Lease) -> None:
        done = job.model_copy(
            update={
                "due_at": result.due_at,
                "blocked_on": result.blocked_on,
                "lease_owner": None,
                "lease_until": None,
                "attempts": 0,
                "last_error": "",
                "cursor": result.cursor or job.cursor,
            }
        )
        self.store.commit(Changeset(puts=(*result.puts, done), audit=result.audit, lease=lease))

    def _release(self, job: Job, lease: Lease, *, due_in: timedelta, error: str) -> None:
        for _ in range(_RELEASE_TRIES):
            current = self.store.job(job.id)
            if current is None or current.lease_owner != self.owner:
                raise LeaseLost(f"job {job.id} is held by {current and current.lease_owner}")
            released = current.model_copy(
                update={
                    "due_at": self.clock.now() + due_in,
                    "lease_owner": None,
                    "lease_until": None,
                    "attempts": current.attempts + 1 if error else current.attempts,
                    "last_error": error,
                }
            )
            try:
                self.store.commit(Changeset(puts=(released,), lease=lease))
            except Conflict:
                continue
            return
