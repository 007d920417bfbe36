"""Drives an incident's steps from the command line, under the same lease as any worker."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

from opspilot.bootstrap import Workbench
from opspilot.domain.incident import Incident
from opspilot.engine.commands import incident_job_id
from opspilot.entrypoints.worker import run_safely

_PAUSE_SECONDS = 0.2


def drive(
    workbench: Workbench,
    incident_id: str,
    *,
    until: Callable[[Incident], bool],
    at_most: timedelta,
) -> Incident:
    """Run the incident's due steps until it is where the caller wants it, or the time is over.

    Returns:
        The incident as it stands; the caller looks whether it got there.
    """
    job_id = incident_job_id(incident_id)
    work_on(
        workbench,
        (job_id,),
        until=lambda: until(workbench.store.incident(incident_id)),
        at_most=at_most,
    )
    return workbench.store.incident(incident_id)


def work_on(
    workbench: Workbench,
    job_ids: Sequence[str],
    *,
    until: Callable[[], bool],
    at_most: timedelta,
) -> None:
    """Run these jobs whenever they are due, until the caller is content or the time is over.

    A worker that holds a job meanwhile does the same steps; then this only looks on.
    """
    runner = workbench.runner("cli")
    deadline = workbench.clock.now() + at_most
    pause = threading.Event()
    while not until() and workbench.clock.now() < deadline:
        due = [one for one in job_ids if _is_due(workbench, one)]
        claimed = runner.claim(due[0]) if due else None
        if claimed is None:
            pause.wait(_PAUSE_SECONDS)
        else:
            run_safely(runner, claimed)


def _is_due(workbench: Workbench, job_id: str) -> bool:
    job = workbench.store.job(job_id)
    return job is not None and job.due_at is not None and job.due_at <= workbench.clock.now()
