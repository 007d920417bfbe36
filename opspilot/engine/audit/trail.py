"""The audit trail of a store: anchor and sign it, verify it, hand it out."""

from collections.abc import Iterator
from dataclasses import dataclass

from opspilot.domain.audit import SYSTEM_CHAIN, AuditEntry, AuditHead, Checkpoint
from opspilot.domain.audit_report import AuditReport
from opspilot.engine.audit import export
from opspilot.engine.audit.anchors import (
    Anchor,
    Place,
    anchor_of,
    anchored,
    draft_of,
    moved,
    next_anchor,
)
from opspilot.engine.audit.browse import AuditFilter, AuditSlice, browse
from opspilot.engine.audit.reading import stream
from opspilot.engine.audit.verifying import Verification
from opspilot.errors import AuditDamaged
from opspilot.ports.checkpoints import Checkpoints
from opspilot.ports.clock import Clock
from opspilot.ports.store import Changeset, Store


@dataclass(frozen=True)
class AuditTrail:
    """The audit chains of a store, with the checkpoints that witness them."""

    store: Store
    checkpoints: Checkpoints
    clock: Clock

    def checkpoint(self) -> Checkpoint | None:
        """Anchor what moved in the system chain, and sign that.

        A crash after the anchor leaves it unsigned; the next call signs it.

        Returns:
            The newest checkpoint signed by this call; None when nothing had moved.

        Raises:
            AuditDamaged: The checkpoints or the anchors are no longer readable.
        """
        signed = {(checkpoint.seq, checkpoint.hash) for checkpoint in self.checkpoints.all()}
        recent = self._recent(max((seq for seq, _ in signed), default=0))
        heads = self.store.chains()
        anchors = [entry for entry in recent if anchor_of(entry)]
        last = anchors[-1] if anchors else None
        known = self._known(last)
        if moved(heads, known) or (recent and last != recent[-1]):
            anchors += self._anchor(next_anchor(last, heads, known), since=recent)
        new = [self._sign(entry) for entry in anchors if (entry.seq, entry.hash) not in signed]
        return new[-1] if new else None

    def verify(self) -> AuditReport:
        """Check every chain; `opspilot.domain.audit_report` says what can be found.

        Raises:
            StoreUnavailable: The store cannot be read.
        """
        verification = Verification(
            key_id=self.checkpoints.key_id(), genuine=self.checkpoints.genuine
        )
        try:
            verification.checkpoints(self.checkpoints.all())
        except AuditDamaged as exc:
            verification.damaged_checkpoints(exc.message)
        heads = {head.chain: head for head in self.store.chains()}
        self._verify_chain(verification, SYSTEM_CHAIN, heads)
        for chain in sorted({*heads, *verification.anchored_chains()} - {SYSTEM_CHAIN}):
            self._verify_chain(verification, chain, heads)
        return verification.report()

    def export(self, chain: str | None = None) -> Iterator[str]:
        """The trail as lines of JSON that `verify_export` checks without the store.

        Args:
            chain: One incident's chain with the anchors that cover it; None for all chains.
        """
        return export.export_lines(
            self.store, self.checkpoints, exported_at=self.clock.now(), chain=chain
        )

    def browse(self, wanted: AuditFilter, *, incidents: int = 100) -> AuditSlice:
        """The newest entries that are wanted, for a screen.

        Args:
            wanted: Which entries.
            incidents: Without a chain in the filter, the system chain and those of this many
                newest incidents are looked into.

        Raises:
            AuditDamaged: A stored entry is no longer readable; `verify` tells more.
        """
        heads = self.store.chains()
        if not wanted.chain:
            newest = {one.id for one in self.store.incidents(limit=incidents).items}
            heads = [head for head in heads if head.chain in newest | {SYSTEM_CHAIN}]
        return browse(self.store, heads, wanted)

    def _verify_chain(
        self, verification: Verification, chain: str, heads: dict[str, AuditHead]
    ) -> None:
        verification.chain(
            chain,
            stream(self.store, chain),
            head=heads.get(chain),
            head_now=lambda: next(
                (head for head in self.store.chains() if head.chain == chain), None
            ),
        )

    def _recent(self, newest: int) -> list[AuditEntry]:
        """The system chain from the entry of the newest checkpoint on."""
        recent = list(stream(self.store, SYSTEM_CHAIN, after=max(0, newest - 1)))
        if not recent and newest:  # a store restored from a backup ends earlier
            return list(stream(self.store, SYSTEM_CHAIN))
        return recent

    def _anchor(self, anchor: Anchor, *, since: list[AuditEntry]) -> list[AuditEntry]:
        """Commit an anchor; gives it, after those that another process committed meanwhile."""
        draft = draft_of(anchor, at=self.clock.account_now(), wall=self.clock.now())
        (entry,) = self.store.commit(Changeset(audit=[draft]))
        between = stream(self.store, SYSTEM_CHAIN, after=since[-1].seq if since else 0)
        return [other for other in between if other.seq <= entry.seq and anchor_of(other)]

    def _known(self, last: AuditEntry | None) -> dict[str, Place]:
        """The heads as anchored up to and including `last`."""
        anchor = anchor_of(last) if last else None
        if last is None or anchor is None:
            return {}
        entries = stream(self.store, SYSTEM_CHAIN, after=(anchor.base or last.seq) - 1)
        return anchored(entry for entry in entries if entry.seq <= last.seq)

    def _sign(self, entry: AuditEntry) -> Checkpoint:
        return self.checkpoints.sign(
            Checkpoint(
                seq=entry.seq,
                hash=entry.hash,
                wall=self.clock.now(),
                key_id=self.checkpoints.key_id(),
            )
        )
