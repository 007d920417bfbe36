"""A post-mortem: drafted from the record, edited by people."""

from opspilot.domain.identity import Actor
from opspilot.domain.model import Instant, Record


class PostMortem(Record):
    """The review of one incident, as last saved.

    Attributes:
        sections: Heading to Markdown text, in the order shown.
        edited_by: Who saved it last.
        edited_at: Wall time of that.
    """

    incident_id: str
    title: str
    sections: dict[str, str]
    edited_by: Actor
    edited_at: Instant
