"""What every command does first and last: the role check, the commit, the nudge.

A command is a person's word. It is checked against the roles here, whoever calls; a refusal is
audited. Its effect is one commit together with its audit entry and the incident's job, which
becomes due at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from opspilot.domain.audit import SYSTEM_CHAIN, AuditDraft
from opspilot.domain.commands import PERMITTED, Command, permits
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident
from opspilot.domain.job import Job, JobKind
from opspilot.domain.model import Json
from opspilot.engine.journal import Journal
from opspilot.errors import Conflict, NotAllowed, OpsPilotError
from opspilot.ports.clock import Clock
from opspilot.ports.store import Changeset, Row, Store

_TRIES = 6

T = TypeVar("T")


def incident_job_id(incident_id: str) -> str:
    """Id of the one job that moves an incident."""
    return f"incident:{incident_id}"


@dataclass(frozen=True)
class Desk:
    """Where commands come in; shared by the stages."""

    store: Store
    clock: Clock
    journal: Journal

    def require(
        self, actor: Actor, command: Command, *, chain: str = SYSTEM_CHAIN, subject: str = ""
    ) -> None:
        """Refuse, and audit the refusal, unless a role of the actor permits the command.

        Raises:
            NotAllowed: No role does.
        """
        if permits(actor, command):
            return
        needed = " or ".join(sorted(PERMITTED[command]))
        reason = f"{actor.name} may not {command.replace('_', ' ')}: that needs the role {needed}"
        self.refuse(actor, command, reason, chain=chain, subject=subject)
        raise NotAllowed(reason, hint="Act as somebody who holds the role.")

    def refuse(
        self,
        actor: Actor,
        command: Command,
        reason: str,
        *,
        chain: str,
        subject: str,
        given: dict[str, Json] | None = None,
    ) -> None:
        """Put a refusal on record."""
        entry = self.journal.entry(
            chain,
            actor,
            "command.refused",
            subject or chain,
            input={"command": command, **(given or {})},
            error=reason,
        )
        self.store.commit(Changeset(audit=(entry,)))

    def submit(
        self,
        incident: Incident,
        *rows: Row,
        audit: Sequence[AuditDraft],
    ) -> None:
        """Commit an incident with further rows and entries, and make its job due now."""
        job = self._nudged(incident.id)
        self.store.commit(Changeset(puts=(incident, *rows, job), audit=audit))

    def _nudged(self, incident_id: str) -> Job:
        job_id = incident_job_id(incident_id)
        job = self.store.job(job_id)
        if job is None:
            return Job(
                id=job_id, kind=JobKind.INCIDENT, incident_id=incident_id, due_at=self.clock.now()
            )
        return job.model_copy(update={"due_at": self.clock.now(), "blocked_on": "", "attempts": 0})


def persistently(attempt: Callable[[], T]) -> T:
    """Do a read-decide-commit again when somebody else wrote in between.

    Raises:
        Conflict: It kept happening.
    """
    last: OpsPilotError | None = None
    for _ in range(_TRIES):
        try:
            return attempt()
        except Conflict as error:
            last = error
    raise last if last else Conflict("no attempt was made")
