"""The entry command's processes: the embedded account, the worker and the workbench's server."""

import http
import http.client
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from opspilot.adapters.system import SystemClock
from opspilot.config import Settings, child_environment
from opspilot.embedded.client import read_address
from opspilot.entrypoints.children import Child
from opspilot.entrypoints.signals import on_ending
from opspilot.errors import OpsPilotError, PortInUse

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
"""Where the servers listen unless told otherwise; the embedded account listens nowhere else."""

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - compared with, never bound to by default
_LOOK_SECONDS = 0.05
_WATCH_SECONDS = 0.5
_PATIENCE_SECONDS = 60.0
_LEAVING_SECONDS = 3.0
"""How long processes of a supervisor that was killed may take to leave their ports and locks."""


@dataclass(frozen=True)
class DemoOptions:
    """How the embedded account starts when it is new; an existing one goes on as it was."""

    speed: float = 10.0
    seed: int = 7
    fault: str = "slow-dependency"
    fault_age: str = "10m"


class Supervisor:
    """Starts the processes in order, watches them, and ends them together."""

    def __init__(
        self, settings: Settings, say: Callable[[str], None], host: str = LOOPBACK
    ) -> None:
        """Args: `say` shows one line to the person at the terminal; `host` is the workbench's."""
        self._settings = settings
        self._host = host
        self._say = say
        self._children: list[Child] = []
        self._stop = threading.Event()

    def demo(self, port: int, options: DemoOptions) -> None:
        """The workbench on the embedded account, until interrupted.

        Raises:
            PortInUse: The workbench's port is taken.
            OpsPilotError: A process does not come up, or keeps dying.
        """
        self._require_free(port)
        on_ending(self._stop.set)
        address = read_address(self._settings.embedded_dir)
        account_port = _free_port(_port_of(address.url) if address else 0)
        pinned = {
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{account_port}",
            "OPSPILOT_STATE_DIR": str(self._settings.state_dir),
            # In a demo the person starts the investigation, so as to watch it.
            "OPSPILOT_AUTO_INVESTIGATE": str(self._asked_to_investigate()).lower(),
        }
        environment = child_environment(pinned, embedded=True)
        try:
            embedded = self._start_embedded(account_port, options)
            web = self._start_web(port, environment)
            self._wait(
                embedded,
                lambda: _healthy(LOOPBACK, account_port, "/_opspilot/world"),
                revive_for=_LEAVING_SECONDS,
            )
            if self._settings.store == "dynamodb":
                _make_tables(environment)
            self._start_worker(environment)
            self._ready(web, port)
            self._watch()
        finally:
            self._end()

    def serve(self, port: int) -> None:
        """The workbench and a worker on the configured account, until interrupted.

        Raises:
            PortInUse: The workbench's port is taken.
            OpsPilotError: A process does not come up, or keeps dying.
        """
        self._require_free(port)
        on_ending(self._stop.set)
        environment = child_environment({}, embedded=False)
        try:
            web = self._start_web(port, environment)
            self._start_worker(environment)
            self._ready(web, port)
            self._watch()
        finally:
            self._end()

    def _asked_to_investigate(self) -> bool:
        chosen = "auto_investigate" in self._settings.model_fields_set
        return chosen and self._settings.auto_investigate

    def _start_embedded(self, port: int, options: DemoOptions) -> Child:
        command = [
            *_python("opspilot.embedded"),
            *("--state-dir", str(self._settings.embedded_dir)),
            *("--port", str(port)),
            *("--seed", str(options.seed)),
            *("--speed", f"{options.speed:g}"),
        ]
        if options.fault:
            command += ["--fault", options.fault, "--fault-age", options.fault_age]
        return self._child("embedded account", command, child_environment({}, embedded=True))

    def _start_worker(self, environment: dict[str, str]) -> None:
        self._child("worker", [*_python("opspilot"), "worker"], environment)

    def _start_web(self, port: int, environment: dict[str, str]) -> Child:
        entry = Path(__file__).resolve().parents[2] / "app" / "main.py"
        command = [
            *_python("streamlit"),
            *("run", str(entry)),
            *("--server.address", self._host),
            *(f"--server.allowedHosts={name}" for name in self._allowed()),
            *("--server.port", str(port)),
            *("--server.headless", "true"),
            *("--browser.gatherUsageStats", "false"),
        ]
        return self._child("workbench", command, environment, folder=entry.parents[1])

    def _ready(self, web: Child, port: int) -> None:
        host = LOOPBACK if self._host == _EVERYWHERE else self._host
        self._wait(web, lambda: _healthy(host, port, "/_stcore/health"))
        self._say(f"Workbench: http://{host}:{port}   (Ctrl-C ends it)")

    def _allowed(self) -> tuple[str, ...]:
        """Host names that the workbench answers to; they guard against DNS rebinding."""
        if self._host == _EVERYWHERE:
            return ("*",)
        return tuple(dict.fromkeys((self._host, LOOPBACK, "localhost")))

    def _require_free(self, port: int) -> None:
        waited = 0.0
        while not _is_free(self._host, port):
            if waited > _LEAVING_SECONDS:
                raise PortInUse(
                    f"port {port} on {self._host} is in use",
                    hint="Choose another one: make run PORT=8700, or opspilot demo --port 8700.",
                )
            self._stop.wait(_LOOK_SECONDS)
            waited += _LOOK_SECONDS

    def _child(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        folder: Path | None = None,
    ) -> Child:
        log = self._settings.state_dir / "logs" / f"{name.replace(' ', '-')}.log"
        child = Child(name, command, environment, log, SystemClock().now, folder)
        child.start()
        self._children.append(child)
        return child

    def _wait(self, child: Child, ready: Callable[[], bool], *, revive_for: float = 0.0) -> None:
        """Wait until a child is ready; one that dies in its first seconds is tried again."""
        waited = 0.0
        while not ready():
            if not child.alive() and waited < revive_for:
                self._stop.wait(_WATCH_SECONDS)
                waited += _WATCH_SECONDS
                child.revive()
            if not child.alive() or waited > _PATIENCE_SECONDS:
                raise OpsPilotError(
                    f"the {child.name} did not come up: {child.last_words()}",
                    hint=f"Its log is {child.log}.",
                )
            self._stop.wait(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
            if self._stop.is_set():
                raise KeyboardInterrupt

    def _watch(self) -> None:
        while not self._stop.wait(_WATCH_SECONDS):
            for child in self._children:
                if child.revive():
                    self._say(f"The {child.name} had ended and was started again.")

    def _end(self) -> None:
        for child in reversed(self._children):
            child.stop()


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def _make_tables(environment: dict[str, str]) -> None:
    """Make the store's tables: the embedded account begins without any, and nobody is in time."""
    command = [*_python("opspilot"), "tables", "create"]
    made = subprocess.run(  # noqa: S603 - our own command line
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if made.returncode:
        raise OpsPilotError(f"the tables of the store were not made: {made.stderr.strip()}")


def _port_of(url: str) -> int:
    return int(url.rstrip("/").rsplit(":", 1)[-1])


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port(wanted: int) -> int:
    """The wanted port if it is free (so that addresses stay), else one that the system picks."""
    if wanted and _is_free(LOOPBACK, wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _healthy(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
