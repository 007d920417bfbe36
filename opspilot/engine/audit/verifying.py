"""All chains against their anchors, and the anchors against the signed checkpoints."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from opspilot.domain.audit import (
    SYSTEM_CHAIN,
    AuditEntry,
    AuditHead,
    Checkpoint,
    recomputed_hash,
)
from opspilot.domain.audit_report import AuditProblem, AuditReport, ChainReport
from opspilot.engine.audit.anchors import anchor_of
from opspilot.engine.audit.chain_check import ChainCheck, Witnesses
from opspilot.errors import AuditDamaged


class Verification:
    """Feed it the checkpoints, then the system chain, then the others; then ask for the report.

    Keeps one hash per anchored place, and of the entries never more than one.
    """

    def __init__(self, *, key_id: str, genuine: Callable[[Checkpoint], bool]) -> None:
        self._key_id = key_id
        self._genuine = genuine
        self._signed: dict[int, Checkpoint] = {}
        self._anchored: defaultdict[str, dict[int, str]] = defaultdict(dict)
        self._covered: dict[str, int] = {}
        self._unsigned_anchors: list[int] = []
        self._readable = True
        self._chains: list[ChainReport] = []
        self._problems: list[AuditProblem] = []

    def checkpoints(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Every checkpoint that was kept."""
        for checkpoint in checkpoints:
            if not self._genuine(checkpoint):
                self._blame(checkpoint.seq, self._why_not_genuine(checkpoint))
            elif self._signed.setdefault(checkpoint.seq, checkpoint).hash != checkpoint.hash:
                self._blame(checkpoint.seq, "another one was signed for the same entry")

    def damaged_checkpoints(self, message: str) -> None:
        """The checkpoints cannot be read, so none of them can be missed."""
        self._readable = False
        self._problems.append(
            AuditProblem(kind="checkpoint", chain=SYSTEM_CHAIN, seq=None, message=message)
        )

    def chain(
        self,
        name: str,
        entries: Iterable[AuditEntry],
        *,
        head: AuditHead | None,
        head_now: Callable[[], AuditHead | None],
    ) -> None:
        """One chain; the system chain has to be the first."""
        system = name == SYSTEM_CHAIN
        check = ChainCheck(
            name,
            Witnesses(
                places=self._signed_places() if system else self._anchored.get(name, {}),
                source="a signed checkpoint" if system else "an anchor in the system chain",
                covered=max(self._signed, default=0) if system else self._covered.get(name, 0),
                head=head,
                head_now=head_now,
            ),
        )
        try:
            for entry in entries:
                check.add(entry)
                if system:
                    self._learn(entry)
        except AuditDamaged as exc:
            check.unreadable(exc.message)
        self._chains.append(check.report())

    def signed_anchor(self, entry: AuditEntry) -> None:
        """An entry of the system chain that stands alone, in place of that chain."""
        signed = self._signed.get(entry.seq)
        if signed is None or signed.hash != entry.hash or recomputed_hash(entry) != entry.hash:
            self._problems.append(
                AuditProblem(
                    kind="changed",
                    chain=SYSTEM_CHAIN,
                    seq=entry.seq,
                    message=f"The anchor in system entry {entry.seq} is not the one signed.",
                )
            )
            return
        self._learn(entry)

    def damaged_export(self, message: str) -> None:
        """Lines of an export cannot be read, are missing or out of place."""
        self._problems.append(
            AuditProblem(
                kind="unreadable", chain="", seq=None, message=f"The export is damaged: {message}."
            )
        )

    def anchored_chains(self) -> set[str]:
        """Chains that anchors know of."""
        return set(self._anchored)

    def report(self) -> AuditReport:
        """Everything found."""
        problems = [chain.problem for chain in self._chains if chain.problem]
        problems += [*self._problems, *self._missing_checkpoints()]
        open_since = [chain.uncovered_since for chain in self._chains if chain.uncovered_since]
        return AuditReport(
            ok=not problems,
            entries=sum(chain.entries for chain in self._chains),
            chains=tuple(self._chains),
            problems=tuple(problems),
            uncovered=sum(chain.uncovered for chain in self._chains),
            uncovered_since=min(open_since, default=None),
            checkpoints=len(self._signed),
            newest_checkpoint=max((cp.wall for cp in self._signed.values()), default=None),
            key_id=self._key_id,
        )

    def _learn(self, entry: AuditEntry) -> None:
        """Remember what an anchor states; one that was tampered with states nothing."""
        anchor = anchor_of(entry)
        if anchor is None or recomputed_hash(entry) != entry.hash:
            return
        signed = entry.seq <= max(self._signed, default=0)
        for chain, place in anchor.heads.items():
            self._anchored[chain][place.seq] = place.hash
            if signed:
                self._covered[chain] = max(self._covered.get(chain, 0), place.seq)
        if entry.seq not in self._signed:
            self._unsigned_anchors.append(entry.seq)

    def _signed_places(self) -> dict[int, str]:
        return {seq: checkpoint.hash for seq, checkpoint in self._signed.items()}

    def _missing_checkpoints(self) -> Iterator[AuditProblem]:
        """Anchors whose checkpoint is gone.

        A crash between anchoring and signing leaves the newest one without; it is signed next time.
        """
        newest = max(self._signed, default=0)
        behind = [seq for seq in self._unsigned_anchors if seq < newest]
        ahead = [seq for seq in self._unsigned_anchors if seq > newest]
        if self._readable and (behind or ahead[1:]):
            seq = min(behind + ahead)
            yield self._problem(seq, "is gone, though the anchor says that there was one")

    def _why_not_genuine(self, checkpoint: Checkpoint) -> str:
        if checkpoint.key_id != self._key_id:
            return f"was signed with key {checkpoint.key_id}, but the key here is {self._key_id}"
        return "was changed: its signature does not fit"

    def _blame(self, seq: int, why: str) -> None:
        self._problems.append(self._problem(seq, why))

    def _problem(self, seq: int, why: str) -> AuditProblem:
        return AuditProblem(
            kind="checkpoint",
            chain=SYSTEM_CHAIN,
            seq=seq,
            message=f"The checkpoint of system entry {seq} {why}.",
        )
