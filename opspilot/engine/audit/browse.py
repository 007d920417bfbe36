"""Reading the trail on a screen: the newest entries first, filtered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from opspilot.domain.audit import AuditEntry, AuditHead, canonical_json
from opspilot.ports.store import AuditLog

_OF_EACH = 500
_OF_ONE = 10_000


@dataclass(frozen=True)
class AuditFilter:
    """Which entries are wanted; what is left empty does not narrow.

    Attributes:
        chain: One chain by name.
        action: Beginning of the action type: "plan." or "plan.approved".
        actor: Id of the actor.
        text: Anywhere in the entry, whatever the case.
        failed: Only refusals and errors.
        since: Account time; `until` likewise, not included.
    """

    chain: str = ""
    action: str = ""
    actor: str = ""
    text: str = ""
    failed: bool = False
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, entry: AuditEntry) -> bool:
        """Whether an entry is wanted."""
        return (
            entry.action_type.startswith(self.action)
            and (not self.actor or entry.actor.id == self.actor)
            and (not self.failed or bool(entry.error))
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
            and (not self.text or self.text.casefold() in _words(entry))
        )


@dataclass(frozen=True)
class AuditSlice:
    """What was found.

    Attributes:
        entries: Newest first.
        chains: How many chains were looked into.
        cut: More entries fit, or older entries of a chain were not looked at.
    """

    entries: tuple[AuditEntry, ...]
    chains: int
    cut: bool


def browse(
    log: AuditLog, heads: Sequence[AuditHead], wanted: AuditFilter, *, limit: int = 300
) -> AuditSlice:
    """The newest wanted entries of these chains.

    Args:
        log: The trail.
        heads: Ends of the chains to look into. Of each at most the newest 500 entries are read,
            of a chain that the filter names 10,000.
        wanted: What to keep.
        limit: Entries at most.

    Raises:
        AuditDamaged: A stored entry is no longer readable.
    """
    chosen = [head for head in heads if wanted.chain in ("", head.chain)]
    depth = _OF_ONE if wanted.chain else _OF_EACH
    found = [
        entry
        for head in chosen
        for entry in log.entries(head.chain, after=max(0, head.seq - depth), limit=depth)
        if wanted.takes(entry)
    ]
    found.sort(key=lambda entry: (entry.wall, entry.chain, entry.seq), reverse=True)
    deeper = any(head.seq > depth for head in chosen)
    return AuditSlice(tuple(found[:limit]), len(chosen), len(found) > limit or deeper)


def _words(entry: AuditEntry) -> str:
    return canonical_json(entry.model_dump(mode="json")).casefold()
