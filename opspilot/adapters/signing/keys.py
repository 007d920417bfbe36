"""Keys in files: the one that signs checkpoints, and the one that fingerprints secrets."""

import base64
import secrets
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from opspilot.adapters.signing.files import create_once, errors_named, make_folder
from opspilot.errors import AuditDamaged

PRIVATE = "signing-key.pem"
PUBLIC = "signing-key.pub"
_REDACTION = "redaction.key"
_REDACTION_BYTES = 32

_HINT = (
    "Restore the folder from a backup. To begin anew, move it away: what its checkpoints covered"
    " can then no longer be proven with this store."
)


def open_signing_key(folder: Path) -> Ed25519PrivateKey:
    """The key of this folder, made with its public half beside it when there is none.

    Raises:
        AuditDamaged: The private key is not readable, or is not that of the public key beside it.
    """
    fresh = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / PRIVATE
    try:
        key = serialization.load_pem_private_key(create_once(path, fresh), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise AuditDamaged(f"{path} is no longer a private key.", hint=_HINT) from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise AuditDamaged(f"{path} is not an Ed25519 key.", hint=_HINT)
    public = public_text(key) + "\n"
    if create_once(folder / PUBLIC, public.encode()) != public.encode():
        raise AuditDamaged(
            f"{path} is not the key of {PUBLIC} beside it: one of them was replaced.", hint=_HINT
        )
    return key


def refuse_new_key(folder: Path, checkpoints: Path) -> None:
    """Do not put a new key where an old one has been at work.

    Raises:
        AuditDamaged: The private key is gone, its traces are not.
    """
    # In this order: another process may be making the key, which comes before all traces of it.
    used = checkpoints.exists() and checkpoints.stat().st_size > 0
    traces = used or (folder / PUBLIC).exists()
    if traces and not (folder / PRIVATE).exists():
        raise AuditDamaged(f"The signing key {folder / PRIVATE} is gone.", hint=_HINT)


def public_text(key: Ed25519PrivateKey) -> str:
    """Base64 of the raw public key."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def open_redaction_key(folder: Path) -> bytes:
    """The key under which fingerprints of redacted secrets are made (see `redaction.marker`).

    It is kept here, not in the store: whoever has a copy of the store must not be able to try
    passwords against the fingerprints in it.

    Raises:
        StoreUnavailable: The folder cannot be read or written.
    """
    with errors_named(folder):
        make_folder(folder)
        return create_once(folder / _REDACTION, secrets.token_bytes(_REDACTION_BYTES))
