"""SQS queues: how long messages hide, and where they go that nobody can handle."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.resource import Resource
from opspilot.domain.workload import QueueConfiguration

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

_VISIBILITY, _RETENTION = 30, 345_600
"""SQS's defaults, in seconds."""


class Queues:
    """Reads queues."""

    def __init__(self, client: "SQSClient", calls: Calls) -> None:
        self._client = client
        self._calls = calls

    def describe(self, resource: Resource, budget: Budget) -> QueueConfiguration:
        """A queue, without its consumers.

        Raises:
            AwsNotFound: There is no such queue.
            AwsError: It could not be read.
        """
        found = self._calls.send(
            operations.GET_QUEUE_URL,
            budget,
            lambda: self._client.get_queue_url(QueueName=resource.name),
            resource=resource.arn,
        )
        url = str(found["QueueUrl"])
        answer = self._calls.send(
            operations.GET_QUEUE_ATTRIBUTES,
            budget,
            lambda: self._client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]),
            resource=resource.arn,
        )
        return to_queue(resource, answer)


def to_queue(resource: Resource, answer: Mapping[str, Any]) -> QueueConfiguration:
    """The queue of a GetQueueAttributes answer."""
    attributes: Mapping[str, Any] = answer.get("Attributes") or {}
    target, receives = to_redrive(str(attributes.get("RedrivePolicy") or ""))
    return QueueConfiguration(
        resource=resource,
        visibility_timeout_seconds=int(attributes.get("VisibilityTimeout", _VISIBILITY)),
        retention_seconds=int(attributes.get("MessageRetentionPeriod", _RETENTION)),
        dead_letter=Resource(arn=target) if target else None,
        maximum_receives=receives,
    )


def to_redrive(policy: str) -> tuple[str, int | None]:
    """The dead letter queue's ARN and the receives before it; ("", None) without a policy."""
    try:
        parsed: dict[str, Any] = json.loads(policy) if policy else {}
    except ValueError:
        parsed = {}
    receives = parsed.get("maxReceiveCount")
    return str(parsed.get("deadLetterTargetArn") or ""), int(receives) if receives else None
