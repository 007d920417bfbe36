"""The requests that come in at the API: the usual ones, fewer, or more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opspilot.embedded.configuration import Timeline
from opspilot.embedded.fleet import Fleet, Route
from opspilot.embedded.simulator.levels import Levels
from opspilot.embedded.simulator.traffic import (
    CHUNK_S,
    Arrivals,
    Floats,
    Ints,
    arrivals,
    generator,
)

_REFUSED_AT_THE_DOOR = (401, 403, 429)
"""Statuses of an authorizer, a resource policy or a usage plan: no function is called."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests of one route within one chunk, sorted by time.

    Attributes:
        rows: Identity of each request: an index into everything that is drawn for the route.
        wrong: Status with which a client's mistake is answered, 0 where there is none.
        load: By row, for all that could come.
        sizes: How many rows each layer of traffic has.
        growth: By row, the share that meets new containers; None in usual traffic.
    """

    time: Floats
    rows: Ints
    wrong: Ints
    load: Floats
    sizes: tuple[int, ...]
    growth: Floats | None = None

    @property
    def at_the_door(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Requests that the API refuses before any function is called."""
        return np.isin(self.wrong, _REFUSED_AT_THE_DOOR)


def incoming(fleet: Fleet, seed: int, chunk: int, timeline: Timeline) -> list[Requests]:
    """The chunk's requests, one entry for each route of the API."""
    begin = chunk * float(CHUNK_S)
    levels = Levels(timeline, begin, begin + CHUNK_S)
    routes = fleet.api.routes
    names = [route_name(route) for route in routes]
    depth = [levels.layers(name) for name in names]
    every = [arrivals(fleet, seed, chunk, layer) for layer in range(max(depth, default=1))]
    rate = fleet.traffic.client_error_rate
    return [
        _route(levels, name, [layer[number] for layer in every[: depth[number]]], seed, chunk, rate)
        for number, name in enumerate(names)
    ]


def _route(
    levels: Levels, name: str, layers: list[Arrivals], seed: int, chunk: int, rate: float
) -> Requests:
    sizes = tuple(layer.time.size for layer in layers)
    time = np.concatenate([layer.time for layer in layers])
    wrong = np.concatenate([layer.wrong for layer in layers])
    load = np.concatenate([layer.load for layer in layers])
    rows = np.arange(time.size)
    growth = None
    if not levels.quiet:
        growth = levels.growth(name, time)
        number = np.repeat(np.arange(len(layers)), sizes)
        luck = np.concatenate(
            [
                generator(seed, chunk, f"level {name}+{layer}").random(size)
                for layer, size in enumerate(sizes)
            ]
        )
        rows = rows[luck < levels.factor(name, time) - number]
        rows = rows[np.argsort(time[rows], kind="stable")]
    status = levels.status(name, time[rows], wrong[rows], rate)
    return Requests(time[rows], rows, status, load, sizes, growth)


def route_name(route: Route) -> str:
    """How conditions and places name a route."""
    return f"{route.method} {route.path}"
