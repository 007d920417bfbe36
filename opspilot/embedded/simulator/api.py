"""The API: requests come in, are refused or handed to the function behind the route."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.fleet import Route
from opspilot.embedded.simulator.records import ANSWERED, ApiBatch
from opspilot.embedded.simulator.requests import Requests, route_name
from opspilot.embedded.simulator.resolve import split_target
from opspilot.embedded.simulator.traffic import Bools, Floats

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_DOOR_MS = 4.0
_DEFAULT_STATUS, _FORBIDDEN, _BAD_GATEWAY, _TIMED_OUT = 200, 500, 502, 504


def serve(walk: Walk, route: Route, requests: Requests) -> None:
    """Answer the requests of a route and record how."""
    api = walk.fleet.api
    shut = _closed(walk, route, requests.time)
    inside = np.flatnonzero(~requests.at_the_door & ~shut)
    answer = walk.invoke(
        route_name(route), route.target, requests.time[inside], requests.rows[inside]
    )
    limit = _timeouts(walk, route, requests.time[inside])
    overhead = api.overhead_ms / 1000.0
    took = answer.end - requests.time[inside] + overhead
    late = took > limit
    took = np.minimum(took, limit)
    wrong = requests.wrong[inside]
    code = np.where(wrong > 0, wrong, _DEFAULT_STATUS)
    code = np.where(answer.seen == ANSWERED, code, _BAD_GATEWAY)
    code = np.where(late, _TIMED_OUT, code)
    latency = np.full(requests.time.size, _DOOR_MS / 1000.0)
    latency[inside] = took
    integration = np.full(requests.time.size, np.nan)
    integration[inside] = np.where(late, limit, took - overhead) * 1000.0
    status = np.where(shut & ~requests.at_the_door, _FORBIDDEN, requests.wrong)
    status[inside] = code
    walk.trace.api.append(
        ApiBatch(
            route.method,
            route.path,
            requests.time,
            requests.time + latency,
            latency * 1000.0,
            status,
            integration,
        )
    )


def _closed(walk: Walk, route: Route, times: Floats) -> Bools:
    """Whether the API may not invoke the function: it answers 500 and invokes nothing."""
    shut = np.zeros(times.size, dtype=bool)
    name = split_target(route.target)[0]
    for epoch, members in walk.epochs(times):
        function = walk.timeline.states[epoch].functions.get(name)
        shut[members] = function is not None and route_name(route) in function.closed_to
    return shut


def _timeouts(walk: Walk, route: Route, times: Floats) -> Floats:
    """How long the API waits for the function, at each of these times."""
    usual = walk.fleet.api.integration_timeout_s
    limit = np.full(times.size, usual)
    for epoch, members in walk.epochs(times):
        state = walk.timeline.states[epoch]
        limit[members] = state.integration_timeouts_s.get(route_name(route), usual)
    return limit
