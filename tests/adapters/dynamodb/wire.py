"""A wire between the store and DynamoDB, on which things happen when a test wants them to."""

import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from tests.contract.dynamodb_server import Deliver, deliver, iam_of, new_client, operation_of

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

Happening = Callable[[AWSPreparedRequest, Deliver], AWSResponse]


class Wire:
    """Delivers requests, but first what was planned for their operation, once each in order.

    Attributes:
        seen: Requests by operation; `order` lists them as they came.
        used: Table and IAM action of every request that was sent.
    """

    def __init__(self) -> None:
        self._plans: defaultdict[str, list[Happening]] = defaultdict(list)
        self.seen: Counter[str] = Counter()
        self.order: list[str] = []
        self.used: set[tuple[str, str]] = set()

    def client(self, region: str = "us-east-1") -> "DynamoDBClient":
        """A client whose requests take this way."""
        return new_client(self.deliver, region)

    def plan(self, operation: str, *happenings: Happening) -> None:
        """Let these happen to the next requests of an operation."""
        self._plans[operation] += happenings

    def deliver(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a request, or let happen what is planned."""
        operation = operation_of(request)
        self.seen[operation] += 1
        self.order.append(operation)
        self.used |= iam_of(request)
        planned = self._plans[operation]
        return planned.pop(0)(request, deliver) if planned else deliver(request)


def lost_answer(request: AWSPreparedRequest, onward: Deliver) -> AWSResponse:
    """Carried out, but nobody hears of it."""
    onward(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def lost_answer_and_token(request: AWSPreparedRequest, onward: Deliver) -> AWSResponse:
    """The same on a server that does not remember tokens."""
    body = json.loads(request.body)
    body["ClientRequestToken"] = "another"
    request.body = json.dumps(body).encode()
    request.headers["Content-Length"] = str(len(request.body))
    onward(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def lost_request(request: AWSPreparedRequest, _: Deliver) -> AWSResponse:
    """It never arrives."""
    raise ConnectTimeoutError(endpoint_url=request.url)


def answers(code: str, status: int = 400, message: str = "", **more: Any) -> Happening:
    """AWS answers with an error."""
    content = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, **more}

    def happen(request: AWSPreparedRequest, _: Deliver) -> AWSResponse:
        return _answer(request, status, content)

    return happen


def cancelled(code: str) -> Happening:
    """The transaction is cancelled for a reason that its first action gave."""
    reasons = [{"Code": code, "Message": "because"}]
    return answers("TransactionCanceledException", CancellationReasons=reasons)


def after(*deeds: Callable[[], object]) -> Happening:
    """Somebody else does this first."""

    def happen(request: AWSPreparedRequest, onward: Deliver) -> AWSResponse:
        for deed in deeds:
            deed()
        return onward(request)

    return happen


def leaving_keys_unread(request: AWSPreparedRequest, onward: Deliver) -> AWSResponse:
    """Only the first key of each table is read, as when an answer grows too large."""
    body = json.loads(request.body)
    left: dict[str, Any] = {}
    for table, wanted in body["RequestItems"].items():
        left[table] = wanted | {"Keys": wanted["Keys"][1:]}
        wanted["Keys"] = wanted["Keys"][:1]
    request.body = json.dumps(body).encode()
    request.headers["Content-Length"] = str(len(request.body))
    found = json.loads(onward(request).content)
    unread = {table: wanted for table, wanted in left.items() if wanted["Keys"]}
    return _answer(request, 200, found | {"UnprocessedKeys": unread})


def _answer(request: AWSPreparedRequest, status: int, content: dict[str, Any]) -> AWSResponse:
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    return AWSResponse(request.url, status, headers, _Raw(json.dumps(content).encode()))


class _Raw(io.BytesIO):
    """A body as urllib3 hands it out."""

    def stream(self, **_: Any) -> Any:
        """All of it at once."""
        yield self.read()
