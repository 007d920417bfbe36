"""Pages of incidents, newest first, without scanning."""

import json
from collections.abc import Sequence

from opspilot.adapters.sqlite.rows import Column, microseconds
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.errors import InputError

_ALL = """
SELECT body FROM incidents WHERE (opened_at, id) < (:opened_at, :id)
ORDER BY opened_at DESC, id DESC LIMIT :limit
"""

# One index range per status, cut to the page before they are merged: with IN (...) SQLite would
# sort every incident of these statuses.
_OF_STATUS = """
SELECT * FROM (
    SELECT opened_at, id, body FROM incidents
    WHERE status = :{name} AND (opened_at, id) < (:opened_at, :id)
    ORDER BY opened_at DESC, id DESC LIMIT :limit
)
"""

_MERGED = "SELECT body FROM ({parts}) ORDER BY opened_at DESC, id DESC LIMIT :limit"

_START: tuple[int, str] = (2**63 - 1, "")


def newest(
    statuses: Sequence[IncidentStatus], *, limit: int, cursor: str | None
) -> tuple[str, dict[str, Column]]:
    """The statement for one page, and its values.

    Raises:
        InputError: The cursor is none of ours.
    """
    opened_at, incident_id = _read(cursor) if cursor else _START
    values: dict[str, Column] = {"opened_at": opened_at, "id": incident_id, "limit": limit}
    if not statuses:
        return _ALL, values
    named = {f"status{number}": status.value for number, status in enumerate(set(statuses))}
    parts = " UNION ALL ".join(_OF_STATUS.format(name=name) for name in named)
    return _MERGED.format(parts=parts), values | named


def cursor_after(incident: Incident) -> str:
    """The cursor of the page that goes on after this incident."""
    return json.dumps([microseconds(incident.opened_at), incident.id])


def _read(cursor: str) -> tuple[int, str]:
    try:
        opened_at, incident_id = json.loads(cursor)
        return int(opened_at), str(incident_id)
    except (ValueError, TypeError) as exc:
        raise InputError(f"Not a page cursor of this list: {cursor!r}.") from exc
