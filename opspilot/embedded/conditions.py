"""The world around the configuration: traffic, services outside, keys that expire.

Nothing of it can be read through an API: it shows by its effects alone. Values are immutable and
belong to a `Configuration`, so the timeline knows what held when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import cast

import numpy as np

ALL_ROUTES = ""
ALL_SERVICES = "*"


@dataclass(frozen=True, slots=True)
class TrafficLevel:
    """Requests of a route as a multiple of its usual rhythm.

    Attributes:
        before: The factor when the condition began; the level moves on from it within `ramp_s`.
    """

    factor: float
    before: float
    since: float
    ramp_s: float = 0.0

    def at(self, times: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray:
        """The factor at these times, none of which lies before the condition."""
        if self.ramp_s <= 0.0:
            return np.full(times.size, self.factor)
        passed = np.clip((times - self.since) / self.ramp_s, 0.0, 1.0)
        return self.before + (self.factor - self.before) * passed


@dataclass(frozen=True, slots=True)
class ClientErrors:
    """Requests that clients get wrong: 401, 403 and 429 are refused before the function."""

    share: float
    status: int


@dataclass(frozen=True, slots=True)
class ServiceTrouble:
    """A service outside the account is slow, or fails with an exception of the client library."""

    extra_ms: float = 0.0
    failure_share: float = 0.0
    failure_type: str = ""
    failure_message: str = ""


@dataclass(frozen=True, slots=True)
class AwsTrouble:
    """A service of AWS is slow or fails, for every caller in the account."""

    extra_ms: float = 0.0
    failure_share: float = 0.0
    code: str = "InternalServerError"


@dataclass(frozen=True, slots=True)
class Expiry:
    """A secret or certificate that is no longer accepted, and the exception that says so."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that holds at one time.

    Attributes:
        traffic: By route ("POST /orders"), or `ALL_ROUTES`; factors of both multiply.
        client_errors: By route, or `ALL_ROUTES`.
        services: By host.
        aws: By service ("dynamodb", "sqs", "kinesis", "lambda"), or `ALL_SERVICES`.
        poison: Share of messages or records that no consumer can digest, by queue or stream.
        hot_keys: Share of a table's requests that go to one key.
        expired: By function or host.
        cold_starts: Share of a function's invocations that find no warm container.
    """

    traffic: Mapping[str, TrafficLevel] = field(default_factory=dict[str, TrafficLevel])
    client_errors: Mapping[str, ClientErrors] = field(default_factory=dict[str, ClientErrors])
    services: Mapping[str, ServiceTrouble] = field(default_factory=dict[str, ServiceTrouble])
    aws: Mapping[str, AwsTrouble] = field(default_factory=dict[str, AwsTrouble])
    poison: Mapping[str, float] = field(default_factory=dict[str, float])
    hot_keys: Mapping[str, float] = field(default_factory=dict[str, float])
    expired: Mapping[str, Expiry] = field(default_factory=dict[str, Expiry])
    cold_starts: Mapping[str, float] = field(default_factory=dict[str, float])

    def with_entry(self, group: str, name: str, value: object) -> Conditions:
        """A copy in which one entry of a group is set."""
        changed = {**cast("Mapping[str, object]", getattr(self, group)), name: value}
        return replace(self, **cast("dict[str, dict[str, float]]", {group: changed}))

    def without(self, group: str | None = None, name: str | None = None) -> Conditions:
        """A copy without one entry, without a group, or without anything."""
        if group is None:
            return Conditions()
        kept: dict[str, object] = {}
        if name is not None:
            kept = {**cast("Mapping[str, object]", getattr(self, group))}
            kept.pop(name, None)
        return replace(self, **cast("dict[str, dict[str, float]]", {group: kept}))


GROUPS = tuple(one.name for one in fields(Conditions))
