"""A person's decision about a plan."""

from typing import Literal

from opspilot.domain.identity import Actor
from opspilot.domain.model import Instant, Model


class Approval(Model):
    """One decision; it binds to the digest that the person saw.

    Attributes:
        decided_at: Wall time; `expires_at`: wall time.
        used_at: Set when execution starts; a used approval is spent.
        reason: Required to reject.
    """

    by: Actor
    decision: Literal["approved", "rejected"]
    digest: str
    decided_at: Instant
    expires_at: Instant
    used_at: Instant | None = None
    reason: str = ""
