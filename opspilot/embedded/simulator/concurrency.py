"""Reserved concurrency: which invocations are admitted when only so many may run at once."""

import heapq

import numpy as np

from opspilot.embedded.simulator.traffic import Bools, Floats


class Occupancy:
    """Invocations of one function that were admitted so far."""

    def __init__(self) -> None:
        self._starts: Floats = np.empty(0)
        self._ends: Floats = np.empty(0)

    def admit(self, start: Floats, end: Floats, limit: int) -> Bools:
        """Which of these invocations (sorted by start) run, given what already runs.

        `end` is when each would end if it were admitted. The admitted ones join the occupancy.
        """
        taken = self._running(start)
        admitted = np.zeros(start.size, dtype=bool)
        running: list[float] = []
        for position in range(start.size if limit > 0 else 0):
            while running and running[0] <= start[position]:
                heapq.heappop(running)
            if len(running) + taken[position] < limit:
                heapq.heappush(running, float(end[position]))
                admitted[position] = True
        self._starts = np.sort(np.concatenate([self._starts, start[admitted]]))
        self._ends = np.sort(np.concatenate([self._ends, end[admitted]]))
        return admitted

    def _running(self, at: Floats) -> Floats:
        begun = np.searchsorted(self._starts, at, side="right")
        done = np.searchsorted(self._ends, at, side="right")
        return (begun - done).astype(np.float64)
