"""Concurrency: which invocations are admitted when only so many may run at once.

A function with reserved concurrency has a limit of its own; all others share what is left of the
account's.

Calls to one function come from several places of the call graph, while the walk goes place by
place. So the chunk is walked until the decisions stand: each walk notes who would run and how long,
the decisions for the next are made from that in order of time, and the walk whose decisions come
out unchanged is the true one. Two or three walks do, as one decision seldom moves another call.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from opspilot.embedded.simulator.records import CallBatch
from opspilot.embedded.simulator.traffic import Bools, Floats, Ints

MOST_WALKS = 12
POOL = ""
"""Stands for the functions that share the account's unreserved concurrency."""

_GUESSED_S = 0.2


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Calls from one place: who, when, until when if admitted, and the limit that they meet."""

    place: str
    rows: Ints
    start: Floats
    end: Floats
    limit: int


class Admissions:
    """Decisions by place and row, and the candidates that the next decisions are made from."""

    def __init__(self) -> None:
        self._refused: dict[str, frozenset[int]] = {}
        self._candidates: dict[str, list[_Candidates]] = {}
        self._took: dict[str, Floats] = {}

    def admitted(self, place: str, rows: Ints) -> Bools:
        """Who of these calls runs, as decided so far; everybody where nothing is decided."""
        refused = self._refused.get(place)
        if not refused:
            return np.ones(rows.size, dtype=bool)
        return ~np.isin(rows, np.fromiter(refused, dtype=np.int64))

    def note(
        self, function: str, place: str, rows: Ints, start: Floats, end: Floats, limit: int
    ) -> None:
        """Calls that arrive at a limited function."""
        candidates = _Candidates(place, rows, start, end, limit)
        self._candidates.setdefault(function, []).append(candidates)

    def note_shared(
        self, place: str, rows: Ints, start: Floats, end: Floats, ran: Bools, limit: int, most: int
    ) -> None:
        """Calls that arrive at the pool. How long one would take that was refused is remembered.

        `most`: no row of the place is larger.
        """
        took = self._took.setdefault(place, np.full(most, np.nan))
        took[rows[ran]] = end[ran] - start[ran]
        known = took[rows]
        known = np.where(np.isnan(known), _GUESSED_S, known)
        self.note(POOL, place, rows, start, start + known, limit)

    def decide(self) -> bool:
        """Decide anew from what was noted; whether anything changed."""
        refused: dict[str, set[int]] = {}
        for candidates in self._candidates.values():
            for place, row in _refusals(candidates):
                refused.setdefault(place, set()).add(row)
        self._candidates.clear()
        decided = {place: frozenset(rows) for place, rows in refused.items()}
        changed = decided != self._refused
        self._refused = decided
        return changed


def most_at_once(batches: list[CallBatch], begin: float, seconds: int) -> int:
    """How many of these invocations can have run at once: an upper bound, by whole seconds."""
    level = np.zeros(seconds + 1)
    for batch in batches:
        first = np.clip(batch.start - begin, 0, seconds).astype(np.int64)
        last = np.clip(batch.end - begin + 1.0, 0, seconds).astype(np.int64)
        level += np.bincount(first, minlength=seconds + 1)
        level -= np.bincount(last, minlength=seconds + 1)
    return int(np.cumsum(level).max())


def _refusals(candidates: list[_Candidates]) -> list[tuple[str, int]]:
    """(place, row) of the calls that find the limit reached, in order of arrival.

    Up to the first call that could find it reached, all are admitted at once.
    """
    start = np.concatenate([group.start for group in candidates])
    order = np.argsort(start, kind="stable")
    start, end = start[order], np.concatenate([group.end for group in candidates])[order]
    sizes = [group.start.size for group in candidates]
    limit = np.repeat([group.limit for group in candidates], sizes)[order]
    running_on = np.arange(1, start.size + 1) - np.searchsorted(np.sort(end), start, side="right")
    crowded = np.flatnonzero(running_on > limit)
    if not crowded.size:
        return []
    first = int(crowded[0])
    number = np.repeat(np.arange(len(candidates)), sizes)[order]
    rows = np.concatenate([group.rows for group in candidates])[order]
    running: list[float] = end[:first][end[:first] > start[first]].tolist()
    heapq.heapify(running)
    arrivals = zip(
        start[first:].tolist(), end[first:].tolist(), limit[first:].tolist(), strict=True
    )
    refused: list[int] = []
    for position, (begin, until, most) in enumerate(arrivals, first):
        while running and running[0] <= begin:
            heapq.heappop(running)
        if len(running) < most:
            heapq.heappush(running, until)
        else:
            refused.append(position)
    return [(candidates[int(number[one])].place, int(rows[one])) for one in refused]
