"""Where a row lies, and the attributes by which the indexes find it."""

from datetime import UTC, datetime, timedelta

from opspilot.adapters.dynamodb.layout import Item, Key, Keys, moment, padded, part, text
from opspilot.domain.alarm import AlarmReceipt
from opspilot.domain.conversation import Conversation, Turn
from opspilot.domain.evidence import Evidence
from opspilot.domain.fingerprint import Fingerprint
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.job import Job
from opspilot.domain.note import Note
from opspilot.domain.plan import Plan
from opspilot.domain.postmortem import PostMortem
from opspilot.ports.store import Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPEN = "open"


def place_of(keys: Keys, row: Row) -> Key:
    """The key of a row."""
    match row:
        case Incident():
            return Key("incidents", keys.incidents, f"incident#{part(row.id)}")
        case Job():
            return keys.job(row.id)
        case AlarmReceipt():
            return Key("incidents", keys.under("receipt", row.key), "receipt")
        case Plan():
            return Key("plans", keys.plans, f"plan#{part(row.id)}")
        case Evidence():
            return Key("evidence", keys.of_incident(row.incident_id), f"evidence#{part(row.id)}")
        case Conversation():
            return Key("evidence", keys.conversations, f"conversation#{part(row.id)}")
        case Fingerprint():
            return keys.fingerprint(row.incident_id)
        case Turn():
            return Key("evidence", keys.turns(row.conversation_id), f"turn#{padded(row.number)}")
        case _:
            return Key("incidents", keys.of_incident(row.incident_id), _beside(row))


def _beside(row: Investigation | Note | PostMortem) -> str:
    """The sort key of what lies beside an incident in its partition."""
    match row:
        case Investigation():
            return f"investigation#{padded(row.number)}"
        case Note():
            return f"note#{part(row.id)}"
        case PostMortem():
            return "postmortem"


def index_attributes(row: Row) -> Item:
    """The attributes by which the indexes sort; an item without one is not in that index."""
    match row:
        case Incident() | Plan():
            found = {"status_key": status_key(row), "newest_key": newest_key(row)}
            of_incident = {"incident_key": incident_key(row)} if isinstance(row, Plan) else {}
            return {name: text(value) for name, value in (found | of_incident).items()}
        case Conversation():
            return {"incident_key": text(incident_key(row))}
        case Job():
            return _job_attributes(row)
        case _:
            return {}


def newest_key(row: Incident | Plan) -> str:
    """Sorts incidents by opening and plans by request; of the same moment by id."""
    at = row.opened_at if isinstance(row, Incident) else row.requested_at
    return f"{moment(at)}#{part(row.id)}"


def status_key(row: Incident | Plan) -> str:
    """The same within a status."""
    return f"{row.status.value}#{newest_key(row)}"


def incident_key(row: Plan | Conversation) -> str:
    """Sorts what belongs to an incident by number."""
    return f"{part(row.incident_id)}#{padded(row.number)}#{part(row.id)}"


def open_key(job_id: str) -> str:
    """A job that is not done, in the status index."""
    return f"{_OPEN}#{part(job_id)}"


def _job_attributes(job: Job) -> Item:
    found: Item = {}
    if job.due_at is not None:
        found["due_key"] = text(f"{moment(job.due_at)}#{part(job.id)}")
    if not job.done:
        found["status_key"] = text(open_key(job.id))
    if job.lease_owner is not None:
        found["lease_owner"] = text(job.lease_owner)
    if job.lease_until is not None:
        found["lease_until"] = text(moment(job.lease_until))
    return found


def kept_until(row: Row, retention: timedelta) -> int | None:
    """The second since 1970 from which a row may be removed; None for one that is kept for ever."""
    if not retention:
        return None
    match row:
        case Evidence():
            end = row.collected_wall + retention
        case Conversation():
            end = row.started_at + retention
        case Turn():
            end = row.asked_at + retention
        case _:
            return None
    return int((end - _EPOCH).total_seconds())
