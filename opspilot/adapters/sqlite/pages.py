"""Pages of a list, newest first, without scanning."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opspilot.adapters.sqlite.rows import Column, microseconds
from opspilot.domain.incident import Incident
from opspilot.domain.plan import Plan
from opspilot.errors import InputError

_ALL = """
SELECT body FROM {table} WHERE ({moment}, id) < (:moment, :id)
ORDER BY {moment} DESC, id DESC LIMIT :limit
"""

# One index range per status, cut to the page before they are merged: with IN (...) SQLite would
# sort every row of these statuses.
_OF_STATUS = """
SELECT * FROM (
    SELECT {moment} AS moment, id, body FROM {table}
    WHERE status = :{name} AND ({moment}, id) < (:moment, :id)
    ORDER BY {moment} DESC, id DESC LIMIT :limit
)
"""

_MERGED = "SELECT body FROM ({parts}) ORDER BY moment DESC, id DESC LIMIT :limit"

_START: tuple[int, str] = (2**63 - 1, "")


@dataclass(frozen=True)
class Listing:
    """A table that is read page by page; both names are ours, never a user's."""

    table: str
    moment: str

    def newest(
        self, statuses: Sequence[StrEnum], *, limit: int, cursor: str | None
    ) -> tuple[str, dict[str, Column]]:
        """The statement for one page, and its values.

        Raises:
            InputError: The cursor is none of ours.
        """
        moment, last_id = _read(cursor) if cursor else _START
        values: dict[str, Column] = {"moment": moment, "id": last_id, "limit": limit}
        names = {"table": self.table, "moment": self.moment}
        if not statuses:
            return _ALL.format(**names), values
        named = {f"status{number}": status.value for number, status in enumerate(set(statuses))}
        parts = " UNION ALL ".join(_OF_STATUS.format(name=name, **names) for name in named)
        return _MERGED.format(parts=parts), values | named


INCIDENTS = Listing("incidents", "opened_at")
PLANS = Listing("plans", "requested_at")


def cursor_after(row: Incident | Plan) -> str:
    """The cursor of the page that goes on after this row."""
    moment = row.opened_at if isinstance(row, Incident) else row.requested_at
    return json.dumps([microseconds(moment), row.id])


def _read(cursor: str) -> tuple[int, str]:
    try:
        moment, last_id = json.loads(cursor)
        return int(moment), str(last_id)
    except (ValueError, TypeError) as exc:
        raise InputError(f"Not a page cursor of this list: {cursor!r}.") from exc
