"""An emulator that lacks services: for those it answers as such servers do."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from opspilot.embedded.identity import service_of
from opspilot.embedded.server import EmbeddedAccount

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

JSON, HTML = "application/json", "text/html"
ANSWERS: dict[str, tuple[int, str, str]] = {
    "501": (501, JSON, '{"__type": "NotImplemented", "message": "not here"}'),
    "501 xml": (
        501,
        "text/xml",
        "<ErrorResponse><Error><Code>NotImplemented</Code><Message>no</Message></Error>"
        "<RequestId>r</RequestId></ErrorResponse>",
    ),
    "404 page": (404, HTML, "<html><h1>Not Found</h1></html>"),
    "unknown operation": (400, JSON, '{"__type": "UnknownOperationException", "message": ""}'),
    "invalid action": (
        400,
        "text/xml",
        "<ErrorResponse><Error><Code>InvalidAction</Code><Message>no</Message></Error>"
        "<RequestId>r</RequestId></ErrorResponse>",
    ),
    "500 not yet": (
        500,
        JSON,
        '{"__type": "InternalFailure", "message": "this action is not yet implemented"}',
    ),
    "500 page": (500, HTML, "<html><title>500</title><p>NotImplementedError</p></html>"),
    "200 page": (200, HTML, "<html>It works!</html>"),
    "200 empty": (200, JSON, ""),
    "200 nothing": (200, JSON, "{}"),
}


@dataclass
class Lacking:
    """The account behind a server that lacks some services.

    Attributes:
        services: As requests are signed for them, to the name of the answer that they give.
        repeated: How often the very same was asked of a lacking service.
    """

    app: Wsgi
    services: dict[str, str] = field(default_factory=dict[str, str])
    repeated: Counter[bytes] = field(default_factory=Counter[bytes])

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        service = service_of(str(environ.get("HTTP_AUTHORIZATION") or ""))
        if service not in self.services:
            return self.app(environ, start_response)
        request = Request(environ)
        what = f"{request.full_path} {request.headers.get('X-Amz-Target', '')} ".encode()
        self.repeated[what + request.get_data()] += 1
        status, content_type, body = ANSWERS[self.services[service]]
        return Response(body, status, content_type=content_type)(environ, start_response)


@contextmanager
def lacking(account: EmbeddedAccount, answer: str, *services: str) -> Iterator[Lacking]:
    """The running account answers so for these services, as long as this lasts."""
    server = account._server
    before = server.app
    server.app = Lacking(before, dict.fromkeys(services, answer))
    try:
        yield server.app
    finally:
        server.app = before
