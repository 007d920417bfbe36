"""Remarks of people on an incident: redacted, written once, in order."""

from opspilot.domain.identity import Actor
from opspilot.domain.note import Note
from opspilot.engine.commands import Desk


def new_note(desk: Desk, incident_id: str, text: str, author: Actor) -> Note:
    """The next note of an incident, not stored yet; secrets in it are taken out.

    Of two who write at the same moment the second conflicts, and takes the number after.
    """
    number = len(desk.store.notes(incident_id)) + 1
    return Note(
        incident_id=incident_id,
        id=f"N{number}",
        author=author,
        text=str(desk.journal.redact(text.strip())),
        at=desk.clock.account_now(),
        wall=desk.clock.now(),
    )
