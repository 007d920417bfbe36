"""Log groups of the account: events by time, as an observer sees them."""

from __future__ import annotations

import bisect
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Protocol

from opspilot.embedded.simulator.chunks import Simulation
from opspilot.embedded.simulator.traffic import CHUNK_S
from opspilot.embedded.telemetry.loglines import LogEvent, Renderer, hour_of

INGESTION_DELAY_S = 4.0
_GROUP_PREFIX = "/aws/lambda/"
_DAY = 86400.0
_KEPT = 24
_HOUR_MS = CHUNK_S * 1000
_time = attrgetter("timestamp")


class _Origin(Protocol):
    @property
    def region(self) -> str: ...


class Logs:
    """Reads the log groups; one for each function.

    Events of an hour keep their positions once visible, so (hour, position) is a stable cursor.
    """

    def __init__(self, simulation: Simulation, origin: _Origin) -> None:
        fleet = simulation.fleet
        self._simulation = simulation
        self._renderer = Renderer(
            simulation.seed, origin.region, {f.name: f.log_format for f in fleet.functions}
        )
        self._retention_s = fleet.log_retention_days * _DAY
        self._rendered: OrderedDict[tuple[str, int], tuple[int, list[LogEvent]]] = OrderedDict()
        self._streams: OrderedDict[tuple[str, int], tuple[list[LogEvent], dict[str, list[int]]]] = (
            OrderedDict()
        )
        self._hours: OrderedDict[tuple[str, int], tuple[int, list[LogEvent]]] = OrderedDict()

    @property
    def retention_days(self) -> int:
        """Days after which events are gone."""
        return self._simulation.fleet.log_retention_days

    def groups(self) -> list[str]:
        """Names of all groups, sorted."""
        return sorted(_GROUP_PREFIX + f.name for f in self._simulation.fleet.functions)

    def visible_span(self, start_ms: int, end_ms: int, now: float) -> tuple[int, int]:
        """The part of [start, end) that retention and ingestion leave."""
        oldest = int(
            max(now - self._retention_s, self._simulation.first_chunk * float(CHUNK_S)) * 1000
        )
        newest = int((now - INGESTION_DELAY_S) * 1000) + 1
        return max(start_ms, oldest), min(end_ms, newest)

    def events(self, group: str, start_ms: int, end_ms: int, now: float) -> Iterator[LogEvent]:
        """Visible events with start <= time < end, by time."""
        start_ms, end_ms = self.visible_span(start_ms, end_ms, now)
        if end_ms <= start_ms:
            return
        for hour in range(hour_of(start_ms), hour_of(end_ms - 1) + 1):
            events = self.hour(group, hour)
            yield from _within(events, start_ms, end_ms)

    def hour(self, group: str, hour: int) -> list[LogEvent]:
        """All events of one hour by time, those not visible yet included."""
        function = group.removeprefix(_GROUP_PREFIX)
        key = (function, hour)
        epochs = self._simulation.epochs(hour)
        kept = self._hours.get(key)
        if kept is None or kept[0] != epochs:
            begin, end = hour * _HOUR_MS, (hour + 1) * _HOUR_MS
            chunks = self._chunk(function, hour - 1), self._chunk(function, hour)
            events = [event for chunk in chunks for event in _within(chunk, begin, end)]
            events.sort(key=_time)
            kept = (epochs, events)
            _remember(self._hours, key, kept)
        return kept[1]

    def positions(self, group: str, hour: int, stream: str) -> list[int]:
        """Where in the hour's events those of a stream stand."""
        key = (group, hour)
        events = self.hour(group, hour)
        kept = self._streams.get(key)
        if kept is None or kept[0] is not events:
            index: dict[str, list[int]] = {}
            for position, event in enumerate(events):
                index.setdefault(event.stream, []).append(position)
            kept = self._streams[key] = (events, index)
            while len(self._streams) > _KEPT:
                self._streams.popitem(last=False)
        return kept[1].get(stream, [])

    def _chunk(self, function: str, chunk: int) -> list[LogEvent]:
        key = (function, chunk)
        epochs = self._simulation.epochs(chunk)
        kept = self._rendered.get(key)
        if kept is None or kept[0] != epochs:
            parts = self._simulation.reach.of_function(function)
            trace = self._simulation.trace(chunk, parts, detail=True)
            kept = (epochs, self._renderer.lines(function, trace))
            _remember(self._rendered, key, kept)
        return kept[1]


def _within(events: Sequence[LogEvent], start_ms: int, end_ms: int) -> Sequence[LogEvent]:
    """Those of events by time with start <= time < end."""
    first = bisect.bisect_left(events, start_ms, key=_time)
    return events[first : bisect.bisect_left(events, end_ms, first, key=_time)]


def _remember(
    cache: OrderedDict[tuple[str, int], tuple[int, list[LogEvent]]],
    key: tuple[str, int],
    value: tuple[int, list[LogEvent]],
) -> None:
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > _KEPT:
        cache.popitem(last=False)
