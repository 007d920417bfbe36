"""The account's configuration: immutable values, shared by the AWS answers and the simulator."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from opspilot.embedded.conditions import Conditions
from opspilot.embedded.fleet import LATEST
from opspilot.embedded.stores import MappingConfig, QueueConfig, StreamConfig, TableConfig

ACCOUNT_CONCURRENCY = 1000


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
class AsyncConfig:
    """How a function's asynchronous invocations are tried again and where they end.

    Attributes:
        dead_letter: Queue that gets events given up; `on_failure` likewise, as a destination.
        modified: When PutFunctionEventInvokeConfig was last called; None before the first.
    """

    max_retries: int = 2
    max_age_s: float = 6 * 3600.0
    dead_letter: str | None = None
    on_failure: str | None = None
    modified: float | None = None


@dataclass(frozen=True, slots=True)
class RoleConfig:
    """What an execution role may not do.

    Attributes:
        denied: Actions that an inline policy denies, by the policy's name.
        lost: Actions that no policy allows any more, by the policy that allowed them.
        rewritten: Attached managed policies of which a newer version holds.
    """

    name: str
    denied: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    lost: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    rewritten: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FunctionConfig:
    """A function with its versions and aliases.

    Attributes:
        versions: Published versions by number, oldest first.
        reserved: Reserved concurrency; None when the function shares the account's pool.
        closed_to: Routes ("POST /orders") whose statement in the resource policy was removed: the
            API may not invoke the function for them.
        updating_until: Account time at which the last update has settled.
    """

    name: str
    latest: VersionConfig
    versions: Mapping[str, VersionConfig]
    aliases: Mapping[str, AliasConfig]
    reserved: int | None = None
    updating_until: float = 0.0
    asynchronous: AsyncConfig = AsyncConfig()
    closed_to: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def version(self, qualifier: str | None) -> VersionConfig | None:
        """The version behind a qualifier (number, alias, `$LATEST` or none); None when unknown."""
        if qualifier is None or qualifier == LATEST:
            return self.latest
        alias = self.aliases.get(qualifier)
        return self.versions.get(alias.version if alias else qualifier)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything of the account that traffic can notice: its configuration and its conditions.

    Attributes:
        mappings: Event source mappings by UUID.
        roles: Execution roles by name.
        integration_timeouts_s: By "METHOD /path"; the API's own where one is missing.
    """

    functions: Mapping[str, FunctionConfig]
    tables: Mapping[str, TableConfig]
    queues: Mapping[str, QueueConfig]
    streams: Mapping[str, StreamConfig] = field(default_factory=dict[str, StreamConfig])
    mappings: Mapping[str, MappingConfig] = field(default_factory=dict[str, MappingConfig])
    roles: Mapping[str, RoleConfig] = field(default_factory=dict[str, RoleConfig])
    integration_timeouts_s: Mapping[str, float] = field(default_factory=dict[str, float])
    account_concurrency: int = ACCOUNT_CONCURRENCY
    conditions: Conditions = field(default_factory=Conditions)
    region: str = "eu-west-1"
    account_id: str = "123456789012"
    api_id: str = ""
    api_protocol: str = "REST"

    def with_function(self, function: FunctionConfig) -> Configuration:
        """A copy in which that function is replaced."""
        return replace(self, functions={**self.functions, function.name: function})

    def with_table(self, table: TableConfig) -> Configuration:
        """A copy in which that table is replaced."""
        return replace(self, tables={**self.tables, table.name: table})

    def with_queue(self, queue: QueueConfig) -> Configuration:
        """A copy in which that queue is replaced."""
        return replace(self, queues={**self.queues, queue.name: queue})

    def with_mapping(self, mapping: MappingConfig) -> Configuration:
        """A copy in which that mapping is replaced."""
        return replace(self, mappings={**self.mappings, mapping.id: mapping})

    def with_role(self, role: RoleConfig) -> Configuration:
        """A copy in which that role is replaced."""
        return replace(self, roles={**self.roles, role.name: role})

    def mappings_of(self, source: str) -> list[MappingConfig]:
        """The mappings that read a queue or stream."""
        return [one for one in self.mappings.values() if one.source == source]


class Timeline:
    """Configurations over time: entry i holds from `times[i]` until the next."""

    def __init__(self, initial: Configuration) -> None:
        self.times: list[float] = [float("-inf")]
        self.states: list[Configuration] = [initial]

    @property
    def newest_at(self) -> float:
        """When the newest configuration began."""
        return self.times[-1]

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
