"""The store port on DynamoDB: every commit is one transaction, every read is consistent."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from opspilot.adapters.dynamodb.bodies import row_of
from opspilot.adapters.dynamodb.calls import Calls, Select
from opspilot.adapters.dynamodb.chains import Chains
from opspilot.adapters.dynamodb.commits import Commits
from opspilot.adapters.dynamodb.layout import (
    INCIDENT_INDEX,
    Item,
    Key,
    Keys,
    Role,
    number,
    part,
    read_number,
    read_text,
    text,
)
from opspilot.adapters.dynamodb.lists import Listing
from opspilot.adapters.dynamodb.queue import Queue
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
from opspilot.errors import NotFound, StoreUnavailable
from opspilot.ports.store import Changeset, Page

R = TypeVar("R", bound=Record)


class DynamoStore:
    """`opspilot.ports.store.Store` in four DynamoDB tables; safe to use from many threads.

    Every method may raise `StoreUnavailable` (denied, throttled for long, unreadable, no answer).
    """

    def __init__(self, calls: Calls, scope: str, *, retention: timedelta = timedelta(0)) -> None:
        """`scope`: account and region, "000000000000/us-east-1"."""
        self._calls = calls
        self._keys = Keys(scope)
        self._commits = Commits(calls, self._keys, retention)
        self._queue = Queue(calls, self._keys, self._chunks)
        self._chains = Chains(calls, self._keys, self._chunks)
        keys, fetch = self._keys, self._chunks
        self._incidents = Listing(calls, keys, Incident, "incidents", keys.incidents, fetch)
        self._plans = Listing(calls, keys, Plan, "plans", keys.plans, fetch)

    def close(self) -> None:
        """There is nothing to close: the client belongs to whoever made it."""

    def incident(self, incident_id: str) -> Incident:
        """See `Records.incident`."""
        key = Key("incidents", self._keys.incidents, f"incident#{part(incident_id)}")
        found = self._one(Incident, key)
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
        return self._incidents.page(statuses, limit=limit, cursor=cursor)

    def counts(self) -> dict[IncidentStatus, int]:
        """See `Records.counts`; kept by every commit that moves a status."""
        totals = self._incidents.counts()
        return {IncidentStatus(status): total for status, total in totals.items()}

    def investigation(self, incident_id: str) -> Investigation | None:
        """See `Records.investigation`."""
        newest = self._beside(incident_id, "investigation#", newest_first=True, limit=1)
        return next((row_of(Investigation, item, self._chunks) for item in newest), None)

    def evidence(self, incident_id: str) -> list[Evidence]:
        """See `Records.evidence`."""
        return self._arrived(Evidence, self._beside(incident_id, "evidence#", role="evidence"))

    def plan(self, plan_id: str) -> Plan:
        """See `Records.plan`."""
        found = self._one(Plan, Key("plans", self._keys.plans, f"plan#{part(plan_id)}"))
        if found is None:
            raise NotFound(f"There is no plan {plan_id}.")
        return found

    def plans(self, incident_id: str) -> list[Plan]:
        """See `Records.plans`."""
        return self._of_incident(Plan, "plans", self._keys.plans, incident_id)

    def newest_plans(
        self,
        statuses: Sequence[PlanStatus] = (),
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Plan]:
        """See `Records.newest_plans`; of the same moment the greater id counts as newer."""
        return self._plans.page(statuses, limit=limit, cursor=cursor)

    def notes(self, incident_id: str) -> list[Note]:
        """See `Records.notes`."""
        return self._arrived(Note, self._beside(incident_id, "note#"))

    def postmortem(self, incident_id: str) -> PostMortem | None:
        """See `Records.postmortem`."""
        key = Key("incidents", self._keys.of_incident(incident_id), "postmortem")
        return self._one(PostMortem, key)

    def fingerprint(self, incident_id: str) -> Fingerprint | None:
        """See `Records.fingerprint`."""
        return self._one(Fingerprint, self._keys.fingerprint(incident_id))

    def fingerprints(self) -> list[Fingerprint]:
        """See `Records.fingerprints`."""
        found = self._calls.query(Select("incidents", self._keys.fingerprints))
        rows = [row_of(Fingerprint, item, self._chunks) for item in found]
        return sorted(rows, key=lambda one: (one.opened_at, one.incident_id))

    def conversation(self, conversation_id: str) -> Conversation:
        """See `Records.conversation`."""
        sort = f"conversation#{part(conversation_id)}"
        found = self._one(Conversation, Key("evidence", self._keys.conversations, sort))
        if found is None:
            raise NotFound(f"There is no conversation {conversation_id}.")
        return found

    def conversations(self, incident_id: str) -> list[Conversation]:
        """See `Records.conversations`."""
        pk = self._keys.conversations
        return self._of_incident(Conversation, "evidence", pk, incident_id)

    def turns(self, conversation_id: str) -> list[Turn]:
        """See `Records.turns`."""
        found = self._calls.query(Select("evidence", self._keys.turns(conversation_id)))
        return [row_of(Turn, item, self._chunks) for item in found]

    def receipt(self, key: str) -> AlarmReceipt | None:
        """See `Records.receipt`."""
        return self._one(
            AlarmReceipt, Key("incidents", self._keys.under("receipt", key), "receipt")
        )

    def chains(self) -> list[AuditHead]:
        """See `AuditLog.chains`."""
        return self._chains.heads()

    def entries(self, chain: str, *, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """See `AuditLog.entries`."""
        return self._chains.entries(chain, after=after, limit=limit)

    def job(self, job_id: str) -> Job | None:
        """See `Jobs.job`."""
        return self._queue.job(job_id)

    def claim(
        self, owner: str, *, now: datetime, until: datetime, job_id: str | None = None
    ) -> Job | None:
        """See `Jobs.claim`; a claim moves the job's version."""
        return self._queue.claim(owner, now=now, until=until, job_id=job_id)

    def extend(self, lease: Lease, until: datetime) -> None:
        """See `Jobs.extend`; the job's version stays, so that its holder can still put it."""
        self._queue.extend(lease, until)

    def jobs(self) -> list[Job]:
        """See `Jobs.jobs`."""
        return self._queue.jobs()

    def commit(self, changes: Changeset) -> tuple[AuditEntry, ...]:
        """See `Store.commit`; the lease is checked first, then the rows in their order."""
        return self._commits.commit(changes)

    def next_number(self, series: str) -> int:
        """See `Store.next_number`; an answer that was lost leaves a number unused."""
        answer = self._calls.update(
            self._keys.series(series),
            "ADD last_number :one",
            {":one": number(1)},
            answer="UPDATED_NEW",
        )
        if answer.body is None:
            raise StoreUnavailable(f"The store gave no number: {answer.declined}.")
        return read_number(answer.body["Attributes"], "last_number")

    def _one(self, kind: type[R], key: Key) -> R | None:
        item = self._calls.get(key)
        return row_of(kind, item, self._chunks) if item else None

    def _beside(
        self,
        incident_id: str,
        prefix: str,
        *,
        role: Role = "incidents",
        newest_first: bool = False,
        limit: int = 0,
    ) -> Iterator[Item]:
        """What lies in an incident's partition under a prefix."""
        select = Select(
            role,
            self._keys.of_incident(incident_id),
            "begins_with(sk, :prefix)",
            {":prefix": text(prefix)},
            newest_first=newest_first,
            limit=limit,
        )
        return self._calls.query(select)

    def _arrived(self, kind: type[R], found: Iterator[Item]) -> list[R]:
        ordered = sorted(found, key=lambda item: read_number(item, "arrival"))
        return [row_of(kind, item, self._chunks) for item in ordered]

    def _of_incident(self, kind: type[R], role: Role, pk: str, incident_id: str) -> list[R]:
        select = Select(
            role,
            pk,
            "begins_with(incident_key, :incident)",
            {":incident": text(f"{part(incident_id)}#")},
            index=INCIDENT_INDEX,
        )
        found = self._calls.query(select)
        places = [Key(role, read_text(item, "pk"), read_text(item, "sk")) for item in found]
        items = self._calls.batch(places)
        return [row_of(kind, items[key], self._chunks) for key in places if key in items]

    def _chunks(self, digest: str) -> Iterator[Item]:
        return self._calls.query(Select("evidence", self._keys.chunk(digest, 0).pk))
