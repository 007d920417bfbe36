"""How much traffic a route gets and how many of its requests are wrong, as conditions say.

Conditions never move a request of the usual traffic: less traffic leaves some of its requests out,
more traffic adds whole layers of the same rhythm and leaves some of theirs out. So every request
keeps its identity, and with it its luck, whatever the conditions are.
"""

from __future__ import annotations

import math

import numpy as np

from opspilot.embedded.conditions import ALL_ROUTES, Conditions, TrafficLevel
from opspilot.embedded.configuration import Timeline
from opspilot.embedded.simulator.cold_starts import NEW_CONTAINERS_S
from opspilot.embedded.simulator.traffic import Floats, Ints

_BAD_REQUEST = 400
_SERVICE_S = 1.5


class Levels:
    """The conditions of traffic within one chunk."""

    def __init__(self, timeline: Timeline, begin: float, end: float) -> None:
        first, last = timeline.index(begin), timeline.index(end)
        self._bounds = np.asarray(timeline.times[first + 1 : last + 1], dtype=np.float64)
        self._states = [state.conditions for state in timeline.states[first : last + 1]]
        self.quiet = not any(one.traffic for one in self._states)
        self._right = not any(one.client_errors for one in self._states)

    def layers(self, route: str) -> int:
        """How many layers of requests the route can need: 1 unless there is more traffic."""
        if self.quiet:
            return 1
        return max(1, *(math.ceil(_most(one, route)) for one in self._states))

    def factor(self, route: str, times: Floats) -> Floats:
        """The route's traffic at these times, as a multiple of the usual."""
        factor = np.ones(times.size)
        for conditions, members in self._held(times):
            for name in (ALL_ROUTES, route):
                level = conditions.traffic.get(name)
                if level is not None:
                    factor[members] *= level.at(times[members])
        return factor

    def growth(self, route: str, times: Floats) -> Floats:
        """Share of the requests at these times for which new containers have to start."""
        share = np.zeros(times.size)
        for conditions, members in self._held(times):
            for name in (ALL_ROUTES, route):
                level = conditions.traffic.get(name)
                if level is not None and level.factor > level.before:
                    share[members] += _new_share(level, times[members])
        return np.minimum(share, 1.0)

    def status(self, route: str, times: Floats, luck: Floats, usual_rate: float) -> Ints:
        """The status with which the API or the function refuses a request; 0 when it is right."""
        status = np.where(luck < usual_rate, _BAD_REQUEST, 0)
        if self._right:
            return status
        for conditions, members in self._held(times):
            wrong = conditions.client_errors.get(route) or conditions.client_errors.get(ALL_ROUTES)
            if wrong is not None:
                high = luck[members] >= 1.0 - wrong.share
                status[members[high]] = wrong.status
        return status

    def _held(self, times: Floats) -> list[tuple[Conditions, Ints]]:
        if len(self._states) == 1:
            return [(self._states[0], np.arange(times.size))]
        index = np.searchsorted(self._bounds, times, side="right")
        return [(self._states[int(one)], np.flatnonzero(index == one)) for one in np.unique(index)]


def _new_share(level: TrafficLevel, times: Floats) -> Floats:
    """After a jump nearly all that is added; during a ramp what is added while one request runs."""
    age = times - level.since
    if level.ramp_s <= 0.0:
        return (1.0 - level.before / level.factor) * np.exp(-age / NEW_CONTAINERS_S)
    slope = (level.factor - level.before) / level.ramp_s
    return np.where(age <= level.ramp_s, slope / level.at(times) * _SERVICE_S, 0.0)


def _most(conditions: Conditions, route: str) -> float:
    most = 1.0
    for name in (ALL_ROUTES, route):
        level = conditions.traffic.get(name)
        if level is not None:
            most *= max(level.factor, level.before)
    return most
