"""CloudTrail events: what was called, by whom, when, with which parameters and answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAMESPACE = uuid.UUID("6f1d2f0e-6c0b-4a52-9d6e-0b1f6ad6c002")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: user name, access key, user agent and source address."""

    user: str
    access_key: str = "AKIAIOSFODNN7EXAMPLE"
    agent: str = "aws-cli/2.31.9 md/awscrt#0.28.2 ua/2.1 os/linux#6.8"
    address: str = "198.51.100.24"

    def to_json(self) -> dict[str, str]:
        """For the journal."""
        return {
            "user": self.user,
            "access_key": self.access_key,
            "agent": self.agent,
            "address": self.address,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> Caller:
        """From the journal."""
        return cls(value["user"], value["access_key"], value["agent"], value["address"])


@dataclass(frozen=True, slots=True)
class ApiEvent:
    """A management event.

    Attributes:
        resources: (resource type, resource name) pairs.
        request: requestParameters; environments are left out, as AWS does.
    """

    id: str
    at: float
    name: str
    source: str
    caller: Caller
    resources: tuple[tuple[str, str], ...] = ()
    request: Mapping[str, object] = field(default_factory=dict[str, object])
    response: Mapping[str, object] | None = None
    error: tuple[str, str] | None = None


def event_id(seed: int, sequence: str) -> str:
    """An event id: the same for the same seed and sequence."""
    return str(uuid.uuid5(_NAMESPACE, f"{seed}/{sequence}"))
