"""Jobs and their leases: each claim and each extension is one conditional update."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from opspilot.adapters.dynamodb.bodies import Fetch, row_of
from opspilot.adapters.dynamodb.calls import Calls, Select
from opspilot.adapters.dynamodb.changes import check_lease
from opspilot.adapters.dynamodb.layout import (
    DUE_INDEX,
    STATUS_INDEX,
    Item,
    Key,
    Keys,
    moment,
    number,
    read_number,
    read_text,
    text,
)
from opspilot.adapters.dynamodb.places import open_key
from opspilot.domain.job import Job, Lease
from opspilot.errors import LeaseLost

_AT_ONCE = 25
_LAST = "\U0010ffff"
_FREE = (
    "(attribute_not_exists(lease_owner) OR attribute_not_exists(lease_until)"
    " OR lease_until <= :now)"
)
_TAKE = (
    "SET lease_owner = :owner, lease_until = :until, row_version = :next,"
    " status_key = :open, commit_token = :token"
)


@dataclass(frozen=True)
class Queue:
    """The jobs of one account and region."""

    calls: Calls
    keys: Keys
    fetch: Fetch

    def job(self, job_id: str) -> Job | None:
        """See `Jobs.job`."""
        item = self.calls.get(self.keys.job(job_id))
        return row_of(Job, item, self.fetch) if item else None

    def claim(
        self, owner: str, *, now: datetime, until: datetime, job_id: str | None = None
    ) -> Job | None:
        """See `Jobs.claim`.

        Jobs are read before they are taken: most polls find nothing, and a read costs less than a
        refused write.
        """
        for item in self._due(now) if job_id is None else self._named(job_id):
            if _free(item, now):
                taken = self._take(item, owner, now, until)
                if taken is not None:
                    return taken
        return None

    def extend(self, lease: Lease, until: datetime) -> None:
        """See `Jobs.extend`."""
        key = self.keys.job(lease.job_id)
        answer = self.calls.update(
            key,
            "SET lease_until = :until",
            {":until": text(moment(until)), ":owner": text(lease.owner)},
            condition="lease_owner = :owner",
        )
        if answer.declined is not None:
            check_lease(self.calls.get(key), lease)
            raise LeaseLost(f"Job {lease.job_id} was not held by {lease.owner} for a moment.")

    def jobs(self) -> list[Job]:
        """See `Jobs.jobs`."""
        select = Select(
            "incidents",
            self.keys.jobs,
            "begins_with(status_key, :open)",
            {":open": text(open_key(""))},
            index=STATUS_INDEX,
        )
        jobs = [row_of(Job, item, self.fetch) for item in self._whole(self.calls.query(select))]
        return sorted((job for job in jobs if not job.done), key=lambda job: job.id)

    def _due(self, now: datetime) -> Iterator[Item]:
        """Jobs that are due, the one due longest first."""
        select = Select(
            "incidents",
            self.keys.jobs,
            "due_key <= :now",
            # The last character there is, so that every id that is due at this very moment counts.
            {":now": text(f"{moment(now)}#{_LAST}")},
            index=DUE_INDEX,
        )
        yield from self._whole(self.calls.query(select))

    def _named(self, job_id: str) -> Iterator[Item]:
        item = self.calls.get(self.keys.job(job_id))
        if item:
            yield item

    def _whole(self, found: Iterator[Item]) -> Iterator[Item]:
        """The jobs behind index entries, in their order, a batch at a time."""
        places = (Key("incidents", read_text(one, "pk"), read_text(one, "sk")) for one in found)
        while batch := list(islice(places, _AT_ONCE)):
            items = self.calls.batch(batch)
            yield from (items[key] for key in batch if key in items)

    def _take(self, item: Item, owner: str, now: datetime, until: datetime) -> Job | None:
        """The job under its new lease; None when somebody else was faster."""
        token = secrets.token_hex(16)
        version = read_number(item, "row_version")
        key = Key("incidents", read_text(item, "pk"), read_text(item, "sk"))
        values = {
            ":owner": text(owner),
            ":until": text(moment(until)),
            ":now": text(moment(now)),
            ":version": number(version),
            ":next": number(version + 1),
            ":open": text(f"open#{key.sk.partition('#')[2]}"),
            ":token": text(token),
        }
        condition = f"row_version = :version AND {_FREE}"
        answer = self.calls.update(key, _TAKE, values, condition=condition, answer="ALL_NEW")
        if answer.body is not None:
            return row_of(Job, answer.body["Attributes"], self.fetch)
        # The answer to the first attempt may have been lost: then the job carries our token.
        stored = self.calls.get(key) if answer.unknown else None
        if stored is None or read_text(stored, "commit_token") != token:
            return None
        return row_of(Job, stored, self.fetch)


def _free(item: Item, now: datetime) -> bool:
    until = read_text(item, "lease_until")
    return not read_text(item, "lease_owner") or not until or until <= moment(now)
