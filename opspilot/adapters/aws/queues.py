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

_A_PAGE = 1_000


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
        return self._described(resource, self._url(resource, budget), budget)

    def dead_letters(
        self, resource: Resource, budget: Budget
    ) -> tuple[Resource | None, tuple[str, ...]]:
        """Where its messages go that nobody can handle, and the queues whose such come to it.

        Raises:
            AwsNotFound: There is no such queue.
            AwsError: It could not be read.
        """
        url = self._url(resource, budget)
        target = self._described(resource, url, budget).dead_letter
        pages = self._calls.pages(
            operations.LIST_DEAD_LETTER_SOURCE_QUEUES,
            budget,
            lambda token: (
                self._client.list_dead_letter_source_queues(
                    QueueUrl=url, MaxResults=_A_PAGE, NextToken=token
                )
                if token
                else self._client.list_dead_letter_source_queues(QueueUrl=url, MaxResults=_A_PAGE)
            ),
            "NextToken",
            resource=resource.arn,
        )
        names = (str(one).rsplit("/", 1)[-1] for page in pages for one in page.get("queueUrls", ()))
        return target, tuple(names)

    def _url(self, resource: Resource, budget: Budget) -> str:
        found = self._calls.send(
            operations.GET_QUEUE_URL,
            budget,
            lambda: self._client.get_queue_url(QueueName=resource.name),
            resource=resource.arn,
        )
        return str(found["QueueUrl"])

    def _described(self, resource: Resource, url: str, budget: Budget) -> QueueConfiguration:
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
