"""Which resource a text means: ARNs, queue URLs and bare names, judged in one account; pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from opspilot.domain.resource import (
    Resource,
    ResourceKind,
    dynamodb_table,
    http_api,
    kinesis_stream,
    lambda_account,
    lambda_function,
    rest_api,
    sqs_queue,
)
from opspilot.errors import UnknownResource

_ARN_PARTS = 6
_QUEUE_URL = re.compile(r"https?://[^/\s]+/(?:queue/[a-z0-9-]+/)?(\d{12})/([A-Za-z0-9_.-]+)")


@dataclass(frozen=True)
class Place:
    """The account and region that everything is in."""

    account_id: str
    region: str

    def function(self, name: str) -> Resource:
        """A function here."""
        return lambda_function(self.account_id, self.region, name)

    def table(self, name: str) -> Resource:
        """A table here."""
        return dynamodb_table(self.account_id, self.region, name)

    def queue(self, name: str) -> Resource:
        """A queue here."""
        return sqs_queue(self.account_id, self.region, name)

    def stream(self, name: str) -> Resource:
        """A stream here."""
        return kinesis_stream(self.account_id, self.region, name)

    def account(self) -> Resource:
        """What all functions here share."""
        return lambda_account(self.account_id, self.region)

    def api(self, name: str) -> Resource:
        """A REST API here, by name."""
        return rest_api(self.region, name)

    def http_api(self, api_id: str, name: str = "") -> Resource:
        """An HTTP API here, by id."""
        return http_api(self.region, api_id, name)


@dataclass(frozen=True)
class Named:
    """A resource with the alias or version under which it was named; empty for none."""

    resource: Resource
    qualifier: str = ""


def is_arn(text: str) -> bool:
    """Whether a text sets out to be an ARN."""
    return text.startswith("arn:")


def from_arn(text: str, place: Place) -> Named:
    """The resource of an ARN, without its qualifier, and the qualifier apart.

    Stream ARNs of tables, stage and integration ARNs of APIs lead to the table and the API.

    Raises:
        UnknownResource: It is no ARN, or of another account or region; the message says which.
    """
    parts = text.split(":", _ARN_PARTS - 1)
    if len(parts) != _ARN_PARTS or not parts[2] or not parts[5]:
        hint = "an ARN has six parts, arn:aws:lambda:REGION:ACCOUNT:function:NAME"
        raise UnknownResource(f"{text!r} is not an ARN", hint=hint)
    _, _, service, region, account, rest = parts
    _must_be_here(text, region, account, place)
    if service == "lambda" and rest == "account":
        return Named(place.account())
    if service == "lambda":
        name, _, qualifier = rest.removeprefix("function:").partition(":")
        return Named(place.function(name), qualifier)
    if service == "dynamodb":
        return Named(place.table(rest.removeprefix("table/").split("/")[0]))
    if service == "sqs":
        return Named(place.queue(rest))
    if service == "kinesis" and rest.startswith("stream/"):
        return Named(place.stream(rest.removeprefix("stream/").split("/")[0]))
    if service == "apigateway" and rest.startswith("/restapis/"):
        return Named(place.api(rest.removeprefix("/restapis/").split("/")[0]))
    if service == "apigateway" and rest.startswith("/apis/"):
        return Named(place.http_api(rest.removeprefix("/apis/").split("/")[0]))
    raise UnknownResource(
        f"{text} is of {service}, whose resources OpsPilot does not read",
        hint="name a Lambda function, DynamoDB table, SQS queue, Kinesis stream, REST or HTTP API",
    )


def _must_be_here(text: str, region: str, account: str, place: Place) -> None:
    if account and account != place.account_id:
        raise UnknownResource(
            f"{text} is in account {account}, but this is account {place.account_id}",
            hint="choose the profile of that account",
        )
    if region and region != place.region:
        raise UnknownResource(
            f"{text} is in {region}, but this is {place.region}", hint=f"set the region to {region}"
        )


@dataclass(frozen=True)
class Directory:
    """The names that exist here, to recognise them in configuration values."""

    place: Place
    functions: Collection[str]
    tables: Collection[str]
    queues: Collection[str]
    streams: Collection[str] = ()

    def recognise(self, value: str) -> Named | None:
        """The resource that a value names, whole; None when it names none of this account."""
        text = value.strip()
        if is_arn(text):
            return self._from_arn(text)
        url = _QUEUE_URL.fullmatch(text)
        if url is not None:
            here = url.group(1) == self.place.account_id
            return Named(self.place.queue(url.group(2))) if here else None
        name, _, qualifier = text.partition(":")
        if name in self.functions:
            return Named(self.place.function(name), qualifier)
        if text in self.tables:
            return Named(self.place.table(text))
        if text in self.queues:
            return Named(self.place.queue(text))
        return Named(self.place.stream(text)) if text in self.streams else None

    def _from_arn(self, text: str) -> Named | None:
        try:
            named = from_arn(text, self.place)
        except UnknownResource:
            return None
        nobody = (ResourceKind.OTHER, ResourceKind.ACCOUNT)
        return named if named.resource.kind not in nobody else None
