"""The account's configuration: immutable values, shared by the AWS answers and the simulator."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field

from opspilot.embedded.fleet import LATEST


@dataclass(frozen=True, slots=True)
class VersionConfig:
    """One version of a function, `$LATEST` or a published number."""

    version: str
    build: str
    memory_mb: int
    timeout_s: int
    environment: Mapping[str, str]
    handler: str
    runtime: str
    description: str
    last_modified: float
    revision_id: str
    ephemeral_mb: int = 512
    role: str = ""

    def settings(self) -> tuple[object, ...]:
        """What makes two versions the same to PublishVersion."""
        return (
            self.build,
            self.memory_mb,
            self.timeout_s,
            tuple(sorted(self.environment.items())),
            self.handler,
            self.runtime,
            self.ephemeral_mb,
            self.role,
        )


@dataclass(frozen=True, slots=True)
class AliasConfig:
    """An alias: a version, and at most one other version with a weight."""

    name: str
    version: str
    revision_id: str
    description: str = ""
    weights: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class FunctionConfig:
    """A function with its versions and aliases.

    Attributes:
        versions: Published versions by number, oldest first.
        reserved: Reserved concurrency; None when the function shares the account's pool.
        updating_until: Account time at which the last update has settled.
    """

    name: str
    latest: VersionConfig
    versions: Mapping[str, VersionConfig]
    aliases: Mapping[str, AliasConfig]
    reserved: int | None = None
    updating_until: float = 0.0
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def version(self, qualifier: str | None) -> VersionConfig | None:
        """The version behind a qualifier (number, alias, `$LATEST` or none); None when unknown."""
        if qualifier is None or qualifier == LATEST:
            return self.latest
        alias = self.aliases.get(qualifier)
        return self.versions.get(alias.version if alias else qualifier)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything of the account's configuration that traffic can notice."""

    functions: Mapping[str, FunctionConfig]
    tables: frozenset[str]
    queues: frozenset[str]

    def with_function(self, function: FunctionConfig) -> Configuration:
        """A copy in which that function is replaced."""
        return Configuration({**self.functions, function.name: function}, self.tables, self.queues)


class Timeline:
    """Configurations over time: entry i holds from `times[i]` until the next."""

    def __init__(self, initial: Configuration) -> None:
        self.times: list[float] = [float("-inf")]
        self.states: list[Configuration] = [initial]

    @property
    def current(self) -> Configuration:
        """The newest configuration."""
        return self.states[-1]

    def append(self, at: float, state: Configuration) -> None:
        """Add a configuration that holds from `at`, which is not before the last one."""
        if at < self.times[-1]:
            raise ValueError(f"a change at {at} lies before the last one at {self.times[-1]}")
        self.times.append(at)
        self.states.append(state)

    def index(self, at: float) -> int:
        """Which entry holds at that time."""
        return bisect.bisect_right(self.times, at) - 1
