"""Who looks after an incident, how bad it is, and what people remark on it."""

from dataclasses import dataclass

from opspilot.domain.commands import Command, permits
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident, IncidentStatus, Severity
from opspilot.domain.model import Json
from opspilot.domain.note import Note
from opspilot.engine.commands import Desk, persistently
from opspilot.engine.notes import new_note
from opspilot.engine.report import must_fit
from opspilot.errors import IllegalTransition, InputError
from opspilot.ports.store import Changeset

MOST_NOTE = 4_000
_MOST_REASON = 300


@dataclass(frozen=True)
class Care:
    """The commands that change no stage and wake no job."""

    desk: Desk

    def set_severity(
        self, incident_id: str, *, severity: Severity, actor: Actor, reason: str = ""
    ) -> Incident:
        """Say how bad it is; alarms that join leave it alone from then on.

        Raises:
            NotAllowed: The actor is no responder.
            InputError: The reason is too long.
            IllegalTransition: The incident is closed.
        """
        self._require(incident_id, actor, Command.SET_SEVERITY)
        must_fit("reason", reason, _MOST_REASON)

        def attempt() -> Incident:
            incident = self._open(incident_id)
            if incident.severity is severity and incident.severity_set_by == actor:
                return incident
            given: dict[str, Json] = {
                "from": incident.severity,
                "to": severity,
                "reason": reason.strip(),
            }
            changed = incident.model_copy(update={"severity": severity, "severity_set_by": actor})
            return self._put(changed, actor, "incident.severity_set", given)

        return persistently(attempt)

    def assign(self, incident_id: str, *, owner: Actor | None, actor: Actor) -> Incident:
        """Take an incident on, give it to somebody, or give it back (`owner` None).

        Raises:
            NotAllowed: The actor is no responder.
            InputError: The owner is no person who may respond.
            IllegalTransition: The incident is closed.
        """
        self._require(incident_id, actor, Command.ASSIGN_INCIDENT)
        if owner is not None and not may_own(owner):
            raise InputError(
                f"{owner.name} may not respond to incidents, so cannot own one",
                hint="Assign it to somebody who holds the role responder or approver.",
            )

        def attempt() -> Incident:
            incident = self._open(incident_id)
            if _id(incident.owner) == _id(owner):
                return incident
            given: dict[str, Json] = {"from": _name(incident.owner), "to": _name(owner)}
            changed = incident.model_copy(update={"owner": owner})
            return self._put(changed, actor, "incident.owner_set", given)

        return persistently(attempt)

    def write_note(self, incident_id: str, *, text: str, actor: Actor) -> Note:
        """Put a remark on record, in any status; nobody can change it afterwards.

        Raises:
            NotAllowed: The actor is no responder.
            InputError: It is empty or too long.
        """
        self._require(incident_id, actor, Command.WRITE_NOTE)
        if not text.strip():
            raise InputError("the note is empty", hint="Write what others should know.")
        must_fit("note", text, MOST_NOTE)

        def attempt() -> Note:
            note = new_note(self.desk, incident_id, text, actor)
            entry = self.desk.journal.entry(
                incident_id, actor, "note.written", note.id, input={"text": note.text}
            )
            self.desk.store.commit(Changeset(puts=(note,), audit=(entry,)))
            return note

        return persistently(attempt)

    def _require(self, incident_id: str, actor: Actor, command: Command) -> None:
        chain = self.desk.store.incident(incident_id).id
        self.desk.require(actor, command, chain=chain, subject=incident_id)

    def _open(self, incident_id: str) -> Incident:
        incident = self.desk.store.incident(incident_id)
        if incident.status is IncidentStatus.CLOSED:
            raise IllegalTransition(
                f"{incident_id} is closed: severity and owner stay as they were",
                hint="A note can still be written.",
            )
        return incident

    def _put(
        self, incident: Incident, actor: Actor, action_type: str, given: dict[str, Json]
    ) -> Incident:
        entry = self.desk.journal.entry(incident.id, actor, action_type, incident.id, input=given)
        self.desk.store.commit(Changeset(puts=(incident,), audit=(entry,)))
        return self.desk.store.incident(incident.id)


def may_own(person: Actor) -> bool:
    """Whether an incident can be given to this actor."""
    return person.kind == "person" and permits(person, Command.INVESTIGATE)


def _id(person: Actor | None) -> str:
    return person.id if person else ""


def _name(person: Actor | None) -> str:
    return person.name if person else "nobody"
