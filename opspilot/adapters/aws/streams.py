"""Kinesis data streams: their names, shards and retention."""

from collections.abc import Mapping
from typing import Any, Protocol

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.resource import Resource
from opspilot.domain.workload import StreamConfiguration

_RETENTION = 24


class StreamClient(Protocol):
    """What is used of the client of Kinesis, for which there are no stubs."""

    def list_streams(self, **request: Any) -> dict[str, Any]:
        """As in AWS's API."""
        ...

    def describe_stream_summary(self, **request: Any) -> dict[str, Any]:
        """As in AWS's API."""
        ...


class Streams:
    """Reads streams."""

    def __init__(self, client: StreamClient, calls: Calls) -> None:
        self._client = client
        self._calls = calls

    def names(self, budget: Budget) -> frozenset[str]:
        """Names of all streams."""
        pages = self._calls.pages(
            operations.LIST_STREAMS,
            budget,
            lambda token: (
                self._client.list_streams(NextToken=token) if token else self._client.list_streams()
            ),
            "NextToken",
        )
        return frozenset(str(name) for page in pages for name in page.get("StreamNames") or ())

    def describe(self, resource: Resource, budget: Budget) -> StreamConfiguration:
        """A stream, without its consumers.

        Raises:
            AwsNotFound: There is no such stream.
            AwsError: It could not be read.
        """
        answer = self._calls.send(
            operations.DESCRIBE_STREAM_SUMMARY,
            budget,
            lambda: self._client.describe_stream_summary(StreamName=resource.name),
            resource=resource.arn,
        )
        return to_stream(resource, answer)


def to_stream(resource: Resource, answer: Mapping[str, Any]) -> StreamConfiguration:
    """The stream of a DescribeStreamSummary answer."""
    summary: Mapping[str, Any] = answer.get("StreamDescriptionSummary") or {}
    details: Mapping[str, Any] = summary.get("StreamModeDetails") or {}
    return StreamConfiguration(
        resource=resource,
        shards=int(summary.get("OpenShardCount") or 0),
        mode="on_demand" if details.get("StreamMode") == "ON_DEMAND" else "provisioned",
        retention_hours=int(summary.get("RetentionPeriodHours") or _RETENTION),
        status=str(summary.get("StreamStatus") or "ACTIVE"),
    )
