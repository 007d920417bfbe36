"""The Workloads port: resolve a name, describe a function, draw its neighbourhood."""

import difflib
import re
from dataclasses import dataclass
from typing import TypeVar

from opspilot.adapters.aws import topology
from opspilot.adapters.aws.declared import declared_edges
from opspilot.adapters.aws.event_sources import to_event_sources
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.gateways import Gateways
from opspilot.adapters.aws.inventory import Inventory
from opspilot.adapters.aws.lister import Lister
from opspilot.adapters.aws.names import Place, from_arn, is_arn
from opspilot.adapters.aws.queues import Queues
from opspilot.adapters.aws.streams import Streams
from opspilot.adapters.aws.tables import Tables
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.declared import DeclaredGraph
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.workload import (
    AccountLimits,
    Configuration,
    Edge,
    EventSource,
    FunctionConfiguration,
    QueueConfiguration,
    StreamConfiguration,
    Topology,
)
from opspilot.errors import AwsDenied, AwsError, AwsNotFound, AwsRejected, UnknownResource

Polled = TypeVar("Polled", FunctionConfiguration, QueueConfiguration, StreamConfiguration)

_CLOSE_NAMES = 3
_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Readers:
    """What reads each kind of resource."""

    functions: Functions
    tables: Tables
    queues: Queues
    streams: Streams
    apis: Gateways


class AwsWorkloads:
    """The Workloads port on Lambda, DynamoDB, SQS, Kinesis and API Gateway."""

    def __init__(
        self,
        readers: Readers,
        lister: Lister,
        calls: Calls,
        place: Place,
        declared: DeclaredGraph | None = None,
    ) -> None:
        """`declared` joins the call graph with what no configuration tells."""
        self._declared = declared
        self._readers = readers
        self._functions = readers.functions
        self._lister = lister
        self._apis = readers.apis
        self._calls = calls
        self._place = place

    def resolve(self, name_or_arn: str) -> Resource:
        """The resource that a person means; see the port.

        A name is looked for among functions, tables, queues, streams, REST APIs and HTTP APIs, in
        this order; of an API its id will do. An alias or version behind a function's name or ARN is
        accepted and left out.
        """
        text = name_or_arn.strip()
        budget = self._calls.budget()
        named = from_arn(text, self._place).resource if is_arn(text) else None
        if named is not None and named.kind is ResourceKind.ACCOUNT:
            return named
        function = named or self._place.function(text.partition(":")[0])
        if self._function_exists(function, budget):
            return function
        inventory = self._lister.inventory(budget)
        found = _found(text, named, inventory, self._place)
        if found is None:
            raise _unknown(text, named, inventory, self._place)
        return found

    def resources(self) -> list[Resource]:
        """Everything that can be listed; see the port."""
        inventory, place = self._lister.inventory(self._calls.budget()), self._place
        return [
            *map(place.function, sorted(inventory.environments)),
            *map(place.api, sorted(set(inventory.apis.values()))),
            *inventory.all_http_apis(place),
            *map(place.queue, sorted(inventory.queues)),
            *map(place.stream, sorted(inventory.streams)),
            *map(place.table, sorted(inventory.tables)),
        ]

    def _function_exists(self, resource: Resource, budget: Budget) -> bool:
        if resource.kind is not ResourceKind.FUNCTION or not _FUNCTION_NAME.fullmatch(
            resource.name
        ):
            return False
        try:
            self._functions.configuration(resource, budget)
        except AwsNotFound:
            return False
        return True

    def describe(self, resource: Resource) -> Configuration:
        """How a resource is configured, by its kind; see the port."""
        budget = self._calls.budget()
        match resource.kind:
            case ResourceKind.FUNCTION:
                found = self._functions.describe(resource, budget)
                return self._with_sources(found, resource, budget)
            case ResourceKind.TABLE:
                return self._readers.tables.describe(resource, budget)
            case ResourceKind.QUEUE:
                found = self._readers.queues.describe(resource, budget)
                return self._with_sources(found, resource, budget)
            case ResourceKind.STREAM:
                found = self._readers.streams.describe(resource, budget)
                return self._with_sources(found, resource, budget)
            case ResourceKind.ACCOUNT:
                return self._limits(resource, budget)
            case kind:
                raise AwsRejected(f"of {resource.name} ({kind}) no configuration is read")

    def _limits(self, resource: Resource, budget: Budget) -> AccountLimits:
        limits = self._functions.limits(resource, budget)
        return limits.model_copy(update={"request_ids": tuple(budget.request_ids)})

    def _with_sources(self, found: Polled, resource: Resource, budget: Budget) -> Polled:
        """The same with what Lambda polls for it, or who polls it."""
        is_function = resource.kind is ResourceKind.FUNCTION
        sources: tuple[EventSource, ...] = ()
        gaps = found.gaps
        try:
            mappings = (
                self._functions.mappings(budget, function=resource.name)
                if is_function
                else self._functions.mappings(budget, source_arn=resource.arn)
            )
            sources = to_event_sources(mappings, self._place)
        except AwsError as error:
            gaps = (*gaps, f"event source mappings could not be read: {error}")
        return found.model_copy(
            update={
                "event_sources" if is_function else "consumers": sources,
                "gaps": gaps,
                "request_ids": tuple(budget.request_ids),
            }
        )

    def topology(self, resource: Resource) -> Topology:
        """The neighbourhood of a resource; see the port. What could not be read is in `gaps`."""
        budget = self._calls.budget()
        inventory = self._inventory_around(resource, budget)
        gaps = list(inventory.gaps)
        edges = topology.edges_of_account(inventory, self._place)
        if resource.kind is ResourceKind.FUNCTION:
            edges += self._callers_by_policy(resource, inventory, gaps, budget)
        if resource.kind is ResourceKind.QUEUE:
            edges += self._dead_letters(resource, gaps, budget)
        if resource.kind is ResourceKind.API:
            edges += self._behind_api(resource, inventory, gaps, budget)
        if self._declared is not None:
            declared = declared_edges(self._declared, inventory, edges, self._place)
            edges += declared.edges
            gaps += declared.gaps
        request_ids = dict.fromkeys([*inventory.request_ids, *budget.request_ids])
        return Topology(
            edges=topology.in_order(topology.around(resource, edges)),
            gaps=tuple(gaps),
            request_ids=tuple(request_ids),
        )

    def _inventory_around(self, resource: Resource, budget: Budget) -> Inventory:
        try:
            return self._lister.inventory(budget)
        except AwsDenied as denied:
            if resource.kind is not ResourceKind.FUNCTION:
                raise
            return self._lister.nearby(resource, denied, budget)

    def _dead_letters(self, queue: Resource, gaps: list[str], budget: Budget) -> list[Edge]:
        """Edges along which messages go that nobody could handle."""
        try:
            target, sources = self._readers.queues.dead_letters(queue, budget)
        except AwsError as error:
            gaps.append(f"the dead letters of {queue.name} could not be read: {error}")
            return []
        return topology.from_redrive(queue, target, sources, self._place)

    def _callers_by_policy(
        self, function: Resource, inventory: Inventory, gaps: list[str], budget: Budget
    ) -> list[Edge]:
        """Edges from APIs; an API that invokes an alias is in the alias's own policy."""
        edges: list[Edge] = []
        try:
            aliases = self._functions.aliases(function, budget)
            apis = inventory.apis_by_id(self._place)
            for qualifier in ("", *(alias.name for alias in aliases)):
                policy = self._functions.policy(function, qualifier, budget)
                edges += topology.from_policy(function, qualifier, policy, apis)
        except (AwsError, ValueError) as error:
            gaps.append(f"resource policies of {function.name} could not be read: {error}")
        return edges

    def _behind_api(
        self, api: Resource, inventory: Inventory, gaps: list[str], budget: Budget
    ) -> list[Edge]:
        """Edges from an API to what its integrations lead to."""
        try:
            targets = self._apis.targets(api, inventory, budget)
        except AwsError as error:
            gaps.append(f"what is behind {api.name} could not be read: {error}")
            return []
        gaps += topology.unresolved(api, targets)
        return topology.from_integrations(api, targets, inventory.directory(self._place))


def _found(
    text: str, named: Resource | None, inventory: Inventory, place: Place
) -> Resource | None:
    """The table, queue or API that a text means, if it exists."""
    if named is None:
        return _of_name(text, inventory, place)
    if named.kind is ResourceKind.API:
        # A real ARN of an API has its id; ours of a REST API has its name.
        found = inventory.api(named.identifier, place)
        return found if found is not None and found.is_http_api == named.is_http_api else None
    if named.kind is ResourceKind.FUNCTION:
        return None
    return _of_name(named.name, inventory, place, named.kind)


def _of_name(
    name: str, inventory: Inventory, place: Place, kind: ResourceKind | None = None
) -> Resource | None:
    if kind in (None, ResourceKind.TABLE) and name in inventory.tables:
        return place.table(name)
    if kind in (None, ResourceKind.QUEUE) and name in inventory.queues:
        return place.queue(name)
    if kind in (None, ResourceKind.STREAM) and name in inventory.streams:
        return place.stream(name)
    return inventory.api(name, place) if kind is None else None


def _unknown(
    text: str, named: Resource | None, inventory: Inventory, place: Place
) -> UnknownResource:
    name = named.name if named else text.partition(":")[0]
    close = difflib.get_close_matches(name, sorted(inventory.environments), n=_CLOSE_NAMES)
    hint = f"did you mean {', '.join(close)}?" if close else "check the name, account and region"
    unread = "".join(f"; {gap}" for gap in inventory.gaps)
    namesakes = inventory.http_api_ids(text)
    if len(namesakes) > 1:
        return UnknownResource(
            f"{len(namesakes)} HTTP APIs are called {text!r}",
            hint=f"give the id of one: {', '.join(namesakes)}",
        )
    return UnknownResource(
        f"there is no function, table, queue, stream, REST API or HTTP API {text!r} in account "
        f"{place.account_id}, {place.region}{unread}",
        hint=hint,
    )
