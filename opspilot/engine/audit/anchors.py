"""Anchors: entries of the system chain that state where the incident chains end.

An anchor lists the heads that moved since the anchor before it; every hundredth lists all of them
("full"), and each names the full one it builds on. What has been anchored is thus known from at
most a hundred entries, however many chains there are and however long the history is. A full anchor
of 10,000 chains has about 1 MB; spread over its hundred, an anchor costs what moved and 10 kB.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import ValidationError

from opspilot.domain.audit import SYSTEM_CHAIN, AuditDraft, AuditEntry, AuditHead
from opspilot.domain.identity import SYSTEM
from opspilot.domain.model import Model

ANCHOR = "audit.anchor"
_PER_FULL = 100


class Place(Model):
    """Where a chain ended."""

    seq: int
    hash: str


class Anchor(Model):
    """The result of an anchor entry.

    Attributes:
        full: All heads are listed, not only those that moved.
        base: The system entry that holds the full anchor; 0 when this is it.
        number: Anchors since the full one.
        heads: By chain.
    """

    full: bool
    base: int
    number: int
    heads: dict[str, Place]


def anchor_of(entry: AuditEntry) -> Anchor | None:
    """The anchor in a system entry; None when it is none, or is no longer readable as one."""
    if entry.chain != SYSTEM_CHAIN or entry.action_type != ANCHOR:
        return None
    try:
        return Anchor.model_validate(entry.result)
    except ValidationError:
        return None


def anchored(entries: Iterable[AuditEntry]) -> dict[str, Place]:
    """The heads that these entries of the system chain state, newest last."""
    known: dict[str, Place] = {}
    for entry in entries:
        anchor = anchor_of(entry)
        if anchor:
            known.update(anchor.heads)
    return known


def moved(heads: Iterable[AuditHead], known: Mapping[str, Place]) -> dict[str, Place]:
    """The heads of incident chains that are not as they were anchored."""
    places = {head.chain: Place(seq=head.seq, hash=head.hash) for head in heads}
    places.pop(SYSTEM_CHAIN, None)
    return {chain: place for chain, place in places.items() if known.get(chain) != place}


def next_anchor(
    last: AuditEntry | None, heads: Iterable[AuditHead], known: Mapping[str, Place]
) -> Anchor:
    """The anchor that follows the one in `last`."""
    before = anchor_of(last) if last else None
    if last is None or before is None or before.number + 1 >= _PER_FULL:
        return Anchor(full=True, base=0, number=0, heads=moved(heads, {}))
    base = before.base or last.seq
    return Anchor(full=False, base=base, number=before.number + 1, heads=moved(heads, known))


def draft_of(anchor: Anchor, *, at: datetime, wall: datetime) -> AuditDraft:
    """The entry that holds an anchor."""
    return AuditDraft(
        chain=SYSTEM_CHAIN,
        actor=SYSTEM,
        action_type=ANCHOR,
        subject=SYSTEM_CHAIN,
        result=anchor.model_dump(mode="json"),
        at=at,
        wall=wall,
    )
