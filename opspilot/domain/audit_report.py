"""What checking the audit chains brought to light."""

from typing import Literal

from opspilot.domain.model import Instant, Model

DamageKind = Literal[
    "changed",
    "missing",
    "reordered",
    "forked",
    "truncated",
    "unreadable",
    "checkpoint",
]
"""What happened to an entry or chain.

changed     the entry is not the one that was written
missing     it is gone, while later ones (or nothing at all) remain
reordered   it stands in the place of another
forked      two entries claim the same place, or entries follow the end of the chain
truncated   it and all that followed are gone
unreadable  it cannot be parsed
checkpoint  the checkpoints or their key were changed, removed or replaced
"""


class AuditProblem(Model):
    """One finding.

    Attributes:
        chain: Its chain; for "checkpoint" the system chain; empty for a line of an export.
        seq: The first damaged entry; None when the damage is not that of an entry.
        message: What is wrong, in words.
    """

    kind: DamageKind
    chain: str
    seq: int | None
    message: str


class ChainReport(Model):
    """One chain.

    Attributes:
        entries: Entries read.
        problem: The first damaged entry.
        covered: Number of the newest entry that a signed checkpoint covers; 0 for none.
        uncovered: Entries after it: nobody who can write the store is kept from forging them.
        uncovered_since: Wall time of the oldest of these.
    """

    chain: str
    ok: bool
    entries: int
    problem: AuditProblem | None = None
    covered: int = 0
    uncovered: int = 0
    uncovered_since: Instant | None = None


class AuditReport(Model):
    """All chains and their checkpoints.

    Attributes:
        ok: No damage at all; uncovered entries are no damage.
        problems: The first problem of every damaged chain, the system chain's first; then those of
            the checkpoints.
        checkpoints: Checkpoints whose signature is genuine.
        newest_checkpoint: Wall time of the newest of these.
        key_id: Id of the key that the signatures were checked with.
    """

    ok: bool
    entries: int
    chains: tuple[ChainReport, ...] = ()
    problems: tuple[AuditProblem, ...] = ()
    uncovered: int = 0
    uncovered_since: Instant | None = None
    checkpoints: int = 0
    newest_checkpoint: Instant | None = None
    key_id: str = ""
