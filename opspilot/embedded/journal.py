"""The durable journal: one line a record, each with its checksum, appended with fsync.

A process killed while it writes leaves at most one torn last line, whose answer never left: it is
cut off at the next start. Anything else that does not check out is damage and refused by line
number.
"""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from opspilot.embedded.errors import JournalDamaged

Record = Mapping[str, object]


class Journal:
    """An append-only file of JSON records."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; a torn last line is cut off, other damage raises."""
        self._path = path
        self.records: list[Record] = []
        intact = self._load() if path.exists() else 0
        self._stream = path.open("ab")
        self._stream.truncate(intact)
        self._stream.seek(intact)

    def append(self, record: Record) -> None:
        """Write a record through to the disk."""
        body = json.dumps(record, separators=(",", ":"), sort_keys=True).encode()
        self._stream.write(b"%08x %s\n" % (zlib.crc32(body), body))
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self.records.append(record)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _load(self) -> int:
        content = self._path.read_bytes()
        lines = content.split(b"\n")
        position = 0
        for number, line in enumerate(lines[:-1], start=1):
            record = _parse(line)
            if record is None and number == len(lines) - 1:
                return position
            if record is None:
                raise JournalDamaged(
                    f"{self._path} is damaged at line {number} of {len(lines) - 1}: restore the "
                    "file, or delete the state folder to begin a new world"
                )
            self.records.append(record)
            position += len(line) + 1
        return position


def _parse(line: bytes) -> Record | None:
    checksum, _, body = line.partition(b" ")
    if len(checksum) != 8 or checksum != b"%08x" % zlib.crc32(body):
        return None
    try:
        parsed: object = json.loads(body)
    except ValueError:
        return None
    return cast("Record", parsed) if isinstance(parsed, dict) else None
