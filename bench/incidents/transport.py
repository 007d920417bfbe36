"""AWS clients whose requests are answered in this process, without a socket.

botocore asks its `before-send` handlers before it opens a connection; whoever answers there has
answered the request. So the same adapters, the same signing, serialising and parsing run as against
a server, and the same WSGI application answers.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from opspilot.adapters.aws.session import AwsClients, SessionOptions, build_clients

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_MODEL = "/model/"
"""Every operation of Bedrock's runtime that asks a model is under this path."""

ENDPOINT = "http://127.0.0.1:9"
"""The discard port: should a request ever miss the transport, nothing answers it."""


class _Body:
    """A response's body as urllib3 would hold it."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    def read(self, amt: int | None = None, **_: object) -> bytes:
        """Up to `amt` bytes."""
        return self._stream.read(-1 if amt is None else amt)

    def stream(self, amt: int = 65536, **_: object) -> Iterator[bytes]:
        """The rest, piece by piece."""
        while piece := self._stream.read(amt):
            yield piece

    def close(self) -> None:
        """Nothing to give back."""


@dataclass
class Traffic:
    """What went over the transport since it was last asked; `model_calls` those to Bedrock."""

    calls: int = 0
    model_calls: int = 0
    sent: int = 0
    received: int = 0
    seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, path: str, sent: int, received: int, seconds: float) -> None:
        """Count one call."""
        with self.lock:
            self.calls += 1
            self.model_calls += path.startswith(_MODEL)
            self.sent += sent
            self.received += received
            self.seconds += seconds


class Transport:
    """Answers the requests of one set of clients from the application that is plugged in now."""

    def __init__(self) -> None:
        self._app: WsgiApp | None = None
        self.traffic = Traffic()

    def plug(self, app: WsgiApp) -> None:
        """Answer from this application from now on, counting anew."""
        self._app = app
        self.traffic = Traffic()

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """The answer to one prepared request."""
        if self._app is None:
            raise RuntimeError("no application is plugged in")
        begun = time.perf_counter()
        environ, sent = _environ(request)
        status, headers, content = _call(self._app, environ)
        self.traffic.note(environ["PATH_INFO"], sent, len(content), time.perf_counter() - begun)
        return AWSResponse(request.url, status, headers, _Body(content))


def connected_clients(transport: Transport, region: str) -> AwsClients:
    """Clients of every service, answered by the transport."""
    clients = build_clients(
        SessionOptions(
            region=region,
            endpoint_url=ENDPOINT,
            access_key_id="embedded",
            secret_access_key="embedded",  # noqa: S106 - the embedded account checks none
            sealed=True,
        )
    )
    for one in fields(clients):
        client: Any = getattr(clients, one.name)
        if hasattr(client, "meta"):
            client.meta.events.register("before-send", transport.answer)
    return clients


def _environ(request: AWSPreparedRequest) -> tuple[dict[str, Any], int]:
    parts = urlsplit(request.url)
    body = _content(request.body)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path or "/").encode().decode("latin-1"),
        "RAW_URI": parts.path or "/",
        "REQUEST_URI": parts.path or "/",
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "9",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = text
    return environ, len(body)


def _content(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else body.read()


def _call(app: WsgiApp, environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    told: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        told["status"], told["headers"] = status, headers

    answer = app(environ, start_response)
    try:
        content = b"".join(answer)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    return int(told["status"].split(" ", 1)[0]), dict(told["headers"]), content
