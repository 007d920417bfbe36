"""What every kind of step has in common: who reaches it, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.configuration import Configuration
from opspilot.embedded.fleet import Failure
from opspilot.embedded.simulator.records import Runtime
from opspilot.embedded.simulator.traffic import Bools, Floats, Ints

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_SPREAD = 0.28


@dataclass(frozen=True, slots=True)
class Reached:
    """The invocations that reach a step; arrays have one entry each.

    Attributes:
        place: Place of the step in the call graph, the same for every configuration.
        rows: Which request of the chunk's route each belongs to.
        before: When the step begins.
        deadline: When the invocation times out.
    """

    walk: Walk
    runtime: Runtime
    state: Configuration
    place: str
    rows: Ints
    before: Floats
    deadline: Floats

    def variable(self, name: str) -> str | None:
        """A variable of the function's environment."""
        return self.runtime.version.environment.get(name)

    def latency_s(self, median_ms: float) -> Floats:
        """How long one request takes: log-normal around the median."""
        luck = self.walk.normal(self.place)[self.rows]
        return median_ms / 1000.0 * np.exp(_SPREAD * luck)

    def chosen(self, share: float, purpose: str) -> Bools:
        """A share of the invocations, the same for every configuration."""
        if share <= 0.0:
            return np.zeros(self.rows.size, dtype=bool)
        return self.walk.uniform(f"{self.place}!{purpose}")[self.rows] < share

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of the account."""
        return f"arn:aws:{service}:{self.state.region}:{self.state.account_id}:{resource}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """When the step has ended for each, and who fails in it: (mask or None for all, why)."""

    after: Floats
    failures: tuple[tuple[Bools | None, Failure], ...] = ()


def missing_variable(reached: Reached, name: str) -> Outcome:
    """The code reads a variable that is not set."""
    return Outcome(reached.before + 0.001, ((None, key_error(name)),))


def key_error(variable: str) -> Failure:
    """As Python raises it."""
    return Failure("KeyError", f"'{variable}'", ('File "/var/task/app.py", line 12, in <module>',))
