"""The Workloads port: resolve a name, describe a function, draw its neighbourhood."""

import difflib
import re

from opspilot.adapters.aws import topology
from opspilot.adapters.aws.apis import RestApis
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.inventory import Inventory, Lister
from opspilot.adapters.aws.names import Place, from_arn, is_arn
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.workload import Edge, FunctionConfiguration, Topology
from opspilot.errors import AwsError, AwsNotFound, UnknownResource

_CLOSE_NAMES = 3
_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class AwsWorkloads:
    """The Workloads port on Lambda, DynamoDB, SQS and API Gateway."""

    def __init__(
        self,
        functions: Functions,
        lister: Lister,
        apis: RestApis,
        calls: Calls,
        place: Place,
    ) -> None:
        self._functions = functions
        self._lister = lister
        self._apis = apis
        self._calls = calls
        self._place = place

    def resolve(self, name_or_arn: str) -> Resource:
        """The resource that a person means; see the port.

        A name is looked for among functions, tables, queues and REST APIs, in this order; an alias
        or version behind a function's name or ARN is accepted and left out.
        """
        text = name_or_arn.strip()
        budget = self._calls.budget()
        named = from_arn(text, self._place).resource if is_arn(text) else None
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
            *map(place.queue, sorted(inventory.queues)),
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

    def describe(self, resource: Resource) -> FunctionConfiguration:
        """A function's configuration with versions and aliases; see the port."""
        return self._functions.describe(resource, self._calls.budget())

    def topology(self, resource: Resource) -> Topology:
        """The neighbourhood of a resource; see the port. What could not be read is in `gaps`."""
        budget = self._calls.budget()
        inventory = self._lister.inventory(budget)
        gaps = list(inventory.gaps)
        edges = topology.edges_of_account(inventory, self._place)
        if resource.kind is ResourceKind.FUNCTION:
            edges += self._callers_by_policy(resource, inventory, gaps, budget)
        if resource.kind is ResourceKind.API:
            edges += self._behind_api(resource, inventory, gaps, budget)
        request_ids = dict.fromkeys([*inventory.request_ids, *budget.request_ids])
        return Topology(
            edges=topology.in_order(topology.around(resource, edges)),
            gaps=tuple(gaps),
            request_ids=tuple(request_ids),
        )

    def _callers_by_policy(
        self, function: Resource, inventory: Inventory, gaps: list[str], budget: Budget
    ) -> list[Edge]:
        """Edges from REST APIs; an API that invokes an alias is in the alias's own policy."""
        edges: list[Edge] = []
        try:
            aliases = self._functions.aliases(function, budget)
            for qualifier in ("", *(alias.name for alias in aliases)):
                policy = self._functions.policy(function, qualifier, budget)
                edges += topology.from_policy(
                    function, qualifier, policy, inventory.apis, self._place
                )
        except (AwsError, ValueError) as error:
            gaps.append(f"resource policies of {function.name} could not be read: {error}")
        return edges

    def _behind_api(
        self, api: Resource, inventory: Inventory, gaps: list[str], budget: Budget
    ) -> list[Edge]:
        """Edges from a REST API to the functions that its methods invoke."""
        edges: list[Edge] = []
        try:
            for api_id in inventory.api_ids(api.name):
                arns = self._apis.function_arns(api_id, budget)
                edges += topology.from_integrations(api, arns, self._place)
        except AwsError as error:
            gaps.append(f"the methods of {api.name} could not be read: {error}")
        return edges


def _found(
    text: str, named: Resource | None, inventory: Inventory, place: Place
) -> Resource | None:
    """The table, queue or API that a text means, if it exists."""
    if named is None:
        return _of_name(text, inventory, place)
    if named.kind is ResourceKind.API:
        # A real ARN of an API has its id; ours has its name.
        name = inventory.apis.get(named.name, named.name)
        return place.api(name) if inventory.api_ids(name) else None
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
    return place.api(name) if kind is None and inventory.api_ids(name) else None


def _unknown(
    text: str, named: Resource | None, inventory: Inventory, place: Place
) -> UnknownResource:
    name = named.name if named else text.partition(":")[0]
    close = difflib.get_close_matches(name, sorted(inventory.environments), n=_CLOSE_NAMES)
    hint = f"did you mean {', '.join(close)}?" if close else "check the name, account and region"
    unread = "".join(f"; {gap}" for gap in inventory.gaps)
    return UnknownResource(
        f"there is no function, table, queue or REST API {text!r} in account {place.account_id}, "
        f"{place.region}{unread}",
        hint=hint,
    )
