"""One chain, checked entry by entry while it streams past; names the first damage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from opspilot.domain.audit import GENESIS, AuditEntry, AuditHead, recomputed_hash
from opspilot.domain.audit_report import AuditProblem, ChainReport, DamageKind

_VERBS: dict[DamageKind, str] = {
    "changed": "was changed",
    "missing": "is missing",
    "reordered": "stands in the wrong place",
    "forked": "does not belong there",
    "truncated": "is cut off, with all that followed",
    "unreadable": "cannot be read",
}


@dataclass(frozen=True)
class Witnesses:
    """What is known about a chain from outside its entries.

    Attributes:
        places: Number to hash, as anchors (for the system chain: signed checkpoints) state them.
        source: What they are called in messages.
        covered: Number of the newest entry that a signed checkpoint covers.
        head: The end of the chain as the store remembered it before its entries were read.
        head_now: Asks the store again; the chain may have grown meanwhile.
    """

    places: Mapping[int, str]
    source: str
    covered: int
    head: AuditHead | None
    head_now: Callable[[], AuditHead | None]


@dataclass
class ChainCheck:
    """Feed it the entries in the order of their places, then ask for the report."""

    chain: str
    witnesses: Witnesses
    problem: AuditProblem | None = field(default=None, init=False)
    _last: AuditEntry | None = field(default=None, init=False)
    _entries: int = field(default=0, init=False)
    _uncovered: int = field(default=0, init=False)
    _uncovered_since: datetime | None = field(default=None, init=False)
    _agreed: int = field(default=0, init=False)

    def add(self, entry: AuditEntry) -> None:
        """The next entry."""
        self._entries += 1
        if entry.seq > self.witnesses.covered:
            self._uncovered += 1
            self._uncovered_since = self._uncovered_since or entry.wall
        if self.problem is None:
            self.problem = self._compared(entry)
            self._last = entry
        elif self.problem.kind == "missing" and entry.seq == self.problem.seq:
            self.problem = self._found("reordered", entry.seq, "later entries stand before it")

    def unreadable(self, message: str) -> None:
        """The next entry could not be read; none can follow."""
        if self.problem is None:
            self.problem = self._found("unreadable", self._expected, message)

    def report(self) -> ChainReport:
        """The chain as a whole, its end included."""
        problem = self.problem or self._end_problem()
        return ChainReport(
            chain=self.chain,
            ok=problem is None,
            entries=self._entries,
            problem=problem,
            covered=self.witnesses.covered,
            uncovered=self._uncovered,
            uncovered_since=self._uncovered_since,
        )

    @property
    def _expected(self) -> int:
        return self._last.seq + 1 if self._last else 1

    def _found(self, kind: DamageKind, seq: int, why: str) -> AuditProblem:
        message = f"Entry {seq} of chain {self.chain} {_VERBS[kind]}: {why}."
        return AuditProblem(kind=kind, chain=self.chain, seq=seq, message=message)

    def _compared(self, entry: AuditEntry) -> AuditProblem | None:
        """The entry against the one before it and against itself."""
        expected = self._expected
        genuine = recomputed_hash(entry) == entry.hash
        follows = entry.previous_hash == (self._last.hash if self._last else GENESIS)
        if not genuine and (follows or entry.seq == expected):
            return self._found("changed", expected, "its hash does not fit its content")
        if entry.chain != self.chain:
            why = f"an entry of chain {entry.chain} stands in its place"
            return self._found("reordered", expected, why)
        if entry.seq > expected:
            return self._found("missing", expected, f"entry {entry.seq} stands in its place")
        if entry.seq < expected:
            why = f"it stands again in the place of entry {expected}"
            return self._found("forked", entry.seq, why)
        if not follows:
            return self._unlinked(entry)
        return self._witnessed(entry)

    def _unlinked(self, entry: AuditEntry) -> AuditProblem:
        if self._last is None:
            return self._found("changed", entry.seq, "it claims that another entry was before it")
        why = f"it was replaced, for entry {entry.seq} was written after another one"
        return self._found("changed", self._last.seq, why)

    def _witnessed(self, entry: AuditEntry) -> AuditProblem | None:
        """The entry against what anchors, checkpoints and the store remember of it."""
        stated = self.witnesses.places.get(entry.seq)
        if stated == entry.hash:
            self._agreed = entry.seq
        elif stated is not None:
            why = f"{self.witnesses.source} states another hash for it"
            if self._agreed + 1 < entry.seq:
                why += f"; the chain may have been rewritten from entry {self._agreed + 1} on"
            return self._found("changed", entry.seq, why)
        head = self.witnesses.head
        if head and head.seq == entry.seq and head.hash != entry.hash:
            return self._found("changed", entry.seq, "the store remembers another hash for it")
        return None

    def _end_problem(self) -> AuditProblem | None:
        """What is missing behind the last entry, or should not be there."""
        last = self._last.seq if self._last else 0
        head = self.witnesses.head
        if head is None or last > head.seq:
            head = self.witnesses.head_now()
        known = max([head.seq if head else 0, *self.witnesses.places])
        if last < known:
            kind: DamageKind = "truncated" if last else "missing"
            why = f"the chain once reached entry {known}"
            return self._found(kind, last + 1, why)
        if last > (head.seq if head else 0):
            why = f"the store remembers {f'entry {head.seq} as the end' if head else 'no end'}"
            return self._found("forked", (head.seq if head else 0) + 1, why)
        return None
