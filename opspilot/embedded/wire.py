"""HTTP in and out for the operations that have handlers here: JSON, REST-JSON and one query call.

The rest of AWS is moto's. Why not moto's own response classes for all: a request costs a fifth
when it does not pass through Flask, nothing private of moto is touched, and no HTML page can be an
answer.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from opspilot.embedded.account import Account
from opspilot.embedded.errors import AwsError
from opspilot.embedded.events import Caller
from opspilot.embedded.identity import caller_of, service_of, user_arn

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the account, its time and who calls."""

    account: Account
    now: float
    caller: Caller
    operation: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is more than a JSON body with status 200; an iterator is streamed."""

    body: Mapping[str, Any] | bytes | Iterator[bytes]
    status: int = 200
    headers: Mapping[str, str] | None = None


Handler = Callable[[Call, Params], Mapping[str, Any] | Reply]

_CHECK_FAULTS_THEMSELVES = {"bedrock"}  # their permissions are not called like the operations

_QUERY = {"sts", "iam"}
"""Services that speak the query protocol, of which moto answers whatever has no handler here."""

_TARGETS = {
    "monitoring": "cloudwatch",
    "logs": "logs",
    "cloudtrail": "cloudtrail",
    "kinesis": "kinesis",
    "application-autoscaling": "application-autoscaling",
}


@dataclass(frozen=True, slots=True)
class RestRoute:
    """A REST-JSON operation: method and path pattern, whose groups are parameters."""

    method: str
    pattern: re.Pattern[str]
    operation: str


class Wire:
    """Turns HTTP requests into handler calls."""

    def __init__(
        self,
        account: Account,
        handlers: Mapping[str, Mapping[str, Handler]],
        routes: Mapping[str, tuple[RestRoute, ...]],
    ) -> None:
        """`handlers` and `routes` are by service, the IAM prefix; routes are of REST services."""
        self._account = account
        self._handlers = handlers
        self._routes = routes

    def answer(self, request: Request) -> Response | None:
        """The response, or None when no handler here knows the operation."""
        service = service_of(request.headers.get("Authorization", ""))
        try:
            found = self._operation(service, request)
        except ValueError:
            return failure(AwsError("SerializationException", "the body is not JSON"))
        if found is None:
            return None
        prefix, operation, params = found
        handler = self._handlers[prefix].get(operation)
        if handler is None:
            # moto knows some of these operations, but not this account's data: better no answer.
            return None if prefix in _QUERY else failure(_unsupported(f"{prefix}:{operation}"))
        return self._call(request, prefix, operation, handler, params)

    def _call(
        self, request: Request, prefix: str, operation: str, handler: Handler, params: Params
    ) -> Response:
        account = self._account
        caller = caller_of(
            request.headers.get("Authorization", ""),
            request.headers.get("User-Agent", ""),
            request.remote_addr or "127.0.0.1",
        )
        try:
            with account.lock:
                arn = user_arn(account.account_id, caller.user)
                if prefix not in _CHECK_FAULTS_THEMSELVES:
                    account.api_faults.check(f"{prefix}:{operation}", arn)
                result = handler(Call(account, account.now(), caller, operation), params)
        except AwsError as error:
            return query_failure(error) if prefix in _QUERY else failure(error)
        return _success(result, request.headers.get("Content-Type", ""))

    def _operation(self, service: str, request: Request) -> tuple[str, str, Params] | None:
        if service in _TARGETS:
            target = request.headers.get("X-Amz-Target", "")
            if not target or "json" not in request.headers.get("Content-Type", ""):
                return _TARGETS[service], "calls in another protocol than JSON", {}
            body = cast("Params", json.loads(request.get_data() or b"{}"))
            return _TARGETS[service], target.rsplit(".", 1)[-1], body
        if service in self._routes:
            return self._rest(service, request)
        if service in _QUERY:
            form = {k: v[0] for k, v in parse_qs(request.get_data(as_text=True)).items()}
            return service, str(form.get("Action", "")), form
        return None

    def _rest(self, service: str, request: Request) -> tuple[str, str, Params]:
        path = unquote(request.path)
        for route in self._routes[service]:
            found = route.pattern.fullmatch(path)
            if found and route.method == request.method:
                params: Params = dict(request.args.items())
                content = request.get_data()
                if route.operation == "Invoke":
                    params["Payload"] = content
                    params["InvocationType"] = request.headers.get("X-Amz-Invocation-Type")
                    params["LogType"] = request.headers.get("X-Amz-Log-Type")
                elif content:
                    params.update(json.loads(content))
                return service, route.operation, {**params, **found.groupdict()}
        return service, f"{request.method} {path}", {}


def _unsupported(operation: str) -> AwsError:
    return AwsError(
        "NotImplementedException",
        f"the embedded account does not support {operation}",
        501,
    )


def _success(result: Mapping[str, Any] | Reply, content_type: str) -> Response:
    reply = result if isinstance(result, Reply) else Reply(result)
    body = json.dumps(reply.body).encode() if isinstance(reply.body, Mapping) else reply.body
    headers = {"x-amzn-RequestId": request_id(), **(reply.headers or {})}
    kind = content_type if "amz-json" in content_type else "application/json"
    return Response(body, reply.status, {"Content-Type": kind, **headers})


def failure(error: AwsError) -> Response:
    """An error in the shape of AWS's JSON protocols."""
    body = {"__type": error.code, "Code": error.code, "message": error.message}
    body["Type"] = "User" if error.status < 500 else "Service"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "x-amzn-RequestId": request_id(),
        "x-amzn-ErrorType": error.code,
        "x-amzn-query-error": f"{error.code};{'Sender' if error.status < 500 else 'Receiver'}",
    }
    return Response(json.dumps(body), error.status, headers)


def query_failure(error: AwsError) -> Response:
    """An error in the shape of AWS's query protocol."""
    kind = "Sender" if error.status < 500 else "Receiver"
    body = (
        f"<ErrorResponse><Error><Type>{kind}</Type><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request_id()}</RequestId></ErrorResponse>"
    )
    return Response(body, error.status, {"Content-Type": "text/xml"})


def request_id() -> str:
    """An id for one answer."""
    text = secrets.token_hex(16)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
