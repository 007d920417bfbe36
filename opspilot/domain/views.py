"""What the screens read: aggregates put together, nothing computed anew."""

from collections.abc import Sequence

from opspilot.domain.audit import AuditEntry
from opspilot.domain.commands import Command
from opspilot.domain.evidence import Evidence
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation, Task
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


class Attack(Model):
    """A question that was asked because its answer might refute an explanation.

    Attributes:
        hypothesis: Cause class of the explanation; "unexplained" where harm had none yet.
        why: What an answer would tell, in one sentence.
        task: The question.
        evidence: Its answer; None while there is none.
    """

    hypothesis: str
    why: str
    task: Task
    evidence: Evidence | None = None


def attacks_of(
    investigation: Investigation | None, evidence: Sequence[Evidence]
) -> tuple[Attack, ...]:
    """The questions of an investigation that say why they were asked, in the order of asking.

    Args:
        investigation: Whose tasks are looked through; None has none.
        evidence: The ledger, other investigations' entries included.
    """
    found = {item.id: item for item in evidence}
    told = [
        (task, *task.why.partition(": "))
        for task in (investigation.tasks if investigation else ())
        if task.why
    ]
    return tuple(
        Attack(hypothesis=named, why=why, task=task, evidence=found.get(task.evidence_id))
        for task, named, _, why in told
    )


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
