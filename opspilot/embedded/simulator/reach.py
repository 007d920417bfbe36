"""Which parts of a chunk a question needs: only routes and queues that can matter are walked.

The call graph is read from what the environments of all versions have ever named, so it holds for
every moment of the timeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opspilot.embedded.configuration import Timeline, VersionConfig
from opspilot.embedded.fleet import Build, Fleet, Invoke, Send
from opspilot.embedded.simulator.resolve import split_target


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
        self._sends: dict[str, set[str]] = {}
        self._limited = False
        self._kept: dict[str | None, Parts] = {}

    def everything(self) -> Parts:
        """All routes and queues."""
        return Parts(frozenset(range(len(self._fleet.api.routes))), queues=True)

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
        """Functions that messages sent by these can reach, further queues included."""
        consumers = {q.name: q.consumer for q in self._fleet.queues}
        reached: set[str] = set()
        waiting = {queue for f in functions for queue in self._sends.get(f, ())}
        done: set[str] = set()
        while waiting:
            queue = waiting.pop()
            done.add(queue)
            consumer = consumers.get(queue)
            if consumer is not None:
                inside = self._closure(consumer)
                reached |= inside
                waiting |= {q for f in inside for q in self._sends.get(f, ())} - done
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
            for function in state.functions.values():
                self._limited = self._limited or function.reserved is not None
                for version in (function.latest, *function.versions.values()):
                    self._add(function.name, version)
        self._seen = len(states)
        self._kept.clear()

    def _add(self, name: str, version: VersionConfig) -> None:
        for variable, is_call in _variables(self._builds[version.build]):
            value = version.environment.get(variable)
            if value is None:
                continue
            if is_call:
                self._calls.setdefault(name, set()).add(split_target(value)[0])
            else:
                self._sends.setdefault(name, set()).add(value.rsplit("/", 1)[-1])


def _variables(build: Build) -> Iterator[tuple[str, bool]]:
    for step in build.steps:
        if isinstance(step, Invoke):
            yield step.variable, True
        elif isinstance(step, Send):
            yield step.variable, False
