"""The event of one change, before it gets its id, its time and its caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opspilot.embedded.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Place:
    """Account and region that ARNs name."""

    account_id: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this place; IAM's have no region."""
        region = "" if service == "iam" else self.region
        return f"arn:aws:{service}:{region}:{self.account_id}:{resource}"


@dataclass(frozen=True, slots=True)
class Trace:
    """Name, source, resources and parameters of an event."""

    name: str
    source: str
    resources: tuple[tuple[str, str], ...]
    request: Mapping[str, object]
    response: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What an event tells of.

    Attributes:
        state: The configuration after the change, or before it when it was refused.
        refused: Whether AWS refused it.
    """

    kind: str
    params: Mapping[str, object]
    state: Configuration
    refused: bool
    place: Place


def present(**values: object) -> dict[str, object]:
    """The values that were given."""
    return {key: value for key, value in values.items() if value is not None}


def lowered(name: str) -> str:
    """A parameter's name as CloudTrail writes it."""
    return name[:1].lower() + name[1:]
