"""The two kinds of API that API Gateway has, and what is behind one of either."""

from dataclasses import dataclass

from opspilot.adapters.aws.apis import RestApis
from opspilot.adapters.aws.http_apis import HttpApis
from opspilot.adapters.aws.inventory import Inventory
from opspilot.adapters.aws.throttle import Budget
from opspilot.domain.resource import Resource


@dataclass(frozen=True)
class Gateways:
    """What reads REST APIs and what reads HTTP APIs."""

    rest: RestApis
    http: HttpApis

    def targets(self, api: Resource, inventory: Inventory, budget: Budget) -> list[str]:
        """What the integrations of an API lead to: ARNs of functions, and more of HTTP APIs.

        Raises:
            AwsError: They could not be read.
        """
        if api.is_http_api:
            return self.http.targets(api.identifier, budget)
        return [
            arn
            for api_id in inventory.api_ids(api.name)
            for arn in self.rest.function_arns(api_id, budget)
        ]
