"""Signed checkpoints of the system chain, kept where the store's writers cannot forge them."""

from typing import Protocol

from opspilot.domain.audit import Checkpoint


class Checkpoints(Protocol):
    """Signs, keeps and checks checkpoints."""

    def sign(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with its signature, appended durably."""
        ...

    def all(self) -> list[Checkpoint]:
        """Every checkpoint kept, oldest first.

        Raises:
            AuditDamaged: The file is unreadable; the message names the line.
        """
        ...

    def genuine(self, checkpoint: Checkpoint) -> bool:
        """Whether the signature is ours and covers the checkpoint as it stands."""
        ...

    def key_id(self) -> str:
        """Id of the signing key."""
        ...

    def public_key(self) -> str:
        """Base64 of the raw Ed25519 public key, by which others can check the signatures."""
        ...
