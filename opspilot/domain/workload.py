"""What runs: how functions, tables, queues and streams are configured, and who calls whom."""

from typing import Literal, cast

from pydantic import model_validator

from opspilot.domain.asynchronous import AsyncSettings
from opspilot.domain.model import Instant, Model
from opspilot.domain.resource import Resource


class FunctionVersion(Model):
    """A published version; immutable once published.

    Attributes:
        environment: As in FunctionConfiguration; None where it was not read.
    """

    version: str
    published_at: Instant
    code_sha256: str
    memory_mb: int
    timeout_seconds: int
    description: str = ""
    environment: dict[str, str] | None = None


class FunctionAlias(Model):
    """A name that points at a version.

    Attributes:
        weights: Extra version to weight, when traffic is split.
        revision_id: Guards an update of the alias.
    """

    name: str
    version: str
    weights: dict[str, float] = {}
    revision_id: str = ""


class EventSource(Model):
    """An event source mapping: Lambda polls `source` for `function`.

    Attributes:
        source: Queue, stream, or the table whose stream it is.
        qualifier: Alias or version that is invoked; empty for $LATEST.
        enabled: Whether it polls, or is about to.
        state: AWS's word: Enabled, Disabled, Updating ...
        maximum_retries: -1 retries until the record expires; None where the source has no such
            setting.
        reports_item_failures: Whether a batch may fail in part.
        last_result: AWS's word on the last poll, "OK", "PROBLEM: ...".
    """

    source: Resource
    function: Resource
    qualifier: str = ""
    enabled: bool = True
    state: str = ""
    batch_size: int | None = None
    maximum_concurrency: int | None = None
    bisect_on_error: bool = False
    maximum_retries: int | None = None
    reports_item_failures: bool = False
    last_modified: Instant | None = None
    last_result: str = ""


class FunctionConfiguration(Model):
    """A function as it is configured now ($LATEST), with its versions and aliases.

    Attributes:
        environment: Values as the API gives them; whoever stores them redacts first.
        environment_read: False when Lambda does not show the variables (no use of their key).
        reserved_concurrency: None when nothing is reserved.
        state: Active, Pending, Inactive or Failed.
        update_status: Successful, InProgress or Failed.
        versions: Newest first.
        role: ARN of the execution role; empty where it was not told.
        dead_letter: ARN to which failed asynchronous events go; empty for none.
        async_max_retries: Of $LATEST: retries of a failed asynchronous event; None where AWS's
            default holds, or where it was not read.
        async_max_age_seconds: How old such an event may get; None as above.
        asynchronous: The same by alias and version, with destinations; empty where nothing is set.
        event_sources: What Lambda polls for it.
        gaps: What could not be read, as sentences; the fields concerned are then empty.
    """

    resource: Resource
    runtime: str = ""
    memory_mb: int
    timeout_seconds: int
    environment: dict[str, str] = {}
    environment_read: bool = True
    code_sha256: str = ""
    revision_id: str = ""
    last_modified: Instant | None = None
    state: str = "Active"
    update_status: str = "Successful"
    reserved_concurrency: int | None = None
    role: str = ""
    dead_letter: str = ""
    async_max_retries: int | None = None
    async_max_age_seconds: int | None = None
    asynchronous: tuple[AsyncSettings, ...] = ()
    event_sources: tuple[EventSource, ...] = ()
    versions: tuple[FunctionVersion, ...] = ()
    aliases: tuple[FunctionAlias, ...] = ()
    gaps: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()

    def alias(self, name: str) -> FunctionAlias | None:
        """The alias of this name, if there is one."""
        return next((alias for alias in self.aliases if alias.name == name), None)

    def version(self, number: str) -> FunctionVersion | None:
        """The published version of this number, if there is one."""
        return next((version for version in self.versions if version.version == number), None)


class IndexConfiguration(Model):
    """A global secondary index; capacities are None on demand."""

    name: str
    read_capacity: int | None = None
    write_capacity: int | None = None


class Scaling(Model):
    """Autoscaling of one dimension of a table or index.

    Attributes:
        target: "table", or the index's name.
        target_percent: Utilisation that it aims at; None where its policy was not read.
    """

    target: str = "table"
    dimension: Literal["read", "write"]
    minimum: int
    maximum: int
    target_percent: float | None = None


class TableConfiguration(Model):
    """A table as it is configured now.

    Attributes:
        status: AWS's word: ACTIVE, UPDATING ...
        read_capacity: Units a second; None on demand. `write_capacity` likewise.
        last_increase_at: Of provisioned throughput; `last_decrease_at` likewise.
        gaps: What could not be read, as sentences; the fields concerned are then empty.
    """

    resource: Resource
    status: str = "ACTIVE"
    billing: Literal["provisioned", "on_demand"] = "provisioned"
    read_capacity: int | None = None
    write_capacity: int | None = None
    indexes: tuple[IndexConfiguration, ...] = ()
    autoscaling: tuple[Scaling, ...] = ()
    last_increase_at: Instant | None = None
    last_decrease_at: Instant | None = None
    gaps: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()

    def index(self, name: str) -> IndexConfiguration | None:
        """The index of this name, if there is one."""
        return next((index for index in self.indexes if index.name == name), None)


class QueueConfiguration(Model):
    """A queue as it is configured now.

    Attributes:
        dead_letter: Where messages go that were received `maximum_receives` times.
        consumers: Event source mappings that poll it.
        gaps: As in TableConfiguration.
    """

    resource: Resource
    visibility_timeout_seconds: int
    retention_seconds: int
    dead_letter: Resource | None = None
    maximum_receives: int | None = None
    consumers: tuple[EventSource, ...] = ()
    gaps: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()


class StreamConfiguration(Model):
    """A Kinesis data stream as it is configured now.

    Attributes:
        shards: That take records.
        mode: "provisioned" or "on_demand".
        consumers, gaps: As in QueueConfiguration.
    """

    resource: Resource
    shards: int
    mode: Literal["provisioned", "on_demand"] = "provisioned"
    retention_hours: int = 24
    status: str = "ACTIVE"
    consumers: tuple[EventSource, ...] = ()
    gaps: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()


class AccountLimits(Model):
    """What all functions of an account and region share.

    Attributes:
        concurrent_executions: The limit of the account.
        unreserved: What is left for functions without a reservation.
        gaps: As in TableConfiguration.
    """

    resource: Resource
    concurrent_executions: int
    unreserved: int
    gaps: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_older_ledgers(cls, given: object) -> object:
        """Ledgers of earlier releases hold reservations by name, of which there were never any."""
        if not isinstance(given, dict):
            return given
        told = cast(dict[str, object], given)
        return {name: value for name, value in told.items() if name != "reserved"}

    @property
    def reserved(self) -> int:
        """What all reservations together take from the limit, as AWS counts it."""
        return max(0, self.concurrent_executions - self.unreserved)


Configuration = (
    FunctionConfiguration
    | TableConfiguration
    | QueueConfiguration
    | StreamConfiguration
    | AccountLimits
)
"""How one resource is configured, by its kind."""

Relation = Literal["invokes", "reads_writes", "sends_to", "streams_to", "consumes", "gives_up_to"]

PERMITTED = "resource policy"
"""`Edge.via` of a caller that may invoke a function; whether it does, only a call tells."""

DECLARED = "declared in "
"""How `Edge.via` begins where a person wrote the dependency down; file and line follow."""


class Edge(Model):
    """One dependency: `caller` needs `callee`.

    Attributes:
        relation: How; a function that consumes a queue or stream is the caller of an edge
            "consumes"; what a function or queue gives up goes along "gives_up_to".
        qualifier: Alias or version through which a function is invoked; empty for $LATEST.
        via: How we know, "environment PAYMENTS_FUNCTION", "event source mapping", "resource
            policy", "X-Ray, 40 traced calls", "declared in shop.yaml, line 4".
    """

    caller: Resource
    callee: Resource
    relation: Relation
    qualifier: str = ""
    via: str = ""


class Topology(Model):
    """The neighbourhood of a resource, as far as it could be read.

    Attributes:
        gaps: What could not be read, as sentences; edges may be missing there.
    """

    edges: tuple[Edge, ...] = ()
    gaps: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()

    def callees(self, resource: Resource) -> tuple[Edge, ...]:
        """Edges by which `resource` depends on others."""
        return tuple(edge for edge in self.edges if edge.caller == resource)

    def callers(self, resource: Resource) -> tuple[Edge, ...]:
        """Edges by which others depend on `resource`."""
        return tuple(edge for edge in self.edges if edge.callee == resource)
