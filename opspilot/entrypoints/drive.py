"""Drives an incident's steps from the command line, under the same lease as any worker."""

import threading
from collections.abc import Callable
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

    A worker that holds the job meanwhile does the same steps; then this only looks on.

    Returns:
        The incident as it stands; the caller looks whether it got there.
    """
    runner = workbench.runner("cli")
    job_id = incident_job_id(incident_id)
    deadline = workbench.clock.now() + at_most
    pause = threading.Event()
    while True:
        incident = workbench.store.incident(incident_id)
        if until(incident) or workbench.clock.now() >= deadline:
            return incident
        job = workbench.store.job(job_id)
        due = job is not None and job.due_at is not None and job.due_at <= workbench.clock.now()
        claimed = runner.claim(job_id) if due else None
        if claimed is None:
            pause.wait(_PAUSE_SECONDS)
        else:
            run_safely(runner, claimed)
