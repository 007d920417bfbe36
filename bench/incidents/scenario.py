"""A scenario as its YAML file declares it; docs/benchmarks-incidents.md explains each field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from bench.incidents.truth import CLOSED, Truth
from bench.incidents.vocabulary import NearMiss

Tag = Literal[
    "healthy",
    "surge",
    "recovered",
    "dual",
    "missing_source",
    "unobservable",
    "unrelated_deploy",
    "noisy_neighbour",
    "old_error_pattern",
    "misleading_line",
    "hostile_line",
    "deep_cascade",
]
"""What makes a scenario special, counted by the report; a plain fault has none."""


def _pair(value: object) -> object:
    """A single number stands for a range of one value."""
    return [value, value] if isinstance(value, int | float) else value


Range = Annotated[
    tuple[float, float],
    BeforeValidator(_pair),
    Field(description="[low, high], or one number"),
]


class Part(BaseModel):
    """Base of all parts: closed, so that a misspelt field is an error."""

    model_config = CLOSED


class Between(Part):
    """A number drawn evenly; whole when both ends are."""

    between: tuple[float | int, float | int]


class OneOf(Part):
    """One of several values."""

    one_of: Annotated[list[Any], Field(min_length=1)]


class Line(Part):
    """A log line of a build, as in `opspilot.embedded.fleet.LogLine`."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    text: str
    step: int | str = 0
    position: float | str = 1.0
    chance: float | str = 1.0


class BuildSpec(Part):
    """A build made of another one; what is not named stays.

    Attributes:
        base: The build that it is made of; `from` in YAML.
        lines: Instead of the base's lines; `more_lines` beside them.
        steps: Instead of the base's steps: `[{Work: {share: 0.5}}, {Invoke: {variable: NEXT}}]`.
        settings: Any other field of `opspilot.embedded.fleet.Build`.
    """

    base: Annotated[str, Field(alias="from")]
    lines: list[Line] | None = None
    more_lines: list[Line] = []
    steps: list[dict[str, dict[str, Any]]] | None = None
    failure: dict[str, Any] | None = None
    init_failure: dict[str, Any] | None = None
    settings: dict[str, Any] = {}


class Event(Part):
    """Something that happens: changes by one person at one moment, or conditions of the world.

    Attributes:
        at: Minutes after the scenario's zero; negative before. Zero is when trouble starts.
        name: By which a cause names it as its onset.
        decoy: Whether it has nothing to do with the trouble.
        steps: `[{lambda.update_code: {function: payments, build: payments-18}}]`, half a second
            apart; the kinds are those of `opspilot.embedded.changes`.
    """

    at: Range = (0.0, 0.0)
    name: str = ""
    user: str = "deploy-pipeline"
    decoy: bool = False
    steps: Annotated[list[dict[str, dict[str, Any]]], Field(min_length=1)]


class Open(Part):
    """How the incident comes about.

    Attributes:
        resource: That a person opens it on; empty with `alarm`.
        alarm: The alarm that opens it.
        after_minutes: Time since the scenario's zero.
        signal: On which trouble was seen, "lambda.errors"; empty for the resource's usual one.
    """

    resource: str = ""
    alarm: str = ""
    after_minutes: Range = (9.0, 18.0)
    signal: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Open:
        if bool(self.resource) == bool(self.alarm):
            raise ValueError("say either `resource` or `alarm`")
        return self


class Silenced(Part):
    """A source that does not answer: the operation, "logs:FilterLogEvents", and its error code."""

    operation: str
    code: str = "AccessDeniedException"


class Scenario(Part):
    """One scenario.

    Attributes:
        name: Of its file, without the ending.
        level: 1 (one fault, seen where it is) to 4 (deep, masked or contradictory).
        near_miss_of: The cause class that it looks like and is not.
        draw: Values that the seed chooses; `$name` stands for them anywhere below.
        traffic: Fields of `opspilot.embedded.fleet.Traffic` instead of the workload's.
        functions: Fields of `FunctionSpec` by function; queues, tables and streams likewise.
        account_concurrency: The account's limit of concurrent executions.
        scaled: Whether the seed may make all work of the workload a little slower or faster.
    """

    name: str
    title: str
    level: Annotated[int, Field(ge=1, le=4)]
    workload: str
    tags: list[Tag] = []
    near_miss_of: NearMiss = ""
    open: Open
    draw: dict[str, Between | OneOf] = {}
    traffic: dict[str, Any] = {}
    builds: dict[str, BuildSpec] = {}
    functions: dict[str, dict[str, Any]] = {}
    queues: dict[str, dict[str, Any]] = {}
    tables: dict[str, dict[str, Any]] = {}
    streams: dict[str, dict[str, Any]] = {}
    api: dict[str, Any] = {}
    account_concurrency: int | str | None = None
    scaled: bool = True
    events: list[Event] = []
    sources: list[Silenced] = []
    truth: Truth

    @model_validator(mode="after")
    def _coherent(self) -> Scenario:
        names = {event.name for event in self.events}
        for cause in self.truth.causes:
            if cause.onset and cause.onset not in names:
                raise ValueError(f"no event is called {cause.onset!r}, the onset of a cause")
        if ("dual" in self.tags) != (len(self.truth.causes) > 1):
            raise ValueError("a scenario with two causes is tagged dual, and no other")
        return self
