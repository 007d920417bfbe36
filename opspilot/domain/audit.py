"""Audit entries, their hash chain, and signed checkpoints.

An entry's hash covers all its fields and the hash of the entry before it in the same chain, so
that a change, a removal or a swap breaks every later link. The computation is here, in one place,
because the stores link entries while they commit and the verifier recomputes them offline.
"""

import hashlib
import json

from opspilot.domain.identity import Actor
from opspilot.domain.model import Instant, Json, Model

SYSTEM_CHAIN = "system"
"""Chain that anchors the heads of all incident chains."""

GENESIS = "0" * 64
"""Previous hash of a chain's first entry."""


class AuditDraft(Model):
    """What happened, before it is linked into its chain.

    Attributes:
        chain: Incident id, or `SYSTEM_CHAIN`.
        action_type: What was done, "plan.approved", "action.intent", "command.refused" ...
        subject: Id of what it was done to: incident, plan, evidence, chain.
        input: Parameters, redacted.
        result: What came of it, redacted; None when nothing did.
        error: Error details; empty on success.
        at: Account time; `wall`: wall time.
    """

    chain: str
    actor: Actor
    action_type: str
    subject: str
    input: dict[str, Json] = {}
    result: Json = None
    error: str = ""
    aws_request_ids: tuple[str, ...] = ()
    at: Instant
    wall: Instant


class AuditEntry(AuditDraft):
    """A linked entry; `seq` counts from 1 without holes within its chain."""

    seq: int
    previous_hash: str
    hash: str


class AuditHead(Model):
    """The newest entry of a chain."""

    chain: str
    seq: int
    hash: str


class Checkpoint(Model):
    """A signed statement about the system chain, kept outside the store.

    Attributes:
        seq: Sequence number of the system chain's entry that anchors the heads.
        hash: That entry's hash.
        signature: Base64 Ed25519 signature over `signed_bytes`.
        key_id: First 16 hex digits of the SHA-256 of the public key.
    """

    seq: int
    hash: str
    wall: Instant
    key_id: str
    signature: str = ""

    def signed_bytes(self) -> bytes:
        """The bytes under the signature."""
        return canonical_json(self.model_dump(mode="json", exclude={"signature"})).encode()


def canonical_json(value: Json) -> str:
    """One text for one value: sorted keys, no spaces, no NaN, non-ASCII kept as UTF-8."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256_hex(value: Json) -> str:
    """SHA-256 of the canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def link(draft: AuditDraft, head: AuditHead | None) -> AuditEntry:
    """The entry that follows `head` (None: the first of its chain)."""
    previous = head.hash if head else GENESIS
    seq = head.seq + 1 if head else 1
    fields = draft.model_dump(mode="json")
    digest = sha256_hex(fields | {"seq": seq, "previous_hash": previous})
    return AuditEntry.model_validate(
        fields | {"seq": seq, "previous_hash": previous, "hash": digest}
    )


def recomputed_hash(entry: AuditEntry) -> str:
    """The hash that the entry's own fields give.

    Only the fields that the entry was loaded with count: one that a later OpsPilot adds to entries
    does not change the hashes of those written before.
    """
    return sha256_hex(entry.model_dump(mode="json", exclude={"hash"}, exclude_unset=True))
