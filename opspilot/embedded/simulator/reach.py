"""Which parts of a chunk a question needs: only routes and queues that can matter are walked.

The call graph is read from what the environments of all versions have ever named, so it holds for
every moment of the timeline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from opspilot.embedded.changes import unreserved
from opspilot.embedded.configuration import Configuration, Timeline, VersionConfig
from opspilot.embedded.fleet import Build, CallService, Fleet, Invoke, TableCall, Work
from opspilot.embedded.simulator.resolve import split_target

_BUSIEST = 1.7
"""The busiest minutes of a day, as a multiple of the mean."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Routes to walk, and whether to consume the queues that they fill."""

    routes: frozenset[int]
    queues: bool

    def __or__(self, other: Parts) -> Parts:
        """Both."""
        return Parts(self.routes | other.routes, self.queues or other.queues)


class Reach:
    """The call graph of everything that was ever configured."""

    def __init__(self, fleet: Fleet, builds: Mapping[str, Build], timeline: Timeline) -> None:
        self._fleet = fleet
        self._builds = builds
        self._timeline = timeline
        self._seen = 0
        self._calls: dict[str, set[str]] = {}
        self._handed: dict[str, set[str]] = {}
        self._consumers: dict[str, set[str]] = {}
        self._limited = False
        self._carries = False
        self._kept: dict[str | None, Parts] = {}

    def everything(self) -> Parts:
        """All routes and queues."""
        return Parts(frozenset(range(len(self._fleet.api.routes))), queues=True)

    def carries(self) -> bool:
        """Whether what piles up in one chunk holds up the next."""
        self._update()
        return self._carries

    def of_routes(self, method: str | None, path: str | None) -> Parts:
        """What the API's metrics need."""
        self._update()
        if self._limited:
            return self.everything()
        routes = self._fleet.api.routes
        chosen = [
            number
            for number, route in enumerate(routes)
            if method in (None, route.method) and path in (None, route.path)
        ]
        return Parts(frozenset(chosen), queues=False)

    def of_function(self, name: str | None) -> Parts:
        """What a function's metrics and log lines need; None stands for all functions."""
        self._update()
        if name is None or self._limited:
            return self.everything()
        found = self._kept.get(name)
        if found is None:
            found = self._kept[name] = self._parts(name)
        return found

    def _parts(self, name: str) -> Parts:
        direct: set[int] = set()
        queued: set[int] = set()
        for number, route in enumerate(self._fleet.api.routes):
            inside = self._closure(split_target(route.target)[0])
            if name in inside:
                direct.add(number)
            if name in self._behind_queues(inside):
                queued.add(number)
        return Parts(frozenset(direct | queued), queues=bool(queued))

    def _behind_queues(self, functions: set[str]) -> set[str]:
        """Functions that what these hand over can reach, further queues included."""
        reached: set[str] = set()
        waiting = {handed for f in functions for handed in self._handed.get(f, ())}
        done: set[str] = set()
        while waiting:
            handed = waiting.pop()
            done.add(handed)
            for consumer in self._consumers.get(handed, ()):
                inside = self._closure(consumer)
                reached |= inside
                waiting |= {one for f in inside for one in self._handed.get(f, ())} - done
        return reached

    def _closure(self, function: str) -> set[str]:
        found: set[str] = set()
        waiting = [function]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self._calls.get(name, ()))
        return found

    def _update(self) -> None:
        states = self._timeline.states
        if self._seen == len(states):
            return
        for state in states[self._seen :]:
            for mapping in state.mappings.values():
                consumer = split_target(mapping.target)[0]
                # A backlog that is worked off at once may exhaust the account.
                self._limited = self._limited or not mapping.enabled
                self._consumers.setdefault(mapping.source, set()).add(consumer)
            self._limited = self._limited or _is_tight(state, self._fleet)
            self._limited = self._limited or _is_bounded(state)
            self._carries = self._carries or _is_in_turn(state)
            for function in state.functions.values():
                self._limited = self._limited or function.reserved is not None
                for version in (function.latest, *function.versions.values()):
                    self._add(function.name, version)
        self._seen = len(states)
        self._kept.clear()

    def _add(self, name: str, version: VersionConfig) -> None:
        for step in self._builds[version.build].steps:
            if isinstance(step, Work | TableCall | CallService):
                continue
            value = version.environment.get(step.variable)
            if value is None:
                continue
            if isinstance(step, Invoke) and step.mode == "wait":
                self._calls.setdefault(name, set()).add(split_target(value)[0])
            elif isinstance(step, Invoke):
                target = split_target(value)[0]
                self._handed.setdefault(name, set()).add(f"event {target}")
                self._consumers.setdefault(f"event {target}", set()).add(target)
            else:
                self._handed.setdefault(name, set()).add(value.rsplit("/", 1)[-1])


def _is_bounded(state: Configuration) -> bool:
    """Whether a table, queue or stream may not keep up: all that use it matter then."""
    provisioned = any(table.billing == "provisioned" for table in state.tables.values())
    return _is_in_turn(state) or provisioned or bool(state.conditions.hot_keys)


def _is_in_turn(state: Configuration) -> bool:
    """Whether a queue or stream is worked off one after the other."""
    return bool(state.streams) or any(
        one.maximum_concurrency is not None for one in state.mappings.values()
    )


def _is_tight(state: Configuration, fleet: Fleet) -> bool:
    """Whether the account's concurrency could run out: every function's calls then matter.

    A bound without simulation: at the busiest hour every request keeps every function busy for a
    whole timeout.
    """
    levels = [max(one.factor, one.before) for one in state.conditions.traffic.values()]
    rate = fleet.traffic.per_minute / 60.0 * _BUSIEST * math.prod([max(1.0, f) for f in levels])
    seconds = sum(function.latest.timeout_s for function in state.functions.values())
    return rate * seconds > unreserved(state)
