"""The step contract: one bounded, idempotent move of one incident.

A step loads, decides, writes its intent, acts and records. It never sleeps, takes at most
`STEP_SECONDS`, and says how to go on: a trigger (the lifecycle moves), a time to wake at, or what
it is blocked on. Whoever drives it (worker, command line, Lambda) holds the job's lease and
commits the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from opspilot.domain.audit import AuditDraft
from opspilot.domain.incident import Incident
from opspilot.domain.job import Job, Lease
from opspilot.lifecycle import Trigger
from opspilot.ports.store import Changeset, Row, Store

STEP_SECONDS = 60


@dataclass(frozen=True)
class StepResult:
    """How a step leaves its incident.

    Attributes:
        incident: With the step's changes; its status is moved by the trigger, not by the step.
        puts: Further rows of the final commit.
        audit: Entries of the final commit.
        trigger: What has happened to the incident; None when it stays where it is.
        wake_at: Wall time of the next step when there is no trigger; None: when nudged.
        blocked_on: What it waits for, in words.
    """

    incident: Incident
    puts: Sequence[Row] = ()
    audit: Sequence[AuditDraft] = ()
    trigger: Trigger | None = None
    wake_at: datetime | None = None
    blocked_on: str = ""


@dataclass(frozen=True)
class Scope:
    """What a running step may use of its surroundings.

    Attributes:
        store: For reads and for commits in mid-step.
        lease: Carried by every commit, so that a worker that lost the job cannot write.
        now: Wall clock.
        deadline: Wall time by which the step must have returned.
    """

    store: Store
    lease: Lease
    now: Callable[[], datetime]
    deadline: datetime

    def save(self, *puts: Row, audit: Sequence[AuditDraft] = ()) -> None:
        """Make rows and entries durable in mid-step, under the lease.

        Raises:
            Conflict: A row moved.
            LeaseLost: Another worker holds the job.
        """
        self.store.commit(Changeset(puts=puts, audit=audit, lease=self.lease))

    def failures(self) -> int:
        """How often in a row the job has failed before this run."""
        job = self.store.job(self.lease.job_id)
        return job.attempts if job else 0

    def out_of_time(self) -> bool:
        """Whether the step should return and be woken again."""
        return self.now() >= self.deadline


class Step(Protocol):
    """One stage's step."""

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """Do one bounded piece of work on the incident."""
        ...


@dataclass(frozen=True)
class JobResult:
    """How a handler leaves its job.

    Attributes:
        due_at: Wall time of the next run; None: when nudged.
        cursor: New cursor of a polling job; None keeps the old one.
    """

    due_at: datetime | None
    blocked_on: str = ""
    puts: Sequence[Row] = ()
    audit: Sequence[AuditDraft] = ()
    cursor: datetime | None = None


class JobHandler(Protocol):
    """What runs a job of one kind."""

    def __call__(self, job: Job, scope: Scope) -> JobResult:
        """Run the job once."""
        ...
