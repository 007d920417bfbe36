"""Records and drafts that are not stored yet."""

from datetime import UTC, datetime, timedelta

from opspilot.domain.alarm import AlarmReceipt
from opspilot.domain.audit import AuditDraft
from opspilot.domain.evidence import Evidence
from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.investigation import Investigation
from opspilot.domain.job import Job, JobKind
from opspilot.domain.model import Json
from opspilot.domain.plan import Plan
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


def plan(number: int = 1, incident_id: str = "INC-0001") -> Plan:
    """A proposal."""
    fresh = {"id": f"{incident_id}-P{number}", "incident_id": incident_id, "number": number}
    return builders.plan(version=0, **fresh)


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
