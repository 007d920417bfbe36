"""DynamoDB in this process for the tests of the store: the embedded account's, new tables each.

Requests are built, signed and parsed by the SDK as for any server; only the socket is left out,
which takes half the time. `tests/entrypoints/test_dynamodb_loop.py` goes over HTTP.
"""

import io
import itertools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from werkzeug.wrappers import Response

from opspilot.adapters.dynamodb import (
    STORE_ACTIONS,
    DynamoStore,
    Patience,
    TableNames,
    open_store,
    shapes,
)
from opspilot.adapters.dynamodb.layout import ROLES
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import Application, EmbeddedAccount

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

ACCOUNT = "000000000000/us-east-1"
QUICK = Patience(attempts=60, first_pause=0.001, longest_pause=0.02)
"""Others are waited for as long as they need, but not politely."""

Deliver = Callable[[AWSPreparedRequest], AWSResponse]

_running = ExitStack()
_numbers = itertools.count(1)


@cache
def _application() -> Application:
    account = _running.enter_context(EmbeddedAccount(clock=ManualClock()))
    return Application(account.account)


def stop() -> None:
    """End the account, if it runs."""
    _running.close()
    _application.cache_clear()
    client.cache_clear()


def deliver(request: AWSPreparedRequest) -> AWSResponse:
    """Answer a request as the server would."""
    response = Response.from_app(_application(), _environ(request), buffered=True)
    content = _Content(response.get_data())
    return AWSResponse(request.url, response.status_code, dict(response.headers), content)


class _Content(io.BytesIO):
    """A body as urllib3 hands it out."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """All of it at once."""
        yield self.read()


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    parts = urlsplit(request.url)
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": one.decode() if isinstance(one, bytes) else one
        for name, one in request.headers.items()
    }
    return {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": parts.path or "/",
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_TYPE": headers["HTTP_CONTENT_TYPE"],
        "CONTENT_LENGTH": headers["HTTP_CONTENT_LENGTH"],
    } | headers


def operation_of(request: AWSPreparedRequest) -> str:
    """The API operation of a request."""
    target = request.headers["X-Amz-Target"]
    return (target.decode() if isinstance(target, bytes) else target).partition(".")[2]


def iam_of(request: AWSPreparedRequest) -> set[tuple[str, str]]:
    """What a request needs: table name and IAM action."""
    operation, body = operation_of(request), json.loads(request.body)
    if operation == "TransactWriteItems":
        kinds = {"Put": "PutItem", "Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}
        actions = [(kind, one) for action in body["TransactItems"] for kind, one in action.items()]
        return {(one["TableName"], kinds[kind]) for kind, one in actions}
    if operation == "BatchGetItem":
        return {(table, operation) for table in body["RequestItems"]}
    return {(body["TableName"], operation)}


def deliver_permitted(request: AWSPreparedRequest) -> AWSResponse:
    """Answer what the published policy allows; anything else, a Scan for one, fails the test."""
    for table, action in iam_of(request):
        permitted: Mapping[str, tuple[str, ...]] = dict(STORE_ACTIONS)
        role = table.partition("-")[0]
        assert action in permitted[role] or action == "CreateTable", (action, role)
    return deliver(request)


def new_client(through: Deliver = deliver, region: str = "us-east-1") -> "DynamoDBClient":
    """A client without retries of its own, whose requests go where one likes."""
    client = boto3.client(
        "dynamodb",
        endpoint_url="http://localhost",
        region_name=region,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
    )

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return through(request)

    client.meta.events.register("before-send.dynamodb.*", send)
    return client


@cache
def client() -> "DynamoDBClient":
    """The client that the contract tests share."""
    return new_client(deliver_permitted)


def new_tables() -> TableNames:
    """Four empty tables under new names, without the protections that `Creating` adds."""
    number = next(_numbers)
    names = TableNames(*(f"{role}-{number}" for role in ROLES))
    for role in ROLES:
        client().create_table(**shapes.request(role, names.of(role)))
    return names


def opened(tables: TableNames, account: str = ACCOUNT, *, through: Any = None) -> DynamoStore:
    """The store in these tables."""
    return open_store(through or client(), tables, account=account, patience=QUICK)
