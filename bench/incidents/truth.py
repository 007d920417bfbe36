"""What is true of a scenario: causes, first failure, evidence, actions, and when it is cured."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bench.incidents.vocabulary import ActionName, CauseClass, Source

State = Literal["fault", "healthy", "surge", "recovered", "unobservable"]

CALM: tuple[State, ...] = ("healthy", "surge", "recovered")
"""States in which nothing of ours is broken, at least no longer."""


CLOSED = ConfigDict(frozen=True, extra="forbid")


class Strict(BaseModel):
    """Base of all parts: closed, so that a misspelt field is an error."""

    model_config = CLOSED


class Pair(Strict):
    """A cause: class and component, either may be one of several that are equally right."""

    cause: Annotated[CauseClass | list[CauseClass], Field(alias="class")]
    component: str | list[str]

    @property
    def classes(self) -> list[str]:
        """Every class that counts as right, the best name first."""
        return [self.cause] if isinstance(self.cause, str) else self.cause

    @property
    def components(self) -> list[str]:
        """Every component that counts as right, the best name first."""
        return [self.component] if isinstance(self.component, str) else self.component


class TrueCause(Pair):
    """A cause that was injected.

    Attributes:
        onset: Name of the event with which it began; empty for the scenario's zero.
        also: Other names under which it counts as found.
    """

    onset: str = ""
    also: list[Pair] = []


class Wanted(Strict):
    """Evidence that must be in the ledger, read and not missing.

    Attributes:
        source: metrics, logs, configuration, changes, topology, alarms, limits, traces.
        of: The resource that it is about.
        signal: With metrics: "lambda.errors".
        standing_out: With metrics: whether the detector must call it abnormal.
    """

    source: Source
    of: str
    signal: str = ""
    standing_out: bool = False


class ActionPattern(Strict):
    """Actions of a type, on one resource or (without `of`) on any; "*" is every type."""

    type: ActionName
    of: str = ""
    parameters: dict[str, Any] = {}


class Actions(Strict):
    """What a plan may propose.

    Attributes:
        right: Actions that would cure, each by itself; empty when none could.
        forbidden: Actions that do harm, or act on what is well.
    """

    right: list[ActionPattern] = []
    forbidden: list[ActionPattern] = []


class Measured(Strict):
    """A figure of the world over its last whole minutes: a signal, or its share of another one."""

    signal: str
    of: str
    per: str = ""
    below: float | str | None = None
    above: float | str | None = None
    per_of: str = ""

    @model_validator(mode="after")
    def _bounded(self) -> Measured:
        if self.below is None and self.above is None:
            raise ValueError("say `below`, `above` or both")
        return self


class Cure(Strict):
    """When the world is well again, measured on the world and not on the product's word.

    Attributes:
        within_minutes: After the plan was carried out.
        minutes: Length of the stretch, at its end, over which each figure is taken.
        every: All of these hold.
    """

    within_minutes: float = 12.0
    minutes: int = 6
    every: Annotated[list[Measured], Field(min_length=1)]


class Truth(Strict):
    """What was injected, and what follows from it.

    Attributes:
        causes: Of a fault; and of trouble that is over or cannot be seen, to judge what leads.
        first_failure: The resource that failed first; several where they fail at one moment or
            chance says which is first; empty where nothing fails, or where it may be any.
    """

    state: State
    causes: list[TrueCause] = []
    first_failure: str | list[str] = []
    evidence: list[Wanted] = []
    ruled_out: list[CauseClass] = []
    actions: Actions = Actions()
    cure: Cure | None = None
    note: str = ""

    @property
    def failing_first(self) -> list[str]:
        """Every resource that counts as the first to fail; none where it is not said."""
        first = self.first_failure
        return ([first] if first else []) if isinstance(first, str) else first

    @model_validator(mode="after")
    def _whole(self) -> Truth:
        if self.state == "fault" and not self.causes:
            raise ValueError("a fault has at least one cause")
        if self.state in ("healthy", "recovered") and self.cure is not None:
            raise ValueError(f"nothing is to be cured when the state is {self.state}")
        if self.state == "fault" and self.cure is None:
            raise ValueError("a fault says when the world is well again: `cure`")
        names = {name for one in self.causes for pair in (one, *one.also) for name in pair.classes}
        if both := sorted(names & set(self.ruled_out)):
            raise ValueError(f"{both[0]} is true and cannot be ruled out")
        return self
