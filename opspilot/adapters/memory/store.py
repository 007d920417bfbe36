"""The store port in dictionaries: the plainest meaning of its contract, and its model in tests."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from opspilot.domain.alarm import AlarmReceipt
from opspilot.domain.audit import AuditDraft, AuditEntry, AuditHead, canonical_json, link
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
from opspilot.errors import Conflict, InputError, LeaseLost, NotFound
from opspilot.ports.store import Changeset, Page, Row, key_of, written_once

R = TypeVar("R", bound=Record)
L = TypeVar("L", Incident, Plan)
Key = tuple[str, ...]


class MemoryStore:
    """`opspilot.ports.store.Store` for one process; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        # As JSON, like a store that outlives the process: what does not load again is no row.
        self._rows: dict[Key, str] = {}
        self._chains: defaultdict[str, list[str]] = defaultdict(list)
        self._heads: dict[str, AuditHead] = {}
        self._numbers: Counter[str] = Counter()

    def copy(self) -> "MemoryStore":
        """Another store that begins with what this one holds."""
        other = MemoryStore()
        with self._lock:
            other._rows = dict(self._rows)
            other._chains.update({name: list(chain) for name, chain in self._chains.items()})
            other._heads = dict(self._heads)
            other._numbers = Counter(self._numbers)
        return other

    def incident(self, incident_id: str) -> Incident:
        """See `Records.incident`."""
        found = self._get(Incident, incident_id)
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
        wanted = [one for one in self._every(Incident) if not statuses or one.status in statuses]
        return _page(wanted, limit, cursor)

    def counts(self) -> dict[IncidentStatus, int]:
        """See `Records.counts`."""
        return dict(Counter(one.status for one in self._every(Incident)))

    def investigation(self, incident_id: str) -> Investigation | None:
        """See `Records.investigation`."""
        passes = [one for one in self._every(Investigation) if one.incident_id == incident_id]
        return max(passes, key=lambda one: one.number, default=None)

    def evidence(self, incident_id: str) -> list[Evidence]:
        """See `Records.evidence`."""
        return [one for one in self._every(Evidence) if one.incident_id == incident_id]

    def plan(self, plan_id: str) -> Plan:
        """See `Records.plan`."""
        found = self._get(Plan, plan_id)
        if found is None:
            raise NotFound(f"There is no plan {plan_id}.")
        return found

    def plans(self, incident_id: str) -> list[Plan]:
        """See `Records.plans`."""
        found = [one for one in self._every(Plan) if one.incident_id == incident_id]
        return sorted(found, key=lambda one: (one.number, one.id))

    def newest_plans(
        self,
        statuses: Sequence[PlanStatus] = (),
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Plan]:
        """See `Records.newest_plans`; of the same moment the greater id counts as newer."""
        wanted = [one for one in self._every(Plan) if not statuses or one.status in statuses]
        return _page(wanted, limit, cursor)

    def notes(self, incident_id: str) -> list[Note]:
        """See `Records.notes`."""
        return [one for one in self._every(Note) if one.incident_id == incident_id]

    def postmortem(self, incident_id: str) -> PostMortem | None:
        """See `Records.postmortem`."""
        return self._get(PostMortem, incident_id)

    def fingerprint(self, incident_id: str) -> Fingerprint | None:
        """See `Records.fingerprint`."""
        return self._get(Fingerprint, incident_id)

    def fingerprints(self) -> list[Fingerprint]:
        """See `Records.fingerprints`."""
        return sorted(self._every(Fingerprint), key=lambda one: (one.opened_at, one.incident_id))

    def conversation(self, conversation_id: str) -> Conversation:
        """See `Records.conversation`."""
        found = self._get(Conversation, conversation_id)
        if found is None:
            raise NotFound(f"There is no conversation {conversation_id}.")
        return found

    def conversations(self, incident_id: str) -> list[Conversation]:
        """See `Records.conversations`."""
        found = [one for one in self._every(Conversation) if one.incident_id == incident_id]
        return sorted(found, key=lambda one: (one.number, one.id))

    def turns(self, conversation_id: str) -> list[Turn]:
        """See `Records.turns`."""
        found = [one for one in self._every(Turn) if one.conversation_id == conversation_id]
        return sorted(found, key=lambda one: one.number)

    def receipt(self, key: str) -> AlarmReceipt | None:
        """See `Records.receipt`."""
        return self._get(AlarmReceipt, key)

    def chains(self) -> list[AuditHead]:
        """See `AuditLog.chains`."""
        with self._lock:
            return [self._heads[chain] for chain in sorted(self._heads)]

    def entries(self, chain: str, *, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """See `AuditLog.entries`."""
        with self._lock:
            bodies = self._chains.get(chain, [])[after : after + limit]
        return [AuditEntry.model_validate_json(body) for body in bodies]

    def job(self, job_id: str) -> Job | None:
        """See `Jobs.job`."""
        return self._get(Job, job_id)

    def claim(
        self, owner: str, *, now: datetime, until: datetime, job_id: str | None = None
    ) -> Job | None:
        """See `Jobs.claim`; a claim moves the job's version."""
        with self._lock:
            due = [
                (job.due_at or now, job.id, job)
                for job in self._every(Job)
                if (job.id == job_id if job_id else job.due_at is not None and job.due_at <= now)
                and (job.lease_owner is None or job.lease_until is None or job.lease_until <= now)
            ]
            if not due:
                return None
            job = min(due)[2]
            held = {"lease_owner": owner, "lease_until": until, "version": job.version + 1}
            self._rows.update([_entry(job.model_copy(update=held))])
            return self._get(Job, job.id)

    def extend(self, lease: Lease, until: datetime) -> None:
        """See `Jobs.extend`; the job's version stays, so that its holder can still put it."""
        with self._lock:
            job = self._held(lease)
            self._rows.update([_entry(job.model_copy(update={"lease_until": until}))])

    def jobs(self) -> list[Job]:
        """See `Jobs.jobs`."""
        return sorted((job for job in self._every(Job) if not job.done), key=lambda job: job.id)

    def commit(self, changes: Changeset) -> tuple[AuditEntry, ...]:
        """See `Store.commit`; the lease is checked first, then the rows in their order."""
        with self._lock:
            if changes.lease is not None:
                self._held(changes.lease)
            rows = dict(self._rows)
            for row in changes.puts:
                self._put(rows, row)
            linked = self._linked(changes.audit)
            self._rows = rows
            for entry in linked:
                self._chains[entry.chain].append(_json(entry))
                self._heads[entry.chain] = _head(entry)
            return linked

    def next_number(self, series: str) -> int:
        """See `Store.next_number`."""
        with self._lock:
            self._numbers[series] += 1
            return self._numbers[series]

    def close(self) -> None:
        """There is nothing to close."""

    def _fill(self, rows: Iterable[Row], entries: Iterable[AuditEntry]) -> None:
        """Take in rows and entries as they are, for a store that is read only."""
        self._rows.update(_entry(row) for row in rows)
        for entry in entries:
            self._chains[entry.chain].append(_json(entry))
            self._heads[entry.chain] = _head(entry)

    def _get(self, kind: type[R], *key: str) -> R | None:
        body = self._rows.get((kind.__name__, *key))
        return kind.model_validate_json(body) if body else None

    def _every(self, kind: type[R]) -> list[R]:
        """All rows of a kind, oldest first."""
        rows = self._rows.copy().items()
        return [kind.model_validate_json(body) for key, body in rows if key[0] == kind.__name__]

    def _held(self, lease: Lease) -> Job:
        job = self._get(Job, lease.job_id)
        if job is None or job.lease_owner != lease.owner:
            raise LeaseLost(f"Job {lease.job_id} is no longer held by {lease.owner}.")
        return job

    def _put(self, rows: dict[Key, str], row: Row) -> None:
        key = _key(row)
        stored = type(row).model_validate_json(rows[key]) if key in rows else None
        once = written_once(row) and stored is not None
        if once or row.version != (stored.version if stored else 0):
            raise Conflict(f"{' '.join(key)} moved: version {row.version} was put.")
        kept = row.saved()
        if isinstance(stored, Job) and isinstance(kept, Job):
            kept = _with_longer_lease(kept, stored)
        rows[key] = _json(kept)

    def _linked(self, drafts: Iterable[AuditDraft]) -> tuple[AuditEntry, ...]:
        heads = dict(self._heads)
        linked: list[AuditEntry] = []
        for draft in drafts:
            entry = link(draft, heads.get(draft.chain))
            heads[entry.chain] = _head(entry)
            linked.append(entry)
        return tuple(linked)


def _key(row: Row) -> Key:
    return type(row).__name__, *key_of(row)


def _entry(row: Row) -> tuple[Key, str]:
    return _key(row), _json(row)


def _json(value: Record | AuditEntry) -> str:
    return canonical_json(value.model_dump(mode="json"))


def _head(entry: AuditEntry) -> AuditHead:
    return AuditHead(chain=entry.chain, seq=entry.seq, hash=entry.hash)


def _with_longer_lease(job: Job, stored: Job) -> Job:
    """A lease that its owner keeps never gets shorter by a put (see `extend`)."""
    same = job.lease_owner is not None and job.lease_owner == stored.lease_owner
    if not same or stored.lease_until is None or job.lease_until is None:
        return job
    return job.model_copy(update={"lease_until": max(job.lease_until, stored.lease_until)})


def _page(found: Sequence[L], limit: int, cursor: str | None) -> Page[L]:
    """One page of a list, newest first."""
    wanted = sorted(found, key=_place, reverse=True)
    if cursor:
        before = _read_cursor(cursor)
        wanted = [one for one in wanted if _place(one) < before]
    items = tuple(wanted[:limit])
    more = len(wanted) > limit and bool(items)
    return Page(items=items, cursor=json.dumps(_place(items[-1])) if more else None)


def _place(row: Incident | Plan) -> tuple[str, str]:
    moment = row.opened_at if isinstance(row, Incident) else row.requested_at
    return moment.isoformat(timespec="microseconds"), row.id


def _read_cursor(cursor: str) -> tuple[str, str]:
    try:
        opened_at, incident_id = json.loads(cursor)
        return datetime.fromisoformat(opened_at).isoformat(timespec="microseconds"), incident_id
    except (ValueError, TypeError) as exc:
        raise InputError(f"Not a page cursor of this list: {cursor!r}.") from exc
