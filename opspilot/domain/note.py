"""A person's remark on an incident."""

from opspilot.domain.identity import Actor
from opspilot.domain.model import Instant, Record


class Note(Record):
    """Written once, never edited: what was believed at the time is part of the record.

    Attributes:
        id: "N1", unique within its incident.
        text: As typed, redacted.
        at: Account time; `wall`: wall time.
    """

    incident_id: str
    id: str
    author: Actor
    text: str
    at: Instant
    wall: Instant
