"""The loopback server, and the account as a context manager for tests and tools."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
import tempfile
import threading
import traceback
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from opspilot.embedded.account import Account
from opspilot.embedded.address import Address, write_address
from opspilot.embedded.clock import AccountClock, ManualClock, ScaledClock
from opspilot.embedded.control import PREFIX, Control
from opspilot.embedded.errors import AlreadyRunning, AwsError, EmbeddedError
from opspilot.embedded.faults.fault import Fault
from opspilot.embedded.fleet import Fleet
from opspilot.embedded.handlers import HANDLERS, ROUTES
from opspilot.embedded.moto_gateway import MotoGateway
from opspilot.embedded.origin import DEFAULT_ACCOUNT, DEFAULT_REGION, Origin
from opspilot.embedded.watch import AlarmWatch
from opspilot.embedded.wire import Wire, failure
from opspilot.embedded.world import World

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
_LOCK, _CLOCK, _JOURNAL, _ALARMS = "account.lock", "clock.json", "journal.jsonl", "alarms.json"


class Application:
    """The WSGI application: control routes, own handlers, moto."""

    def __init__(self, account: Account) -> None:
        self._control = Control(account)
        self._wire = Wire(account, HANDLERS, ROUTES)
        self._moto = MotoGateway(account)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            if request.path.startswith(PREFIX):
                return self._control.answer(request)
            if "Authorization" not in request.headers:
                return failure(
                    AwsError("MissingAuthenticationToken", "The request is not signed.", 403)
                )
            return self._wire.answer(request) or self._moto.answer(request)
        except Exception as exc:  # noqa: BLE001 - the edge: an AWS error out, one line logged
            frame = traceback.extract_tb(exc.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
            logger.error("%s %s failed at %s: %r", request.method, request.path, where, exc)
            return failure(AwsError("InternalFailure", f"embedded account: {exc!r}", 500))


class _QuietHandler(WSGIRequestHandler):
    """Logs no requests."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


class StateDir:
    """A state folder, held by one process."""

    def __init__(self, path: Path) -> None:
        """Take the folder; raises AlreadyRunning when another process holds it."""
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock: IO[str] = (path / _LOCK).open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            self._lock.close()
            raise AlreadyRunning(
                f"another embedded account runs on {path}: stop it, or choose another --state-dir"
            ) from exc

    def close(self) -> None:
        """Give the folder back."""
        self._lock.close()


class EmbeddedAccount:
    """A running embedded account.

    Without `state_dir` it lives in a temporary folder; with a `ManualClock` time moves by
    `advance`.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        *,
        seed: int | None = None,
        speed: float | None = None,
        clock: AccountClock | None = None,
        fault: str | None = None,
        fault_age_s: float = 0.0,
        port: int = 0,
        account_id: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        workload: str = "shop",
        fleet: Fleet | None = None,
        faults: Mapping[str, Fault] | None = None,
    ) -> None:
        """Open the world of the folder or begin one, and listen.

        `fleet` and `faults` stand in for those shipped under the workload's name.

        Raises:
            EmbeddedError: folder held, journal damaged, other seed, port in use.
        """
        with ExitStack() as opened:
            path = state_dir or Path(opened.enter_context(tempfile.TemporaryDirectory()))
            opened.enter_context(closing(StateDir(path)))
            self._server = _listen(port)
            opened.callback(self._server.server_close)
            self._clock = clock or ScaledClock(path / _CLOCK, speed)
            opened.callback(self._clock.close)
            chosen = 7 if seed is None else seed
            name = workload if fleet is None else fleet.name
            fresh = Origin(chosen, self._clock.now(), name, account_id, region)
            world = opened.enter_context(
                closing(World.open(path / _JOURNAL, fresh, seed=seed, fleet=fleet, faults=faults))
            )
            if fault is not None and world.is_new:
                world.inject(fault, self._clock.now() - fault_age_s)
            self.account = Account(world, self._clock)
            if self._clock.speed:
                opened.enter_context(closing(AlarmWatch(self.account, path / _ALARMS)))
            self._opened = opened.pop_all()
        self._thread = self._serve()
        url = f"http://{HOST}:{self._server.port}"
        self.address = Address(url, os.getpid(), self.account.account_id, self.account.region)
        write_address(path, self.address)

    def _serve(self) -> threading.Thread:
        self._server.app = Application(self.account)
        thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="embedded-account",
            daemon=True,
        )
        thread.start()
        return thread

    @property
    def url(self) -> str:
        """Endpoint for AWS clients and for the control routes."""
        return self.address.url

    def account_now(self) -> datetime:
        """Account time."""
        return self.account.account_now()

    def advance(self, seconds: float) -> None:
        """Move a manual clock on."""
        if not isinstance(self._clock, ManualClock):
            raise EmbeddedError("only an account with a ManualClock can be advanced")
        self._clock.advance(seconds)

    def close(self) -> None:
        """Stop listening; the world stays in its folder."""
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._opened.close()

    def wait(self) -> None:
        """Serve until the server is shut down."""
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _listen(port: int) -> BaseWSGIServer:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as exc:
        listener.close()
        if exc.errno == errno.EADDRINUSE:
            raise EmbeddedError(
                f"port {port} is in use: choose another with --port, or leave it out for a free one"
            ) from exc
        raise EmbeddedError(f"cannot listen on {HOST}:{port}: {exc.strerror}") from exc
    listener.listen(128)
    chosen = int(listener.getsockname()[1])
    with listener:  # werkzeug duplicates the descriptor
        server = make_server(
            HOST,
            chosen,
            _not_ready,
            threaded=True,
            request_handler=_QuietHandler,
            fd=listener.fileno(),
        )
    return server


def _not_ready(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    answer = failure(AwsError("ServiceUnavailable", "the embedded account is starting", 503))
    return answer(environ, start_response)
