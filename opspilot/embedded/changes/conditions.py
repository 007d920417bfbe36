"""Changes of the world around the account: traffic, services outside, expiries, poison."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from opspilot.embedded.changes.checks import Params, Stamp, number, text, whole
from opspilot.embedded.conditions import (
    ALL_ROUTES,
    GROUPS,
    AwsTrouble,
    ClientErrors,
    Expiry,
    ServiceTrouble,
    TrafficLevel,
)
from opspilot.embedded.configuration import Configuration
from opspilot.embedded.errors import EmbeddedError

_NAMES = {
    "traffic": "traffic",
    "client_errors": "client_errors",
    "service": "services",
    "aws": "aws",
    "poison": "poison",
    "hot_key": "hot_keys",
    "expired": "expired",
    "cold_starts": "cold_starts",
}
"""What `condition.KIND` calls a group, and the group's field."""


def _with(state: Configuration, group: str, name: str, value: object) -> Configuration:
    return replace(state, conditions=state.conditions.with_entry(group, name, value))


def _share(params: Params, key: str) -> float:
    value = number(params, key) or 0.0
    if not 0.0 <= value <= 1.0:
        raise EmbeddedError(f"{key} must lie between 0 and 1, not {value:g}")
    return value


def _traffic(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    route = text(params, "route") or ALL_ROUTES
    factor = number(params, "factor")
    if factor is None or not 0.0 <= factor <= 100.0:
        raise EmbeddedError(f"a traffic factor must lie between 0 and 100, not {factor}")
    earlier = state.conditions.traffic.get(route)
    before = 1.0 if earlier is None else float(earlier.at(np.array([stamp.at]))[0])
    level = TrafficLevel(factor, before, stamp.at, number(params, "ramp_s") or 0.0)
    return _with(state, "traffic", route, level)


def _client_errors(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    errors = ClientErrors(_share(params, "share"), whole(params, "status") or 400)
    return _with(state, "client_errors", text(params, "route") or ALL_ROUTES, errors)


def _service(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    host = str(params["host"])
    trouble = ServiceTrouble(
        number(params, "extra_ms") or 0.0,
        _share(params, "failure_share"),
        text(params, "failure_type") or "HTTPError",
        text(params, "failure_message")
        or f"503 Server Error: Service Unavailable for url: https://{host}/",
    )
    return _with(state, "services", host, trouble)


def _aws(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    trouble = AwsTrouble(
        number(params, "extra_ms") or 0.0,
        _share(params, "failure_share"),
        text(params, "code") or "InternalServerError",
    )
    return _with(state, "aws", str(params["service"]), trouble)


def _poison(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    name = text(params, "queue") or str(params["stream"])
    return _with(state, "poison", name, _share(params, "share"))


def _hot_key(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    return _with(state, "hot_keys", str(params["table"]), _share(params, "share"))


def _expired(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    name = text(params, "function") or str(params["host"])
    expiry = Expiry(text(params, "type") or "RuntimeError", str(params["message"]))
    return _with(state, "expired", name, expiry)


def _cold_starts(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    return _with(state, "cold_starts", str(params["function"]), _share(params, "share"))


def _clear(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    """`name`: a kind ("service"), a kind and what it is of ("service:host"), or all without it."""
    del stamp
    kind, _, entry = (text(params, "name") or "").partition(":")
    group = _NAMES.get(kind) if kind else None
    if kind and group not in GROUPS:
        raise EmbeddedError(f"there is no condition {kind!r}; there are: {', '.join(_NAMES)}")
    return replace(state, conditions=state.conditions.without(group, entry or None))


CHANGES = {
    "condition.traffic": _traffic,
    "condition.client_errors": _client_errors,
    "condition.service": _service,
    "condition.aws": _aws,
    "condition.poison": _poison,
    "condition.hot_key": _hot_key,
    "condition.expired": _expired,
    "condition.cold_starts": _cold_starts,
    "condition.clear": _clear,
}
