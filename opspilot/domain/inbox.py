"""What waits for whom: the items of the inbox, each derived from what is stored."""

from enum import StrEnum

from opspilot.domain.commands import Command
from opspilot.domain.incident import Severity
from opspilot.domain.model import Instant, Model


class Errand(StrEnum):
    """Why something waits for a person."""

    INVESTIGATION_WANTED = "investigation_wanted"
    INVESTIGATION_FAILED = "investigation_failed"
    INCONCLUSIVE = "inconclusive"
    NOTHING_FOUND = "nothing_found"
    PLAN_WANTED = "plan_wanted"
    NO_PLAN = "no_plan"
    PLAN_LAPSED = "plan_lapsed"
    APPROVAL_WANTED = "approval_wanted"
    EXECUTION_WANTED = "execution_wanted"
    EXECUTION_FAILED = "execution_failed"
    NOT_RECOVERED = "not_recovered"
    ROLLBACK_FAILED = "rollback_failed"
    NO_OWNER = "no_owner"
    JOB_FAILING = "job_failing"


class InboxItem(Model):
    """One thing that does not go on without a person.

    Attributes:
        incident_id: Empty for a job of the workbench itself.
        plan_id: Empty unless it is about a plan.
        title: The incident's; `severity` likewise.
        what: What waits, as a sentence without a full stop.
        waits_for: Who can take it on, in words.
        since: Wall time since which it waits.
        command: The one thing to do next; None when only looking helps.
        mine: Whether the asker can take it on.
    """

    errand: Errand
    incident_id: str = ""
    plan_id: str = ""
    title: str = ""
    severity: Severity | None = None
    what: str
    waits_for: str
    since: Instant
    command: Command | None = None
    mine: bool = False


class Inbox(Model):
    """Everything that waits, the asker's own first, then by severity and age.

    Attributes:
        more: Whether there are more active incidents than were looked at.
    """

    items: tuple[InboxItem, ...] = ()
    more: bool = False

    @property
    def mine(self) -> tuple[InboxItem, ...]:
        """What the asker can take on."""
        return tuple(item for item in self.items if item.mine)
