"""Under which further names the changes of a resource are filed.

A role's policy decides what its function may do, and an event source mapping what reaches it; both
have names of their own in CloudTrail, and an API has its id there.
"""

from opspilot.adapters.aws.inventory import Inventory
from opspilot.adapters.aws.lister import Lister
from opspilot.adapters.aws.names import Place, from_arn
from opspilot.adapters.aws.throttle import Budget
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.errors import UnknownResource


class Kinship:
    """Tells the further names from the listing of the account, which is asked for anyway."""

    def __init__(self, lister: Lister, place: Place) -> None:
        self._lister = lister
        self._place = place

    def names(self, resource: Resource, budget: Budget) -> frozenset[str]:
        """Role, mappings or API id; empty for a resource that has none.

        Raises:
            AwsError: The account could not be listed.
        """
        if resource.kind is ResourceKind.ACCOUNT:
            return frozenset()
        if resource.is_http_api:
            return frozenset({resource.identifier})
        inventory = self._lister.inventory(budget)
        if resource.kind is ResourceKind.API:
            return frozenset(inventory.api_ids(resource.name))
        role = inventory.roles.get(resource.name, "")
        is_function = resource.kind is ResourceKind.FUNCTION
        own = {role, role.rpartition("/")[2]} if is_function else set[str]()
        return frozenset((own | self._mappings(resource, inventory)) - {""})

    def role(self, function: Resource, budget: Budget) -> str:
        """Name of the role that a function runs under; empty where it is not known.

        Raises:
            AwsError: The account could not be listed.
        """
        return self._lister.inventory(budget).roles.get(function.name, "").rpartition("/")[2]

    def _mappings(self, resource: Resource, inventory: Inventory) -> set[str]:
        return {
            mapping.uuid
            for mapping in inventory.event_sources
            for end in (mapping.source_arn, mapping.function_arn)
            if self._is(resource, end)
        }

    def _is(self, resource: Resource, arn: str) -> bool:
        try:
            return from_arn(arn, self._place).resource == resource
        except UnknownResource:
            return False
