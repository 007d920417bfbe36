"""Records and drafts that are not stored yet."""

from datetime import UTC, datetime, timedelta

from opspilot.domain.alarm import AlarmReceipt
from opspilot.domain.audit import AuditDraft
from opspilot.domain.conversation import Conversation, Turn
from opspilot.domain.evidence import Evidence
from opspilot.domain.fingerprint import Fingerprint
from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.investigation import Investigation
from opspilot.domain.job import Job, JobKind
from opspilot.domain.model import Json
from opspilot.domain.note import Note
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.domain.postmortem import PostMortem
from tests import builders

T0 = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """A moment this long after `T0`."""
    return T0 + timedelta(seconds=seconds)


def incident(
    number: int = 1, status: IncidentStatus = IncidentStatus.OPEN, opened: float | None = None
) -> Incident:
    """An incident; a greater number was opened later unless `opened` says otherwise."""
    at = after(number if opened is None else opened)
    return builders.incident(status, id=f"INC-{number:04}", version=0, opened_at=at)


def investigation(number: int = 1, incident_id: str = "INC-0001") -> Investigation:
    """A pass over the sources."""
    return builders.investigation(number=number, incident_id=incident_id, version=0)


def evidence(number: int = 1, incident_id: str = "INC-0001") -> Evidence:
    """An entry of the ledger."""
    fresh = {"id": f"E{number}", "incident_id": incident_id, "version": 0}
    return builders.topology().model_copy(update=fresh)


def plan(
    number: int = 1,
    incident_id: str = "INC-0001",
    status: PlanStatus = PlanStatus.PROPOSED,
    asked: float = 0.0,
) -> Plan:
    """A proposal, asked for this long after `T0`."""
    fresh = {"id": f"{incident_id}-P{number}", "incident_id": incident_id, "number": number}
    return builders.plan(status, version=0, requested_at=after(asked), **fresh)


def note(number: int = 1, incident_id: str = "INC-0001") -> Note:
    """A remark."""
    return Note(
        incident_id=incident_id,
        id=f"N{number}",
        author=builders.ADA,
        text="called the team",
        at=T0,
        wall=T0,
    )


def postmortem(incident_id: str = "INC-0001") -> PostMortem:
    """A review."""
    return PostMortem(
        incident_id=incident_id,
        title="Review",
        sections={"Summary": "errors"},
        edited_by=builders.ADA,
        edited_at=T0,
    )


def conversation(number: int = 1, incident_id: str = "INC-0001") -> Conversation:
    """A thread."""
    return Conversation(
        id=f"{incident_id}-C{number}",
        incident_id=incident_id,
        number=number,
        title="why?",
        started_by=builders.ADA,
        started_at=T0,
    )


def turn(number: int = 1, conversation_id: str = "INC-0001-C1") -> Turn:
    """A question."""
    return Turn(
        conversation_id=conversation_id,
        incident_id="INC-0001",
        number=number,
        asked_by=builders.ADA,
        question="why?",
        asked_at=T0,
    )


def fingerprint(number: int = 1) -> Fingerprint:
    """What an incident left behind; a greater number was opened later."""
    return Fingerprint(
        incident_id=f"INC-{number:04}",
        title="checkout: errors",
        resource=builders.incident().resource,
        kind="lambda.function",
        opened_at=after(number),
        kept_at=after(number + 60),
    )


def receipt(key: str = "alarm@14:00", incident_id: str = "INC-0001") -> AlarmReceipt:
    """A note that a transition was handled."""
    return AlarmReceipt(key=key, incident_id=incident_id, at=T0)


def job(name: str = "a", due: float | None = 0.0, **more: object) -> Job:
    """A job due this long after `T0`; None: not due by itself."""
    due_at = None if due is None else after(due)
    return Job.model_validate(
        {"id": name, "kind": JobKind.INCIDENT, "due_at": due_at, "version": 0} | more
    )


def draft(chain: str = "INC-0001", action_type: str = "test.happened", **more: Json) -> AuditDraft:
    """Something that happened."""
    fields: dict[str, Json] = {"chain": chain, "action_type": action_type, "subject": chain}
    return AuditDraft.model_validate({"actor": SYSTEM, "at": T0, "wall": T0} | fields | more)
