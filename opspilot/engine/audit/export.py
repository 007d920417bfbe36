"""The trail as lines of JSON, which `export_check` verifies without the store.

The lines are objects with one field: `header`; `checkpoint` for each; then per chain `head` and its
`entry` lines, the system chain first; at last `end`. The export of one incident's chain holds, in
place of the system chain, an `anchor` line for every signed anchor that states something new of it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from opspilot.domain.audit import (
    SYSTEM_CHAIN,
    AuditEntry,
    AuditHead,
    Checkpoint,
    canonical_json,
)
from opspilot.domain.model import Instant, Model
from opspilot.engine.audit.anchors import Place, anchor_of
from opspilot.engine.audit.reading import stream
from opspilot.ports.checkpoints import Checkpoints
from opspilot.ports.store import AuditLog

FORMAT = "opspilot-audit/1"


class Header(Model):
    """The first line.

    Attributes:
        public_key: Base64 of the raw Ed25519 key that signed the checkpoints.
        chain: The only chain exported; None when all are.
    """

    format: str
    exported_at: Instant
    key_id: str
    public_key: str
    chain: str | None


def export_lines(
    log: AuditLog, checkpoints: Checkpoints, *, exported_at: datetime, chain: str | None
) -> Iterator[str]:
    """The lines, without line ends, in an order that can be checked in one pass.

    Raises:
        AuditDamaged: An entry or checkpoint is no longer readable; `AuditTrail.verify` tells more.
    """
    yield _line(
        "header",
        Header(
            format=FORMAT,
            exported_at=exported_at,
            key_id=checkpoints.key_id(),
            public_key=checkpoints.public_key(),
            chain=chain,
        ),
    )
    kept = checkpoints.all()
    yield from (_line("checkpoint", checkpoint) for checkpoint in kept)
    heads = {head.chain: head for head in log.chains()}
    if chain is not None:
        yield from (_line("anchor", entry) for entry in _anchors(log, kept, chain))
        heads = {name: head for name, head in heads.items() if name == chain}
    for name in sorted(heads, key=lambda name: (name != SYSTEM_CHAIN, name)):
        yield from _chain_lines(log, heads[name])
    yield canonical_json({"end": True})


def _chain_lines(log: AuditLog, head: AuditHead) -> Iterator[str]:
    yield _line("head", head)
    for entry in stream(log, head.chain):
        if entry.seq > head.seq:  # written since
            return
        yield _line("entry", entry)


def _anchors(log: AuditLog, kept: Sequence[Checkpoint], chain: str) -> Iterator[AuditEntry]:
    signed = {checkpoint.seq for checkpoint in kept}
    stated: Place | None = None
    for entry in stream(log, SYSTEM_CHAIN):
        anchor = anchor_of(entry)
        place = anchor.heads.get(chain) if anchor else None
        if place and place != stated and entry.seq in signed:
            stated = place
            yield entry


def _line(kind: str, value: Model) -> str:
    return canonical_json({kind: value.model_dump(mode="json", exclude_unset=True)})
