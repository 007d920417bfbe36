"""Signatures of checkpoints: what anybody with the public key can check, without a store."""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from opspilot.domain.audit import Checkpoint

_KEY_ID_DIGITS = 16


def key_id_of(public_key: str) -> str:
    """Id of a public key: the first 16 hex digits of the SHA-256 of its 32 raw bytes.

    Args:
        public_key: Base64 of the raw Ed25519 public key.

    Raises:
        ValueError: That is no public key.
    """
    return hashlib.sha256(_loaded(public_key).public_bytes_raw()).hexdigest()[:_KEY_ID_DIGITS]


def is_signed_by(checkpoint: Checkpoint, public_key: str) -> bool:
    """Whether the signature is of this key and covers the checkpoint as it stands.

    Raises:
        ValueError: `public_key` is none.
    """
    key = _loaded(public_key)
    try:
        signature = base64.b64decode(checkpoint.signature, validate=True)
        key.verify(signature, checkpoint.signed_bytes())
    except (InvalidSignature, binascii.Error):
        return False
    return checkpoint.key_id == key_id_of(public_key)


def _loaded(public_key: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
    except ValueError as exc:
        raise ValueError(f"not an Ed25519 public key: {public_key!r}") from exc
