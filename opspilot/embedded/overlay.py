"""What of the workload's tables and queues the world knows better than moto: overlays and changes.

moto holds names and shapes; capacity, timeouts and depths are the world's. Tables and queues that
the world does not know (the product's own) stay moto's alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from opspilot.embedded.identity import caller_of
from opspilot.embedded.simulator.capacity import TABLE
from opspilot.embedded.simulator.chunks import chunk_of
from opspilot.embedded.stores import IndexConfig, QueueConfig, TableConfig
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.statistic import Statistic
from opspilot.embedded.wire import Params

if TYPE_CHECKING:
    from opspilot.embedded.account import Account

_DEPTHS = {
    "ApproximateNumberOfMessages": "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
}


class Overlay:
    """Corrects answers of moto, and makes the changes of the world that callers ask for."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._corrections: Mapping[str, Callable[[Params, dict[str, Any]], None]] = {
            "DynamoDB_20120810.DescribeTable": self._describe_table,
            "DynamoDB_20120810.UpdateTable": self._updated_table,
            "AmazonSQS.GetQueueAttributes": self._queue_attributes,
        }

    def change(self, request: Request, body: bytes) -> str | None:
        """Make a change of a table or queue of the world; what moto is asked for instead.

        Raises:
            AwsError: AWS would refuse it.
        """
        target = request.headers.get("X-Amz-Target", "")
        if target == "DynamoDB_20120810.UpdateTable":
            params: Params = json.loads(body)
            name = str(params.get("TableName", ""))
            if name in self._account.world.timeline.current.tables:
                self._apply(request, "dynamodb.update_table", _table_change(params))
                return "DynamoDB_20120810.DescribeTable"
        if target == "AmazonSQS.SetQueueAttributes":
            params = json.loads(body)
            name = _queue_of(params)
            if name in self._account.world.timeline.current.queues:
                self._apply(request, "sqs.set_attributes", _queue_change(name, params))
        return None

    def corrected(self, target: str, body: bytes, response: Response) -> Response:
        """An answer of moto with what the world knows better."""
        correct = self._corrections.get(target)
        if correct is None or response.status_code != 200:
            return response
        content: dict[str, Any] = json.loads(response.get_data())
        with self._account.lock:
            correct(json.loads(body), content)
        response.set_data(json.dumps(content))
        return response

    def _apply(self, request: Request, kind: str, params: Params) -> None:
        account = self._account
        caller = caller_of(
            request.headers.get("Authorization", ""),
            request.headers.get("User-Agent", ""),
            request.remote_addr or "127.0.0.1",
        )
        with account.lock:
            account.world.change(kind, params, caller, account.now())

    def _describe_table(self, params: Params, content: dict[str, Any]) -> None:
        state = self._account.world.timeline.current
        table = state.tables.get(str(params.get("TableName", "")).rpartition("/")[2])
        if table is None:
            return
        shown: dict[str, Any] = content.get("Table") or {}
        now = self._account.now()
        shown["TableStatus"] = "UPDATING" if now < table.updating_until else "ACTIVE"
        shown.pop("BillingModeSummary", None)
        if table.billing == "on_demand":
            shown["BillingModeSummary"] = {"BillingMode": "PAY_PER_REQUEST"}
        shown["ProvisionedThroughput"] = _throughput(table, self._units(table, TABLE))
        shown["GlobalSecondaryIndexes"] = [
            self._index(table, index, str(shown.get("TableArn", "")))
            for index in table.indexes.values()
        ]

    def _updated_table(self, params: Params, content: dict[str, Any]) -> None:
        """Show the table that the world has changed, which moto was asked to describe."""
        self._describe_table(params, content)
        if "Table" in content:
            content["TableDescription"] = content.pop("Table")

    def _index(self, table: TableConfig, index: IndexConfig, arn: str) -> dict[str, Any]:
        return {
            "IndexName": index.name,
            "KeySchema": [{"AttributeName": index.key, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
            "IndexStatus": "ACTIVE",
            "IndexArn": f"{arn}/index/{index.name}",
            "ProvisionedThroughput": _throughput(table, self._units(table, index.name)),
        }

    def _units(self, table: TableConfig, target: str) -> tuple[int, int]:
        """(read, write) capacity of a table or index, as autoscaling has left it."""
        if table.billing == "on_demand":
            return 0, 0
        holder = table if target == TABLE else table.indexes[target]
        now = self._account.now()
        levels = self._account.simulation.trace(chunk_of(now)).levels if table.autoscaling else []
        scaled = {
            direction: max(
                (
                    int(one.units)
                    for one in levels
                    if (one.table, one.target, one.direction) == (table.name, target, direction)
                    and one.since <= now
                ),
                default=0,
            )
            for direction in ("read", "write")
        }
        return (
            max(holder.read_capacity or 0, scaled["read"]),
            max(holder.write_capacity or 0, scaled["write"]),
        )

    def _queue_attributes(self, params: Params, content: dict[str, Any]) -> None:
        attributes: dict[str, Any] = content.get("Attributes") or {}
        name = _queue_of(params)
        queue = self._account.world.timeline.current.queues.get(name)
        if queue is None or not attributes:
            return
        for attribute, value in self._attributes_of(queue).items():
            if attribute in attributes:
                attributes[attribute] = value
        for attribute, metric in _DEPTHS.items():
            if attribute in attributes:
                attributes[attribute] = str(self._depth(name, metric))

    def _attributes_of(self, queue: QueueConfig) -> dict[str, str]:
        account = self._account
        shown = {
            "VisibilityTimeout": str(int(queue.visibility_timeout_s)),
            "MessageRetentionPeriod": str(int(queue.retention_s)),
            "LastModifiedTimestamp": str(int(queue.modified)),
        }
        if queue.dead_letter:
            target = f"arn:aws:sqs:{account.region}:{account.account_id}:{queue.dead_letter}"
            shown["RedrivePolicy"] = json.dumps(
                {"deadLetterTargetArn": target, "maxReceiveCount": queue.max_receives}
            )
        return shown

    def _depth(self, queue: str, name: str) -> int:
        now = self._account.now()
        metric = MetricId.of("AWS/SQS", name, {"QueueName": queue})
        _, values = self._account.metrics.query(
            metric, Statistic("Maximum", "simple"), 60, (now - 300, now), now
        )
        return int(values[-1]) if values.size else 0


def _throughput(table: TableConfig, units: tuple[int, int]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ReadCapacityUnits": units[0],
        "WriteCapacityUnits": units[1],
        "NumberOfDecreasesToday": 0 if table.decreased_at is None else 1,
    }
    if table.increased_at is not None:
        shown["LastIncreaseDateTime"] = table.increased_at
    if table.decreased_at is not None:
        shown["LastDecreaseDateTime"] = table.decreased_at
    return shown


def _queue_of(params: Params) -> str:
    return str(params.get("QueueUrl", "")).rsplit("/", 1)[-1]


def _table_change(params: Params) -> Params:
    wanted: Params = {"table": params["TableName"]}
    if params.get("BillingMode"):
        on_demand = params["BillingMode"] == "PAY_PER_REQUEST"
        wanted["billing"] = "on_demand" if on_demand else "provisioned"
    wanted |= _capacities(params.get("ProvisionedThroughput"))
    given: list[Params] = params.get("GlobalSecondaryIndexUpdates") or []
    updates: list[Params] = [one["Update"] for one in given if "Update" in one]
    if updates:
        wanted["indexes"] = {
            str(one["IndexName"]): _capacities(one["ProvisionedThroughput"]) for one in updates
        }
    return wanted


def _capacities(throughput: Params | None) -> Params:
    if not throughput:
        return {}
    return {
        "read_capacity": throughput["ReadCapacityUnits"],
        "write_capacity": throughput["WriteCapacityUnits"],
    }


def _queue_change(name: str, params: Params) -> Params:
    attributes: Params = params.get("Attributes") or {}
    wanted: Params = {"queue": name}
    if "VisibilityTimeout" in attributes:
        wanted["visibility_timeout_s"] = float(attributes["VisibilityTimeout"])
    if "MessageRetentionPeriod" in attributes:
        wanted["retention_s"] = float(attributes["MessageRetentionPeriod"])
    policy: Params = json.loads(attributes.get("RedrivePolicy") or "{}")
    if policy:
        wanted["max_receives"] = int(policy["maxReceiveCount"])
        wanted["dead_letter"] = str(policy["deadLetterTargetArn"]).rpartition(":")[2]
    return wanted
