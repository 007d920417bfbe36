"""Durable state: reads, one commit, and the job queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from opspilot.domain.alarm import AlarmReceipt
from opspilot.domain.audit import AuditDraft, AuditEntry, AuditHead
from opspilot.domain.conversation import Conversation, Turn
from opspilot.domain.evidence import Evidence
from opspilot.domain.fingerprint import Fingerprint
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.investigation import Investigation
from opspilot.domain.job import Job, Lease
from opspilot.domain.note import Note
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.domain.postmortem import PostMortem

T = TypeVar("T")

Row = (
    Incident
    | Investigation
    | Evidence
    | Plan
    | AlarmReceipt
    | Job
    | Note
    | PostMortem
    | Conversation
    | Turn
    | Fingerprint
)
"""What a changeset may put; `key_of` tells by what each is known."""


def key_of(row: Row) -> tuple[str, ...]:
    """What tells a row from others of its kind."""
    match row:
        case Investigation():
            return row.incident_id, str(row.number)
        case Evidence() | Note():
            return row.incident_id, row.id
        case AlarmReceipt():
            return (row.key,)
        case PostMortem() | Fingerprint():
            return (row.incident_id,)
        case Turn():
            return row.conversation_id, str(row.number)
        case _:
            return (row.id,)


def written_once(row: Row) -> bool:
    """Whether a stored row of this kind never changes."""
    return isinstance(row, Evidence | AlarmReceipt | Note)


@dataclass(frozen=True)
class Changeset:
    """Rows, audit entries and jobs that become durable together or not at all.

    Attributes:
        puts: Each is stored if its stored version still equals `row.version` (0: must not exist).
            A job put with the owner that holds it keeps the later end of its lease.
        audit: Linked into their chains in this order, inside the same transaction.
        lease: If given, the commit fails unless this owner still holds the job.
    """

    puts: Sequence[Row] = ()
    audit: Sequence[AuditDraft] = ()
    lease: Lease | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and where to go on.

    Attributes:
        cursor: Give it to the next call; None at the end.
    """

    items: tuple[T, ...]
    cursor: str | None = None


class Records(Protocol):
    """Reads of the aggregates; none of them scans."""

    def incident(self, incident_id: str) -> Incident:
        """One incident.

        Raises:
            NotFound: There is none.
        """
        ...

    def incidents(
        self,
        statuses: Sequence[IncidentStatus] = (),
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Incident]:
        """Newest first; all statuses when none is named."""
        ...

    def counts(self) -> dict[IncidentStatus, int]:
        """Incidents by status; absent means none."""
        ...

    def investigation(self, incident_id: str) -> Investigation | None:
        """The newest investigation of an incident."""
        ...

    def evidence(self, incident_id: str) -> list[Evidence]:
        """The ledger of an incident in order of arrival."""
        ...

    def plan(self, plan_id: str) -> Plan:
        """One plan.

        Raises:
            NotFound: There is none.
        """
        ...

    def plans(self, incident_id: str) -> list[Plan]:
        """All plans of an incident, oldest first."""
        ...

    def newest_plans(
        self,
        statuses: Sequence[PlanStatus] = (),
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Plan]:
        """Plans of every incident, by the time of their request, newest first.

        All statuses when none is named.
        """
        ...

    def notes(self, incident_id: str) -> list[Note]:
        """The notes on an incident in order of arrival."""
        ...

    def postmortem(self, incident_id: str) -> PostMortem | None:
        """The review of an incident as last saved."""
        ...

    def fingerprint(self, incident_id: str) -> Fingerprint | None:
        """What an incident left behind, if it ended."""
        ...

    def fingerprints(self) -> list[Fingerprint]:
        """What every incident that ended left behind, oldest incident first."""
        ...

    def conversation(self, conversation_id: str) -> Conversation:
        """One conversation.

        Raises:
            NotFound: There is none.
        """
        ...

    def conversations(self, incident_id: str) -> list[Conversation]:
        """The conversations beside an incident, oldest first."""
        ...

    def turns(self, conversation_id: str) -> list[Turn]:
        """The turns of a conversation, oldest first."""
        ...

    def receipt(self, key: str) -> AlarmReceipt | None:
        """The note that an alarm transition was handled."""
        ...


class AuditLog(Protocol):
    """Reads of the audit chains."""

    def chains(self) -> list[AuditHead]:
        """The head of every chain, by chain name, as the store remembers it."""
        ...

    def entries(self, chain: str, *, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Entries of a chain with `seq > after`, ascending.

        Raises:
            AuditDamaged: A stored entry is no longer readable; the message names it.
        """
        ...


class Jobs(Protocol):
    """The job queue; putting jobs goes through `commit`."""

    def job(self, job_id: str) -> Job | None:
        """One job."""
        ...

    def claim(
        self, owner: str, *, now: datetime, until: datetime, job_id: str | None = None
    ) -> Job | None:
        """Take the lease of the job due longest (or of this very job), atomically.

        The claim moves the job's version, so that whoever read it before conflicts.
        A job is free when it has no live lease (`lease_until <= now` is dead). Without `job_id`
        only jobs with `due_at <= now` count; with it the job is taken even if not yet due.

        Returns:
            The job with its new lease, or None when there is nothing to take.
        """
        ...

    def extend(self, lease: Lease, until: datetime) -> None:
        """Keep a lease alive; the job's version stays, so that its holder can still put it.

        Raises:
            LeaseLost: Another worker has it.
        """
        ...

    def jobs(self) -> list[Job]:
        """Every job that is not `done`, by id, for the screens and the doctor."""
        ...


class Store(Records, AuditLog, Jobs, Protocol):
    """Everything durable."""

    def commit(self, changes: Changeset) -> tuple[AuditEntry, ...]:
        """Make a changeset durable, whole or not at all; returns the linked audit entries.

        The lease is checked first, then the rows in their order.

        Raises:
            Conflict: A row's version moved, or a new row exists already.
            LeaseLost: The lease is not held any more.
            StoreUnavailable: The store could not be written.
        """
        ...

    def next_number(self, series: str) -> int:
        """The next number of a durable series, from 1; numbers may be skipped, never repeated."""
        ...
