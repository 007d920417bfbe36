"""DynamoDB tables: capacity, indexes, and the autoscaling of either.

Source: DescribeTable in botocore's DynamoDB model, and Application Auto Scaling's model. On demand
a table has capacities of 0, which means none.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.resource import Resource
from opspilot.domain.workload import IndexConfiguration, Scaling, TableConfiguration
from opspilot.errors import AwsError

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

_NAMESPACE = "dynamodb"
_DIMENSIONS: dict[str, Literal["read", "write"]] = {
    "ReadCapacityUnits": "read",
    "WriteCapacityUnits": "write",
}


class ScalingClient(Protocol):
    """What is used of the client of Application Auto Scaling, for which there are no stubs."""

    def describe_scalable_targets(self, **request: Any) -> dict[str, Any]:
        """As in AWS's API."""
        ...

    def describe_scaling_policies(self, **request: Any) -> dict[str, Any]:
        """As in AWS's API."""
        ...


class Tables:
    """Reads tables."""

    def __init__(
        self, dynamodb: "DynamoDBClient", autoscaling: ScalingClient, calls: Calls
    ) -> None:
        self._dynamodb = dynamodb
        self._autoscaling = autoscaling
        self._calls = calls

    def describe(self, resource: Resource, budget: Budget) -> TableConfiguration:
        """A table with its indexes; of a provisioned one the autoscaling as well.

        Raises:
            AwsNotFound: There is no such table.
            AwsError: It could not be read; autoscaling that could not be is said in `gaps`.
        """
        name = resource.name
        answer = self._calls.send(
            operations.DESCRIBE_TABLE,
            budget,
            lambda: self._dynamodb.describe_table(TableName=name),
            resource=resource.arn,
        )
        table = to_table(resource, answer)
        if table.billing == "provisioned":
            table = self._with_autoscaling(table, budget)
        return table.model_copy(update={"request_ids": tuple(budget.request_ids)})

    def _with_autoscaling(self, table: TableConfiguration, budget: Budget) -> TableConfiguration:
        try:
            return table.model_copy(update={"autoscaling": self._scalings(table, budget)})
        except AwsError as error:
            return table.model_copy(update={"gaps": (f"autoscaling could not be read: {error}",)})

    def _scalings(self, table: TableConfiguration, budget: Budget) -> tuple[Scaling, ...]:
        own = f"table/{table.resource.name}"
        places = [own, *(f"{own}/index/{index.name}" for index in table.indexes)]
        pages = self._calls.pages(
            operations.DESCRIBE_SCALABLE_TARGETS,
            budget,
            lambda token: self._autoscaling.describe_scalable_targets(
                ServiceNamespace=_NAMESPACE, ResourceIds=places, **_next(token)
            ),
            "NextToken",
            resource=table.resource.arn,
        )
        targets = [item for page in pages for item in page.get("ScalableTargets") or ()]
        scaled = sorted({str(target["ResourceId"]) for target in targets})
        policies = [one for place in scaled for one in self._policies(place, budget)]
        return to_scalings(targets, policies)

    def _policies(self, place: str, budget: Budget) -> list[Mapping[str, Any]]:
        pages = self._calls.pages(
            operations.DESCRIBE_SCALING_POLICIES,
            budget,
            lambda token: self._autoscaling.describe_scaling_policies(
                ServiceNamespace=_NAMESPACE, ResourceId=place, **_next(token)
            ),
            "NextToken",
            resource=place,
        )
        return [item for page in pages for item in page.get("ScalingPolicies") or ()]


def _next(token: str) -> dict[str, str]:
    return {"NextToken": token} if token else {}


def to_table(resource: Resource, answer: Mapping[str, Any]) -> TableConfiguration:
    """The table of a DescribeTable answer."""
    item: Mapping[str, Any] = answer.get("Table") or {}
    throughput: Mapping[str, Any] = item.get("ProvisionedThroughput") or {}
    summary: Mapping[str, Any] = item.get("BillingModeSummary") or {}
    return TableConfiguration(
        resource=resource,
        status=str(item.get("TableStatus") or "ACTIVE"),
        # A table that was never on demand has no summary.
        billing="on_demand" if summary.get("BillingMode") == "PAY_PER_REQUEST" else "provisioned",
        read_capacity=_units(throughput, "ReadCapacityUnits"),
        write_capacity=_units(throughput, "WriteCapacityUnits"),
        indexes=tuple(_to_index(one) for one in item.get("GlobalSecondaryIndexes") or ()),
        last_increase_at=_moment(throughput, "LastIncreaseDateTime"),
        last_decrease_at=_moment(throughput, "LastDecreaseDateTime"),
    )


def _to_index(item: Mapping[str, Any]) -> IndexConfiguration:
    throughput: Mapping[str, Any] = item.get("ProvisionedThroughput") or {}
    return IndexConfiguration(
        name=str(item["IndexName"]),
        read_capacity=_units(throughput, "ReadCapacityUnits"),
        write_capacity=_units(throughput, "WriteCapacityUnits"),
    )


def _units(throughput: Mapping[str, Any], key: str) -> int | None:
    return int(throughput.get(key) or 0) or None


def _moment(throughput: Mapping[str, Any], key: str) -> datetime | None:
    moment = throughput.get(key)
    return moment.astimezone(UTC) if isinstance(moment, datetime) else None


def to_scalings(
    targets: Iterable[Mapping[str, Any]], policies: Sequence[Mapping[str, Any]]
) -> tuple[Scaling, ...]:
    """Scalable targets with the utilisation at which their target-tracking policies aim."""
    aims: dict[tuple[str, str], float] = {}
    for policy in policies:
        tracking: Mapping[str, Any] = policy.get("TargetTrackingScalingPolicyConfiguration") or {}
        if "TargetValue" in tracking:
            place = str(policy["ResourceId"]), str(policy["ScalableDimension"])
            aims[place] = float(tracking["TargetValue"])
    found = [
        Scaling(
            target=resource_id.partition("/index/")[2] or "table",
            dimension=_DIMENSIONS[dimension.rpartition(":")[2]],
            minimum=int(target["MinCapacity"]),
            maximum=int(target["MaxCapacity"]),
            target_percent=aims.get((resource_id, dimension)),
        )
        for target in targets
        for resource_id, dimension in [
            (str(target["ResourceId"]), str(target["ScalableDimension"]))
        ]
        if dimension.rpartition(":")[2] in _DIMENSIONS
    ]
    return tuple(sorted(found, key=lambda one: (one.target != "table", one.target, one.dimension)))
