"""Jobs and their leases, inside the caller's transaction."""

import sqlite3
from datetime import datetime

from opspilot.adapters.sqlite import rows
from opspilot.adapters.sqlite.rows import microseconds
from opspilot.domain.audit import canonical_json
from opspilot.domain.job import Job, Lease
from opspilot.errors import LeaseLost

_DUE = """
SELECT body FROM jobs
WHERE due_at <= :now AND (lease_owner IS NULL OR lease_until IS NULL OR lease_until <= :now)
ORDER BY due_at, id LIMIT 1
"""

_THIS = """
SELECT body FROM jobs
WHERE id = :id AND (lease_owner IS NULL OR lease_until IS NULL OR lease_until <= :now)
"""


def free(connection: sqlite3.Connection, *, now: datetime, job_id: str | None) -> Job | None:
    """The job due longest (or this very job), if its lease can be taken at `now`."""
    found = connection.execute(
        _DUE if job_id is None else _THIS, {"now": microseconds(now), "id": job_id}
    ).fetchone()
    return Job.model_validate_json(found[0]) if found else None


def claim(
    connection: sqlite3.Connection,
    owner: str,
    *,
    now: datetime,
    until: datetime,
    job_id: str | None,
) -> Job | None:
    """Take the lease of a free job; it comes back as stored."""
    job = free(connection, now=now, job_id=job_id)
    if job is None:
        return None
    held = job.model_copy(update={"lease_owner": owner, "lease_until": until})
    rows.put(connection, held)
    return held.model_copy(update={"version": held.version + 1})


def check(connection: sqlite3.Connection, lease: Lease) -> Job:
    """The job of a lease.

    Raises:
        LeaseLost: Its owner is another one, nobody, or the job is gone.
    """
    found = connection.execute("SELECT body FROM jobs WHERE id = ?", (lease.job_id,)).fetchone()
    job = Job.model_validate_json(found[0]) if found else None
    if job is None or job.lease_owner != lease.owner:
        holder = (job.lease_owner if job else None) or "nobody"
        raise LeaseLost(
            f"Job {lease.job_id} is held by {holder}, no longer by {lease.owner}.",
            hint="Stop this step; the holder goes on with the job.",
        )
    return job


def extend(connection: sqlite3.Connection, lease: Lease, until: datetime) -> None:
    """Move the end of a lease and nothing else.

    Raises:
        LeaseLost: See `check`.
    """
    job = check(connection, lease).model_copy(update={"lease_until": until})
    connection.execute(
        "UPDATE jobs SET lease_until = ?, body = ? WHERE id = ?",
        (microseconds(until), canonical_json(job.model_dump(mode="json")), job.id),
    )


def keeping_lease(connection: sqlite3.Connection, job: Job) -> Job:
    """The job as it is to be put: a lease that its owner keeps never gets shorter.

    `extend` leaves the version alone, so whoever read the job before it knows an older end.
    """
    found = connection.execute(
        "SELECT body FROM jobs WHERE id = ? AND lease_owner = ?", (job.id, job.lease_owner)
    ).fetchone()
    stored = Job.model_validate_json(found[0]) if found else None
    if stored is None or stored.lease_until is None or job.lease_until is None:
        return job
    return job.model_copy(update={"lease_until": max(stored.lease_until, job.lease_until)})
