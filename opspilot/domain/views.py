"""What the screens read: aggregates put together, nothing computed anew."""

from opspilot.domain.audit import AuditEntry
from opspilot.domain.commands import Command
from opspilot.domain.evidence import Evidence
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.model import Instant, Model
from opspilot.domain.note import Note
from opspilot.domain.plan import Plan


class WorkerState(Model):
    """Whether a worker moves incidents on.

    Attributes:
        last_seen: Wall time of its last sign of life; None if there never was one.
    """

    alive: bool
    last_seen: Instant | None = None


class IncidentRow(Model):
    """One line of the incident list.

    Attributes:
        verdict: The verdict in a few words; empty before there is one.
        symptom: Values of the original signal around the onset, for a sparkline; may be empty.
    """

    incident: Incident
    verdict: str = ""
    symptom: tuple[float, ...] = ()


class IncidentPage(Model):
    """A page of the incident list."""

    rows: tuple[IncidentRow, ...]
    cursor: str | None = None


class IncidentView(Model):
    """Everything the incident's page shows.

    Attributes:
        plans: Oldest first; `plan` is the one in force.
        refusals: For each command: empty when the actor may give it now, else why not, in words.
        job_error: Why the last step failed and will be tried again; empty when it did not.
        notes: Remarks of people, in order.
    """

    incident: Incident
    investigation: Investigation | None
    evidence: tuple[Evidence, ...]
    plans: tuple[Plan, ...]
    plan: Plan | None
    refusals: dict[Command, str]
    worker: WorkerState
    job_error: str = ""
    audit: tuple[AuditEntry, ...] = ()
    notes: tuple[Note, ...] = ()


class PlanRow(Model):
    """One line of the list of plans.

    Attributes:
        title: Of its incident.
        missing: What it still takes to be executed, in words; empty when nothing, or when the plan
            is not open.
    """

    plan: Plan
    title: str
    missing: str = ""


class PlanPage(Model):
    """A page of the list of plans."""

    rows: tuple[PlanRow, ...]
    cursor: str | None = None
