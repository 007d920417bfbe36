"""Checkpoints as lines of a file, signed with a key that lies beside it."""

import base64
import fcntl
import os
from pathlib import Path
from typing import BinaryIO, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from opspilot.adapters.signing.files import create_once, errors_named, make_folder
from opspilot.adapters.signing.keys import PRIVATE, open_signing_key, public_text, refuse_new_key
from opspilot.domain.audit import Checkpoint, canonical_json
from opspilot.domain.signing import is_signed_by, key_id_of
from opspilot.errors import AuditDamaged

_FILE = "checkpoints.jsonl"


def open_checkpoints(folder: Path) -> "FileCheckpoints":
    """The checkpoints of this folder; key and file are made when there are none.

    The folder must not be one that the store's other writers can write to, or a forger of the store
    forges the checkpoints too.

    Raises:
        AuditDamaged: The signing key is gone, unreadable, or was replaced.
        StoreUnavailable: The folder cannot be read or written.
    """
    path = folder / _FILE
    with errors_named(folder):
        make_folder(folder)
        refuse_new_key(folder, path)
        # The file comes before the key, so that a key without its file tells of a removed file.
        if not (folder / PRIVATE).exists():
            create_once(path, b"")
        key = open_signing_key(folder)
    return FileCheckpoints(path, key)


class FileCheckpoints:
    """`opspilot.ports.checkpoints.Checkpoints` in one append-only file, one JSON object a line."""

    def __init__(self, path: Path, key: Ed25519PrivateKey) -> None:
        self._path = path
        self._key = key
        self._public_key = public_text(key)
        self._key_id = key_id_of(self._public_key)

    def sign(self, checkpoint: Checkpoint) -> Checkpoint:
        """See `Checkpoints.sign`; `key_id` becomes that of our key."""
        unsigned = checkpoint.model_copy(update={"key_id": self._key_id, "signature": ""})
        signature = base64.b64encode(self._key.sign(unsigned.signed_bytes())).decode()
        signed = unsigned.model_copy(update={"signature": signature})
        with errors_named(self._path), self._open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _drop_torn_line(file)
            file.write(canonical_json(signed.model_dump(mode="json")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return signed

    def all(self) -> list[Checkpoint]:
        """See `Checkpoints.all`; a last line without its end was never signed to anybody."""
        with errors_named(self._path), self._open("rb") as file:
            lines = file.read().split(b"\n")[:-1]
        return [self._read(number, line) for number, line in enumerate(lines, start=1)]

    def genuine(self, checkpoint: Checkpoint) -> bool:
        """See `Checkpoints.genuine`."""
        return is_signed_by(checkpoint, self._public_key)

    def key_id(self) -> str:
        """See `Checkpoints.key_id`."""
        return self._key_id

    def public_key(self) -> str:
        """See `Checkpoints.public_key`."""
        return self._public_key

    def _open(self, mode: Literal["rb", "r+b"]) -> BinaryIO:
        try:
            return self._path.open(mode)
        except FileNotFoundError as exc:
            raise AuditDamaged(
                f"The checkpoints {self._path} have been removed; their key is still there.",
                hint="Restore the file from a backup or from an audit export.",
            ) from exc

    def _read(self, number: int, line: bytes) -> Checkpoint:
        try:
            return Checkpoint.model_validate_json(line)
        except ValidationError as exc:
            raise AuditDamaged(
                f"Line {number} of {self._path} is no longer a checkpoint.",
                hint="Restore the file from a backup or from an audit export.",
            ) from exc


def _drop_torn_line(file: BinaryIO) -> None:
    """Cut off what a killed writer left behind the last whole line; ends at the end of the file."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - 4096)
        file.seek(start)
        newline = file.read(end - start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    file.truncate(end)
    file.seek(end)
