"""An incident: something is wrong with a resource, and somebody has to deal with it."""

from enum import StrEnum

from opspilot.domain.identity import Actor
from opspilot.domain.model import Instant, Model, Record
from opspilot.domain.resource import Resource
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window


class IncidentStatus(StrEnum):
    """Where an incident stands; the moves between are in `opspilot.lifecycle`."""

    OPEN = "open"
    INVESTIGATING = "investigating"
    DIAGNOSED = "diagnosed"
    AWAITING_APPROVAL = "awaiting_approval"
    REMEDIATING = "remediating"
    VERIFYING = "verifying"
    ROLLING_BACK = "rolling_back"
    RESOLVED = "resolved"
    FAILED = "failed"
    CLOSED = "closed"


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Symptom(Model):
    """The signal on which the trouble was seen; recovery is measured on it again.

    Attributes:
        query: The metric of the alarm; None when a person opened the incident without one.
        summary: One sentence, "checkout-errors: Errors Sum was 12, threshold 5".
        alarm_arn: Empty without an alarm.
    """

    query: MetricQuery | None = None
    summary: str = ""
    alarm_arn: str = ""


def as_stored(typed: str) -> str:
    """The id of an incident or plan however a person typed it: "inc-0001 " is "INC-0001"."""
    return typed.strip().upper()


class Incident(Record):
    """The aggregate that a lifecycle carries from open to closed.

    Attributes:
        id: "INC-0001".
        window: Account time under suspicion; grows while the incident is open.
        baseline: The window to compare with; never overlaps `window`.
        opened_at: Account time.
        opened_wall: Wall time.
        status_since: Wall time since which it stands in its status; None when that is not known.
        severity_set_by: The person whose word the severity is; alarms leave it alone from then on.
        alarms: Names of the alarms that opened or joined it.
        waits_for: Whom or what it waits for, in words; empty when it moves by itself.
        last_error: Why the last step could not finish; empty when it did.
        owner: Who has taken it on; None while nobody has.
        plan_id: The plan in force, if any.
        plan_requested_by: The person who asked for a plan that is still to be made.
        undo_requested_by: The person who asked to take the plan in force back.
    """

    id: str
    title: str
    resource: Resource
    status: IncidentStatus = IncidentStatus.OPEN
    severity: Severity = Severity.HIGH
    symptom: Symptom = Symptom()
    window: Window
    baseline: Window
    opened_at: Instant
    opened_wall: Instant
    opened_by: Actor
    status_since: Instant | None = None
    severity_set_by: Actor | None = None
    alarms: tuple[str, ...] = ()
    waits_for: str = ""
    last_error: str = ""
    owner: Actor | None = None
    plan_id: str | None = None
    plan_requested_by: Actor | None = None
    undo_requested_by: Actor | None = None
    resolved_at: Instant | None = None
    outcome: str = ""
