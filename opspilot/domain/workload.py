"""What runs: a function's configuration, its versions and aliases, and who calls whom."""

from typing import Literal

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


class FunctionConfiguration(Model):
    """A function as it is configured now ($LATEST), with its versions and aliases.

    Attributes:
        environment: Values as the API gives them; whoever stores them redacts first.
        environment_read: False when Lambda does not show the variables (no use of their key).
        reserved_concurrency: None when nothing is reserved.
        state: Active, Pending, Inactive or Failed.
        update_status: Successful, InProgress or Failed.
        versions: Newest first.
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


Relation = Literal["invokes", "reads_writes", "sends_to", "consumes"]


class Edge(Model):
    """One dependency: `caller` needs `callee`.

    Attributes:
        relation: How; a function that consumes a queue is the caller of an edge "consumes".
        qualifier: Alias or version through which a function is invoked; empty for $LATEST.
        via: How we know, "environment PAYMENTS_FUNCTION", "event source mapping", "resource
            policy".
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
