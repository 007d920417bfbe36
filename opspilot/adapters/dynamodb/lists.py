"""Pages of incidents and plans, newest first, from indexes that are never behind.

A list of several statuses is read with one query for each. A row that changes from one of them to
another in between might be missed by both; so every change of status also counts in the kind's
counters, and the list is read again when that count moved meanwhile.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from opspilot.adapters.dynamodb.bodies import Fetch, row_of
from opspilot.adapters.dynamodb.calls import Calls, Select
from opspilot.adapters.dynamodb.changes import MOVES
from opspilot.adapters.dynamodb.layout import (
    NEWEST_INDEX,
    STATUS_INDEX,
    Item,
    Key,
    Keys,
    Role,
    read_number,
    read_text,
    text,
)
from opspilot.adapters.dynamodb.places import newest_key
from opspilot.domain.incident import Incident
from opspilot.domain.plan import Plan
from opspilot.errors import InputError
from opspilot.ports.store import Page

L = TypeVar("L", Incident, Plan)

_READINGS = 5
_TOTAL = "total_"
# Sorts after every moment: keys begin with digits.
_END = "~"


@dataclass(frozen=True)
class Listing(Generic[L]):
    """A kind of row that is read page by page."""

    calls: Calls
    keys: Keys
    kind: type[L]
    role: Role
    pk: str
    fetch: Fetch

    def page(self, statuses: Sequence[StrEnum], *, limit: int, cursor: str | None) -> Page[L]:
        """One page.

        Raises:
            InputError: The cursor is none of ours.
        """
        before = _read(cursor) if cursor else _END
        found: dict[str, L] = {}
        for _ in range(_READINGS):
            moves = self._moves() if len(set(statuses)) > 1 else 0
            found |= self._rows(statuses, before, limit + 1)
            if len(set(statuses)) <= 1 or self._moves() == moves:
                break
        rows = [row for _, row in sorted(found.items(), reverse=True)]
        rows = [row for row in rows if not statuses or row.status in statuses]
        items = tuple(rows[:limit])
        more = len(rows) > limit and bool(items)
        return Page(items=items, cursor=json.dumps([newest_key(items[-1])]) if more else None)

    def counts(self) -> dict[str, int]:
        """Rows by status, from one item that every change of status moves."""
        item = self._counters()
        totals = {
            name.removeprefix(_TOTAL): read_number(item, name)
            for name in item
            if name.startswith(_TOTAL)
        }
        return {status: total for status, total in totals.items() if total}

    def _counters(self) -> Item:
        return self.calls.get(self.keys.counts(self.kind.__name__)) or {}

    def _moves(self) -> int:
        return read_number(self._counters(), MOVES)

    def _rows(self, statuses: Sequence[StrEnum], before: str, limit: int) -> dict[str, L]:
        """The newest rows before a place, by their place."""
        places = sorted(set(self._places(statuses, before, limit)), reverse=True)[:limit]
        items = self.calls.batch(key for _, key in places)
        rows = [row_of(self.kind, items[key], self.fetch) for _, key in places if key in items]
        return {newest_key(row): row for row in rows}

    def _places(
        self, statuses: Sequence[StrEnum], before: str, limit: int
    ) -> Iterator[tuple[str, Key]]:
        if not statuses:
            yield from self._query(NEWEST_INDEX, "newest_key", "", before, limit)
        for status in set(statuses):
            yield from self._query(STATUS_INDEX, "status_key", f"{status.value}#", before, limit)

    def _query(
        self, index: str, attribute: str, prefix: str, before: str, limit: int
    ) -> Iterator[tuple[str, Key]]:
        select = Select(
            self.role,
            self.pk,
            f"{attribute} BETWEEN :from AND :to",
            {":from": text(f"{prefix}0"), ":to": text(f"{prefix}{before}")},
            index=index,
            newest_first=True,
            # The bounds of BETWEEN are inclusive: the row that the cursor names comes along.
            limit=limit + 1,
        )
        for item in self.calls.query(select):
            place = read_text(item, attribute).removeprefix(prefix)
            if place < before:
                yield place, Key(self.role, read_text(item, "pk"), read_text(item, "sk"))


def _read(cursor: str) -> str:
    try:
        (place,) = json.loads(cursor)
        digits, _, row_id = str(place).partition("#")
        int(digits)
    except (ValueError, TypeError) as exc:
        raise InputError(f"Not a page cursor of this list: {cursor!r}.") from exc
    if not isinstance(place, str) or not row_id:
        raise InputError(f"Not a page cursor of this list: {cursor!r}.")
    return place
