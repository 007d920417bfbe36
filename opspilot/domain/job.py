"""Durable work: what is due when, and who holds it."""

from enum import StrEnum

from opspilot.domain.model import Instant, Model, Record


class JobKind(StrEnum):
    """Kinds of job; bootstrap hands the worker one handler for each."""

    INCIDENT = "incident"
    ALARMS = "alarms"
    CHECKPOINT = "checkpoint"
    CHAT = "chat"


class Job(Record):
    """One job; an incident has exactly one, which moves it step by step.

    Attributes:
        id: "incident:INC-0001", "alarms", "checkpoint", "chat:INC-0001-C1".
        conversation_id: Of a chat job, whose turns it answers one after the other.
        due_at: Wall time from which it may run; None while it is blocked on something else.
        blocked_on: What it waits for, in words, when `due_at` is None.
        lease_owner: The worker that holds it; None when free.
        lease_until: Wall time at which the lease ends.
        attempts: Consecutive failed runs; reset by a run that ends well.
        last_error: Why the last run failed; empty when it did not.
        cursor: Account time up to which a polling job has looked; None before its first look.
    """

    id: str
    kind: JobKind
    incident_id: str | None = None
    conversation_id: str | None = None
    due_at: Instant | None
    blocked_on: str = ""
    lease_owner: str | None = None
    lease_until: Instant | None = None
    attempts: int = 0
    last_error: str = ""
    cursor: Instant | None = None

    @property
    def done(self) -> bool:
        """Nothing is left to do: neither due, nor blocked, nor held by a worker."""
        return self.due_at is None and not self.blocked_on and self.lease_owner is None


class Lease(Model):
    """A claim on a job; a commit that carries it fails once somebody else holds the job."""

    job_id: str
    owner: str
