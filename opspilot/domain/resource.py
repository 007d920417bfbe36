"""Resources, identified by their ARN."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from opspilot.domain.model import Model


class ResourceKind(StrEnum):
    """The kinds of resource that OpsPilot reads signals of."""

    FUNCTION = "lambda.function"
    TABLE = "dynamodb.table"
    QUEUE = "sqs.queue"
    API = "apigateway.api"
    STREAM = "kinesis.stream"
    ACCOUNT = "lambda.account"
    OTHER = "other"


_ARN_PARTS = 6
_ACCOUNT = "account"


class Resource(Model):
    """One AWS resource; two are the same when their ARNs are equal.

    An API of API Gateway is named as its metrics are: a REST API by its *name*,
    `arn:aws:apigateway:REGION::/restapis/NAME`, an HTTP API by its id,
    `arn:aws:apigateway:REGION::/apis/ID`. What Lambda limits for a whole account and region is a
    resource as well, `arn:aws:lambda:REGION:ACCOUNT:account`.

    Attributes:
        arn: `arn:partition:service:region:account:rest`, without a qualifier.
        called: What people call it, where its ARN does not tell: the name of an HTTP API, if it is
            known. It says nothing about which resource this is.
    """

    arn: str
    called: str = Field(default="", exclude_if=lambda name: not name)

    @model_validator(mode="after")
    def _well_formed(self) -> Self:
        parts = self.arn.split(":", _ARN_PARTS - 1)
        if len(parts) != _ARN_PARTS or parts[0] != "arn" or not parts[2] or not parts[5]:
            raise ValueError(f"not an ARN: {self.arn!r}")
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resource) and self.arn == other.arn

    def __hash__(self) -> int:
        return hash(self.arn)

    def __str__(self) -> str:
        return self.arn

    @property
    def _parts(self) -> list[str]:
        return self.arn.split(":", _ARN_PARTS - 1)

    @property
    def service(self) -> str:
        """Service part of the ARN, "lambda"."""
        return self._parts[2]

    @property
    def region(self) -> str:
        """Region part of the ARN."""
        return self._parts[3]

    @property
    def account(self) -> str:
        """Account id; empty for API Gateway."""
        return self._parts[4]

    @property
    def name(self) -> str:
        """Short name for people: function, table, queue, stream or API name; "account"."""
        return self.called or self.identifier

    @property
    def identifier(self) -> str:
        """What AWS's metrics and records name it by: the name, or the id of an HTTP API."""
        rest = self._parts[5]
        if self.service == "lambda":
            return rest.removeprefix("function:").split(":")[0]
        return rest.rsplit("/", 1)[-1] if "/" in rest else rest

    @property
    def is_http_api(self) -> bool:
        """Whether it is an HTTP API, whose metrics have other names than a REST API's."""
        return self.service == "apigateway" and self._parts[5].startswith("/apis/")

    @property
    def kind(self) -> ResourceKind:
        """What sort of resource this is."""
        rest = self._parts[5]
        if self.service == "lambda" and rest == _ACCOUNT:
            return ResourceKind.ACCOUNT
        if self.is_http_api:
            return ResourceKind.API
        table = {
            "lambda": ("function:", ResourceKind.FUNCTION),
            "dynamodb": ("table/", ResourceKind.TABLE),
            "sqs": ("", ResourceKind.QUEUE),
            "apigateway": ("/restapis/", ResourceKind.API),
            "kinesis": ("stream/", ResourceKind.STREAM),
        }
        prefix, kind = table.get(self.service, ("", ResourceKind.OTHER))
        return kind if rest.startswith(prefix) else ResourceKind.OTHER


def lambda_function(account: str, region: str, name: str) -> Resource:
    """The resource of a Lambda function."""
    return Resource(arn=f"arn:aws:lambda:{region}:{account}:function:{name}")


def dynamodb_table(account: str, region: str, name: str) -> Resource:
    """The resource of a DynamoDB table."""
    return Resource(arn=f"arn:aws:dynamodb:{region}:{account}:table/{name}")


def sqs_queue(account: str, region: str, name: str) -> Resource:
    """The resource of an SQS queue."""
    return Resource(arn=f"arn:aws:sqs:{region}:{account}:{name}")


def rest_api(region: str, name: str) -> Resource:
    """The resource of an API Gateway REST API, by its name."""
    return Resource(arn=f"arn:aws:apigateway:{region}::/restapis/{name}")


def http_api(region: str, api_id: str, name: str = "") -> Resource:
    """The resource of an API Gateway HTTP API, by its id; with its name, where that is known."""
    arn = f"arn:aws:apigateway:{region}::/apis/{api_id}"
    return Resource(arn=arn, called=name) if name else Resource(arn=arn)


def kinesis_stream(account: str, region: str, name: str) -> Resource:
    """The resource of a Kinesis data stream."""
    return Resource(arn=f"arn:aws:kinesis:{region}:{account}:stream/{name}")


def lambda_account(account: str, region: str) -> Resource:
    """The resource of what all functions of an account and region share."""
    return Resource(arn=f"arn:aws:lambda:{region}:{account}:{_ACCOUNT}")
