"""The store port on SQLite: every commit is one immediate transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from opspilot.adapters.sqlite import chains, pages, queue, rows
from opspilot.adapters.sqlite.connections import Connections
from opspilot.adapters.sqlite.rows import Column
from opspilot.domain.alarm import AlarmReceipt
from opspilot.domain.audit import AuditEntry, AuditHead
from opspilot.domain.conversation import Conversation, Turn
from opspilot.domain.evidence import Evidence
from opspilot.domain.fingerprint import Fingerprint
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.investigation import Investigation
from opspilot.domain.job import Job, Lease
from opspilot.domain.model import Record
from opspilot.domain.note import Note
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.domain.postmortem import PostMortem
from opspilot.errors import NotFound
from opspilot.ports.store import Changeset, Page

R = TypeVar("R", bound=Record)
L = TypeVar("L", Incident, Plan)


class SqliteStore:
    """`opspilot.ports.store.Store` in one SQLite file; safe to use from many threads.

    Every method may raise `StoreUnavailable` (locked too long, unreadable, no space).
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def close(self) -> None:
        """Close the file; later calls raise `StoreUnavailable`."""
        self._connections.close()

    def incident(self, incident_id: str) -> Incident:
        """See `Records.incident`."""
        found = self._one(
            Incident, "SELECT body FROM incidents WHERE id = :id", {"id": incident_id}
        )
        if found is None:
            raise NotFound(f"There is no incident {incident_id}.")
        return found

    def incidents(
        self,
        statuses: Sequence[IncidentStatus] = (),
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Incident]:
        """See `Records.incidents`; of the same moment the greater id counts as newer."""
        return self._page(Incident, pages.INCIDENTS, statuses, limit, cursor)

    def counts(self) -> dict[IncidentStatus, int]:
        """See `Records.counts`; kept up to date by triggers."""
        with self._connections.reading() as connection:
            totals = connection.execute("SELECT status, total FROM incident_counts").fetchall()
        return {IncidentStatus(status): total for status, total in totals if total}

    def investigation(self, incident_id: str) -> Investigation | None:
        """See `Records.investigation`."""
        return self._one(
            Investigation,
            "SELECT body FROM investigations WHERE incident_id = :id ORDER BY number DESC LIMIT 1",
            {"id": incident_id},
        )

    def evidence(self, incident_id: str) -> list[Evidence]:
        """See `Records.evidence`."""
        return self._all(
            Evidence,
            "SELECT body FROM evidence WHERE incident_id = :id ORDER BY arrival",
            {"id": incident_id},
        )

    def plan(self, plan_id: str) -> Plan:
        """See `Records.plan`."""
        found = self._one(Plan, "SELECT body FROM plans WHERE id = :id", {"id": plan_id})
        if found is None:
            raise NotFound(f"There is no plan {plan_id}.")
        return found

    def plans(self, incident_id: str) -> list[Plan]:
        """See `Records.plans`."""
        return self._all(
            Plan,
            "SELECT body FROM plans WHERE incident_id = :id ORDER BY number, id",
            {"id": incident_id},
        )

    def newest_plans(
        self,
        statuses: Sequence[PlanStatus] = (),
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Plan]:
        """See `Records.newest_plans`; of the same moment the greater id counts as newer."""
        return self._page(Plan, pages.PLANS, statuses, limit, cursor)

    def notes(self, incident_id: str) -> list[Note]:
        """See `Records.notes`."""
        return self._all(
            Note,
            "SELECT body FROM notes WHERE incident_id = :id ORDER BY arrival",
            {"id": incident_id},
        )

    def postmortem(self, incident_id: str) -> PostMortem | None:
        """See `Records.postmortem`."""
        return self._one(
            PostMortem,
            "SELECT body FROM postmortems WHERE incident_id = :id",
            {"id": incident_id},
        )

    def fingerprint(self, incident_id: str) -> Fingerprint | None:
        """See `Records.fingerprint`."""
        return self._one(
            Fingerprint,
            "SELECT body FROM fingerprints WHERE incident_id = :id",
            {"id": incident_id},
        )

    def fingerprints(self) -> list[Fingerprint]:
        """See `Records.fingerprints`."""
        found = self._all(Fingerprint, "SELECT body FROM fingerprints", {})
        return sorted(found, key=lambda one: (one.opened_at, one.incident_id))

    def conversation(self, conversation_id: str) -> Conversation:
        """See `Records.conversation`."""
        found = self._one(
            Conversation, "SELECT body FROM conversations WHERE id = :id", {"id": conversation_id}
        )
        if found is None:
            raise NotFound(f"There is no conversation {conversation_id}.")
        return found

    def conversations(self, incident_id: str) -> list[Conversation]:
        """See `Records.conversations`."""
        return self._all(
            Conversation,
            "SELECT body FROM conversations WHERE incident_id = :id ORDER BY number, id",
            {"id": incident_id},
        )

    def turns(self, conversation_id: str) -> list[Turn]:
        """See `Records.turns`."""
        return self._all(
            Turn,
            "SELECT body FROM turns WHERE conversation_id = :id ORDER BY number",
            {"id": conversation_id},
        )

    def receipt(self, key: str) -> AlarmReceipt | None:
        """See `Records.receipt`."""
        return self._one(AlarmReceipt, "SELECT body FROM receipts WHERE key = :key", {"key": key})

    def chains(self) -> list[AuditHead]:
        """See `AuditLog.chains`."""
        with self._connections.reading() as connection:
            return chains.heads(connection)

    def entries(self, chain: str, *, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """See `AuditLog.entries`."""
        with self._connections.reading() as connection:
            return chains.entries(connection, chain, after=after, limit=limit)

    def job(self, job_id: str) -> Job | None:
        """See `Jobs.job`."""
        return self._one(Job, "SELECT body FROM jobs WHERE id = :id", {"id": job_id})

    def claim(
        self, owner: str, *, now: datetime, until: datetime, job_id: str | None = None
    ) -> Job | None:
        """See `Jobs.claim`; a claim moves the job's version."""
        # Most polls find nothing: a plain read spares them the write lock.
        with self._connections.reading() as connection:
            if queue.free(connection, now=now, job_id=job_id) is None:
                return None
        with self._connections.writing() as connection:
            return queue.claim(connection, owner, now=now, until=until, job_id=job_id)

    def extend(self, lease: Lease, until: datetime) -> None:
        """See `Jobs.extend`; the job's version stays, so that its holder can still put it."""
        with self._connections.writing() as connection:
            queue.extend(connection, lease, until)

    def jobs(self) -> list[Job]:
        """See `Jobs.jobs`."""
        return self._all(Job, "SELECT body FROM jobs WHERE done = 0 ORDER BY id", {})

    def commit(self, changes: Changeset) -> tuple[AuditEntry, ...]:
        """See `Store.commit`; the lease is checked first, then the rows in their order."""
        with self._connections.writing() as connection:
            if changes.lease is not None:
                queue.check(connection, changes.lease)
            for row in changes.puts:
                stored = queue.keeping_lease(connection, row) if isinstance(row, Job) else row
                rows.put(connection, stored)
            return chains.append(connection, changes.audit)

    def next_number(self, series: str) -> int:
        """See `Store.next_number`."""
        with self._connections.writing() as connection:
            row = connection.execute(
                "INSERT INTO numbers (series, last) VALUES (?, 1)"
                " ON CONFLICT (series) DO UPDATE SET last = last + 1 RETURNING last",
                (series,),
            ).fetchone()
        return int(row[0])

    def _page(
        self,
        kind: type[L],
        listing: pages.Listing,
        statuses: Sequence[StrEnum],
        limit: int,
        cursor: str | None,
    ) -> Page[L]:
        statement, values = listing.newest(statuses, limit=limit + 1, cursor=cursor)
        found = self._all(kind, statement, values)
        more = len(found) > limit
        items = tuple(found[:limit])
        return Page(items=items, cursor=pages.cursor_after(items[-1]) if more and items else None)

    def _one(self, kind: type[R], statement: str, values: Mapping[str, Column]) -> R | None:
        found = self._all(kind, statement, values)
        return found[0] if found else None

    def _all(self, kind: type[R], statement: str, values: Mapping[str, Column]) -> list[R]:
        with self._connections.reading() as connection:
            bodies = connection.execute(statement, dict(values)).fetchall()
            return [kind.model_validate_json(body) for (body,) in bodies]
