"""Investigate: the commands that start and stop an investigation."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.domain.audit import AuditDraft
from opspilot.domain.commands import Command
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.telemetry import CallUsage
from opspilot.domain.window import Window
from opspilot.engine.commands import Desk, persistently
from opspilot.errors import IllegalTransition
from opspilot.lifecycle import Trigger, advance

_LONGEST = timedelta(hours=24)
_STILL_OPEN = timedelta(minutes=2)


@dataclass(frozen=True)
class Beginning:
    """What an investigation begins with; `entry` goes into the same commit as the rows."""

    incident: Incident
    investigation: Investigation
    entry: AuditDraft


@dataclass(frozen=True)
class Investigations:
    """The commands of the stage."""

    desk: Desk

    def start(self, incident_id: str, *, actor: Actor) -> Investigation:
        """Ask for an investigation, or for a fresh one.

        Raises:
            NotAllowed: The actor is no responder.
            IllegalTransition: The incident stands where none can start.
        """
        chain = self.desk.store.incident(incident_id).id
        if actor.kind == "person":
            self.desk.require(actor, Command.INVESTIGATE, chain=chain, subject=incident_id)
        return persistently(lambda: self._start(incident_id, actor))

    def begin(self, incident: Incident, actor: Actor) -> Beginning:
        """The rows of a new investigation, for whoever commits them together with others.

        Raises:
            IllegalTransition: The incident stands where none can start.
        """
        clock = self.desk.clock
        status = advance(incident.status, Trigger.INVESTIGATION_STARTED)
        earlier = self.desk.store.investigation(incident.id)
        window = _grown(incident, clock.account_now())
        begun = Investigation(
            incident_id=incident.id,
            number=earlier.number + 1 if earlier else 1,
            requested_by=actor,
            elsewhere=earlier.elsewhere.plus(earlier.usage) if earlier else CallUsage(),
            started_at=clock.account_now(),
            started_wall=clock.now(),
        )
        entry = self.desk.journal.entry(
            incident.id,
            actor,
            "investigation.started",
            incident.id,
            input={"number": begun.number, "status": incident.status},
            result={"status": status, "window": window.model_dump(mode="json")},
        )
        moved = incident.model_copy(
            update={
                "status": status,
                "status_since": clock.now(),
                "waits_for": "",
                "window": window,
                "last_error": "",
            }
        )
        return Beginning(moved, begun, entry)

    def stop(self, incident_id: str, *, actor: Actor) -> None:
        """Stop gathering with what there is; the verdict is drawn from that.

        Raises:
            NotAllowed: The actor is no responder.
            IllegalTransition: No investigation is under way.
        """
        chain = self.desk.store.incident(incident_id).id
        self.desk.require(actor, Command.STOP_INVESTIGATION, chain=chain, subject=incident_id)
        persistently(lambda: self._stop(incident_id, actor))

    def _start(self, incident_id: str, actor: Actor) -> Investigation:
        beginning = self.begin(self.desk.store.incident(incident_id), actor)
        self.desk.submit(beginning.incident, beginning.investigation, audit=(beginning.entry,))
        return beginning.investigation

    def _stop(self, incident_id: str, actor: Actor) -> None:
        incident = self.desk.store.incident(incident_id)
        current = self.desk.store.investigation(incident_id)
        if current is None or current.phase != "gathering":
            raise IllegalTransition(
                f"{incident_id} is not gathering evidence", hint="There is nothing to stop."
            )
        entry = self.desk.journal.entry(
            incident_id,
            actor,
            "investigation.stopped",
            incident_id,
            input={"number": current.number},
        )
        stopped = current.model_copy(update={"stop_requested": True})
        self.desk.submit(incident, stopped, audit=(entry,))


def _grown(incident: Incident, now: datetime) -> Window:
    """The window up to now, unless a person chose one that had ended before the incident opened."""
    window = incident.window
    if window.end < incident.opened_at - _STILL_OPEN:
        return window
    return Window(start=window.start, end=min(max(window.end, now), window.start + _LONGEST))
