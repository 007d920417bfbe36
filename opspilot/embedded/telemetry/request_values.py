"""What belongs to one request: its id, and the values that its log lines tell."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from opspilot.embedded.simulator.records import CallBatch
from opspilot.embedded.simulator.traffic import Ints

FIELDS: dict[str, Callable[[int, str], object]] = {
    "order": lambda root, _: f"o-{root & 0xFFFFFFFF:08x}",
    "customer": lambda root, _: f"c-{(root >> 20) & 0xFFFF:05d}",
    "amount": lambda root, _: f"{5 + ((root >> 8) & 0x3FFF) / 100:.2f}",
    "items": lambda root, _: 1 + (root >> 40) % 7,
    "number": lambda _, request: int(request[:4], 16),
}
"""Values of a log line's fields, each told from the request's root and its id."""


def request_ids(batch: CallBatch, chunk: int) -> list[str]:
    """Request ids of a batch: UUIDs of version 4, the same for the same place, row and chunk."""
    place = zlib.crc32(batch.path.encode())
    high = _mix((np.uint64(chunk) << np.uint64(32)) ^ np.uint64(place), batch.row)
    low = _mix(np.uint64(place) * np.uint64(0x9E3779B1), batch.row + 77_777)
    high = (high & ~np.uint64(0xF000)) | np.uint64(0x4000)
    low = (low & np.uint64(0x0FFFFFFFFFFFFFFF)) | np.uint64(0xA000000000000000)
    text = np.column_stack([high, low]).astype(">u8").tobytes().hex()
    digits = (text[at : at + 32] for at in range(0, len(text), 32))
    return [f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}" for d in digits]


def roots(batch: CallBatch, chunk: int) -> list[int]:
    """A number of each request's own, the same in every function that it reaches."""
    return _mix(np.uint64(chunk) * np.uint64(1_000_003), batch.row).tolist()


def _mix(salt: np.uint64, rows: Ints) -> npt.NDArray[np.uint64]:
    """SplitMix64 of row and salt."""
    with np.errstate(over="ignore"):
        x = rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + salt
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))
