"""From a changeset and what is stored to one transaction: pure, so that every rule is in one place.

All that the decision rests on is a condition of the transaction: if anything moved meanwhile, it is
cancelled as a whole, what is stored is read again, and the decision is made anew.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from opspilot.adapters.dynamodb.bodies import Put
from opspilot.adapters.dynamodb.layout import (
    EXPIRY,
    Item,
    Key,
    Keys,
    moment,
    moment_read,
    number,
    read_number,
    read_text,
    text,
)
from opspilot.adapters.dynamodb.linking import Stored, append
from opspilot.adapters.dynamodb.places import index_attributes, kept_until, place_of
from opspilot.adapters.dynamodb.writes import Check, Update
from opspilot.domain.audit import AuditEntry, canonical_json
from opspilot.domain.evidence import Evidence
from opspilot.domain.incident import Incident
from opspilot.domain.job import Job, Lease
from opspilot.domain.note import Note
from opspilot.domain.plan import Plan
from opspilot.errors import Conflict, LeaseLost
from opspilot.ports.store import Changeset, Row, key_of, written_once

READ_ATTRIBUTES = (
    "pk, sk, row_version, row_status, lease_owner, lease_until, last_arrival, arrival,"
    " head_seq, head_hash, commit_token"
)
"""What a decision needs to know of the items that are stored."""

MOVES = "moves"
"""Counter of changes of status; see `lists`."""


@dataclass(frozen=True)
class Decision:
    """One transaction.

    Attributes:
        entries: What the commit will return.
    """

    puts: list[Put]
    updates: list[Update]
    checks: list[Check]
    entries: tuple[AuditEntry, ...]


def keys_to_read(keys: Keys, changes: Changeset) -> set[Key]:
    """The items that a decision about these changes rests on."""
    wanted = {place_of(keys, row) for row in changes.puts}
    wanted |= {
        keys.arrivals(row.incident_id) for row in changes.puts if isinstance(row, Evidence | Note)
    }
    wanted |= {keys.head(draft.chain) for draft in changes.audit}
    if changes.lease is not None:
        wanted.add(keys.job(changes.lease.job_id))
    return wanted


def decide(
    keys: Keys, changes: Changeset, stored: Stored, *, token: str, retention: timedelta
) -> Decision:
    """The transaction that makes the changes durable, given what is stored.

    Raises:
        LeaseLost: The lease is not held.
        Conflict: A row's version is not the stored one.
        ValueError: A record holds a number that JSON cannot (NaN, infinity).
    """
    if changes.lease is not None:
        check_lease(stored.get(keys.job(changes.lease.job_id)), changes.lease)
    rows = _Rows(keys, stored, token, retention)
    for row in changes.puts:
        rows.put(row)
    puts, updates = rows.written()
    entries, appended, heads = append(keys, changes.audit, stored, token)
    written = {put.key for put in puts}
    checks = _lease_checks(keys, changes.lease, written)
    return Decision(puts + appended, updates + heads, checks, entries)


def check_lease(job: Item | None, lease: Lease) -> None:
    """Refuse a lease that is not held.

    Raises:
        LeaseLost: Another worker holds the job, nobody does, or there is none.
    """
    holder = read_text(job or {}, "lease_owner")
    if holder != lease.owner:
        raise LeaseLost(
            f"Job {lease.job_id} is held by {holder or 'nobody'}, no longer by {lease.owner}.",
            hint="Stop this step; the holder goes on with the job.",
        )


def _lease_checks(keys: Keys, lease: Lease | None, written: set[Key]) -> list[Check]:
    """The lease as a condition of its own, unless its job is written under its version anyway."""
    if lease is None or keys.job(lease.job_id) in written:
        return []
    return [Check(keys.job(lease.job_id), "lease_owner = :o", {":o": text(lease.owner)})]


@dataclass
class _Rows:
    """Rows put one after the other on top of what is stored."""

    keys: Keys
    stored: Stored
    token: str
    retention: timedelta
    _now: dict[Key, Item] = field(default_factory=dict[Key, Item], init=False)
    _bodies: dict[Key, str] = field(default_factory=dict[Key, str], init=False)
    _arrived: Counter[str] = field(default_factory=Counter[str], init=False)
    _moves: defaultdict[str, Counter[str]] = field(init=False)

    def __post_init__(self) -> None:
        self._moves = defaultdict(Counter)

    def put(self, row: Row) -> None:
        """Store a row as its next version, or refuse it."""
        key = place_of(self.keys, row)
        before = self._now.get(key, self.stored.get(key, {}))
        _check_version(row, before)
        kept = _keeping_lease(row, before) if isinstance(row, Job) else row
        saved = kept.saved()
        self._bodies[key] = canonical_json(saved.model_dump(mode="json"))
        self._now[key] = self._item(kept, before)

    def written(self) -> tuple[list[Put], list[Update]]:
        """What has to be written so that the rows are stored."""
        puts = [
            Put(key, item, self._bodies[key], *_unmoved(self.stored.get(key)))
            for key, item in self._now.items()
        ]
        arrivals = [self._advance(incident, count) for incident, count in self._arrived.items()]
        return puts, arrivals + [self._count(kind, total) for kind, total in self._moves.items()]

    def _item(self, row: Row, before: Item) -> Item:
        item: Item = {
            "row_kind": text(type(row).__name__),
            "row_version": number(row.version + 1),
            "commit_token": text(self.token),
            **index_attributes(row),
        }
        expires = kept_until(row, self.retention)
        if expires is not None:
            item[EXPIRY] = number(expires)
        if isinstance(row, Evidence | Note):
            item["arrival"] = number(self._next_arrival(row.incident_id))
        if isinstance(row, Incident | Plan):
            item["row_status"] = text(row.status.value)
            self._move(row, read_text(before, "row_status"))
        return item

    def _next_arrival(self, incident_id: str) -> int:
        self._arrived[incident_id] += 1
        return self._last_arrival(incident_id) + self._arrived[incident_id]

    def _last_arrival(self, incident_id: str) -> int:
        return read_number(self.stored.get(self.keys.arrivals(incident_id), {}), "last_arrival")

    def _move(self, row: Incident | Plan, before: str) -> None:
        if before == row.status.value:
            return
        moves = self._moves[type(row).__name__]
        moves[row.status.value] += 1
        if before:
            moves[before] -= 1

    def _advance(self, incident_id: str, count: int) -> Update:
        last = self._last_arrival(incident_id)
        values = {":last": number(last), ":next": number(last + count)}
        condition = "last_arrival = :last" if last else "attribute_not_exists(pk)"
        if not last:
            del values[":last"]
        key = self.keys.arrivals(incident_id)
        return Update(key, "SET last_arrival = :next", values, condition)

    def _count(self, kind: str, total: Counter[str]) -> Update:
        """Counters are added to without a condition: that the rows moved so is theirs already."""
        changed = {status: change for status, change in sorted(total.items()) if change}
        parts = [f"total_{status} :{status}" for status in changed]
        values = {f":{status}": number(change) for status, change in changed.items()}
        change = ", ".join([*parts, f"{MOVES} :move"])
        return Update(self.keys.counts(kind), f"ADD {change}", values | {":move": number(1)})


def _check_version(row: Row, before: Item) -> None:
    version = read_number(before, "row_version")
    if row.version == version and not (version and written_once(row)):
        return
    found = f"version {version} is stored" if version else "none is stored"
    expected = f"version {row.version}" if row.version else "a new one"
    raise Conflict(
        f"{type(row).__name__} {' '.join(key_of(row))} moved: {expected} was put, but {found}.",
        hint="Somebody wrote it first: read it again.",
    )


def _keeping_lease(job: Job, before: Item) -> Job:
    """A lease that its owner keeps never gets shorter by a put (see `Jobs.extend`)."""
    until = read_text(before, "lease_until")
    same = job.lease_owner is not None and job.lease_owner == read_text(before, "lease_owner")
    if not same or not until or job.lease_until is None:
        return job
    longest = max(moment(job.lease_until), until)
    return job.model_copy(update={"lease_until": moment_read(longest)})


def _unmoved(stored: Item | None) -> tuple[str, Item]:
    """The condition that an item is still as it was read; a lease ends later without a version."""
    if stored is None:
        return "attribute_not_exists(pk)", {}
    values: Item = {":version": stored["row_version"]}
    if "lease_until" not in stored:
        return "row_version = :version", values
    values[":until"] = stored["lease_until"]
    return "row_version = :version AND lease_until = :until", values
