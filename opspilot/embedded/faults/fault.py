"""What a fault is: changes that somebody makes, and the builds that they bring along."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from opspilot.embedded.fleet import Build, PlannedChange

PUBLISHED = "{published}"
"""Stands in a step's `version` for the version that the fault's own PublishVersion made."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as data.

    Attributes:
        workload: The workload that it belongs to.
        steps: Changes made at the moment of injection, in this order.
        builds: Builds that the steps deploy and that the workload does not know.
    """

    name: str
    title: str
    description: str
    workload: str
    steps: tuple[PlannedChange, ...]
    builds: Mapping[str, Build] = field(default_factory=dict[str, Build])
