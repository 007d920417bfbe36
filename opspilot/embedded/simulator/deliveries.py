"""What a request leaves behind for others to work on after it: messages, events, records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opspilot.embedded.simulator.traffic import Floats, Ints

Handed = Literal["message", "event", "record"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Things handed over at one place of the call graph; arrays have one entry each.

    Attributes:
        kind: A message to a queue, an event to a function, a record to a stream.
        target: Name of the queue or stream, or what the caller named as the function.
        hops: How many functions behind queues have passed the request on before this one.
    """

    kind: Handed
    place: str
    target: str
    rows: Ints
    at: Floats
    hops: int = 0
