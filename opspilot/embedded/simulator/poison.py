"""Messages and records that no consumer can digest."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.fleet import Failure
from opspilot.embedded.simulator.traffic import Bools, Floats, Ints

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_FRAMES = ('File "/var/task/app.py", line 38, in handler',)
_FAILURES = (
    Failure(
        "JSONDecodeError",
        "Expecting value: line 1 column 1 (char 0)",
        (*_FRAMES, 'File "/var/lang/lib/python3.13/json/decoder.py", line 363, in raw_decode'),
    ),
    Failure("KeyError", "'schema_version'", (*_FRAMES, 'File "/var/task/parse.py", line 17')),
    Failure(
        "ValueError",
        "unprocessable body: field 'amount' is not a number",
        (*_FRAMES, 'File "/var/task/parse.py", line 52, in decimal_of'),
    ),
)


def poisoned(walk: Walk, source: str, place: str, rows: Ints, at: Floats) -> Bools:
    """Which messages or records cannot be digested; decided when they come in."""
    share = np.zeros(rows.size)
    for epoch, members in walk.epochs(at):
        conditions = walk.timeline.states[epoch].conditions
        share[members] = conditions.poison.get(source, 0.0)
    if not share.any():
        return np.zeros(rows.size, dtype=bool)
    bad: Bools = walk.uniform(f"{place}!poison")[rows] < share
    return bad


def indigestion(place: str) -> Failure:
    """What the consumer's code raises on such a message: one and the same at one place."""
    return _FAILURES[zlib.crc32(place.partition("#")[0].encode()) % len(_FAILURES)]
