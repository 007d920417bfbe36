"""Counts what is asked of AWS, where it is sent."""

from typing import Protocol


class Meter(Protocol):
    """Tells what one thread has sent."""

    def sent(self) -> int:
        """Requests that the calling thread has sent so far: retries and failures count as well.

        What a port answers from its memory is not counted, as nothing was sent for it.
        """
        ...
