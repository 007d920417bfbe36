"""What a fault is: changes that somebody makes, and the builds that they bring along."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from opspilot.embedded.changes import Params, newest_version
from opspilot.embedded.configuration import FunctionConfig
from opspilot.embedded.fleet import Build, PlannedChange

PUBLISHED = "{published}"
"""Stands in a step's `version` for the version that the fault's own PublishVersion made."""

VARIABLES = "variables"
"""A step's parameter with the environment variables that somebody changes; the others stay."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as data.

    Attributes:
        title: A few words; `description`: one or two sentences that give it away.
        hints: For whoever looks for the cause, one after the other, the last one tells it.
        workload: The workload that it belongs to.
        steps: Changes made at the moment of injection, in this order.
        builds: Builds that the steps deploy and that the workload does not know.
    """

    name: str
    title: str
    description: str
    workload: str
    steps: tuple[PlannedChange, ...]
    hints: tuple[str, ...] = ()
    builds: Mapping[str, Build] = field(default_factory=dict[str, Build])


def as_asked(params: Params, function: FunctionConfig) -> Params:
    """A step's parameters as the API takes them: the published version, the whole environment."""
    asked = dict(params)
    if asked.get("version") == PUBLISHED:
        asked["version"] = newest_version(function).version
    if VARIABLES in asked:
        changed = cast("Mapping[str, str]", asked.pop(VARIABLES))
        asked["environment"] = {**function.latest.environment, **changed}
    return asked
