"""Pages of incidents and plans, newest first, from indexes that are never behind.

A list of several statuses is read with one query for each. A row that changes from one of them to
another in between might be missed by both; so every change of status also counts in the kind's
counters, and the list is read again when that count moved meanwhile.
"""

import json
import re
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
from opspilot.domain.incident import Incident
from opspilot.domain.plan import Plan
from opspilot.errors import InputError
from opspilot.ports.store import Page

L = TypeVar("L", Incident, Plan)

_READINGS = 5
_TOTAL = "total_"
_PLACE = re.compile(r"[0-9]{20}#.{1,900}", re.DOTALL | re.ASCII)
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
        places = self._places(statuses, before, limit + 1)
        shown = places[:limit]
        items = self.calls.batch(key for _, key in shown)
        rows = [row_of(self.kind, items[key], self.fetch) for _, key in shown if key in items]
        # One that has left the statuses meanwhile is not shown; the page is shorter then.
        kept = tuple(row for row in rows if not statuses or row.status in statuses)
        more = len(places) > limit and bool(shown)
        return Page(items=kept, cursor=json.dumps([shown[-1][0]]) if more else None)

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

    def _places(
        self, statuses: Sequence[StrEnum], before: str, limit: int
    ) -> list[tuple[str, Key]]:
        """The newest places before a place, newest first; none is missed because it moves."""
        if not statuses:
            found = self._query(NEWEST_INDEX, "newest_key", "", before, limit)
            return list(found)[:limit]
        several = len(set(statuses)) > 1
        places: set[tuple[str, Key]] = set()
        for _ in range(_READINGS):
            moves = self._moves() if several else 0
            for status in set(statuses):
                prefix = f"{status.value}#"
                places.update(self._query(STATUS_INDEX, "status_key", prefix, before, limit))
            if not several or self._moves() == moves:
                break
        return sorted(places, reverse=True)[:limit]

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
    except (ValueError, TypeError) as exc:
        raise InputError(f"Not a page cursor of this list: {cursor!r}.") from exc
    if not isinstance(place, str) or not _PLACE.fullmatch(place):
        raise InputError(f"Not a page cursor of this list: {cursor!r}.")
    return place
