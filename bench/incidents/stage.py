"""Sets a case up: its world, its account in this process or over HTTP, and the product on it."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from bench.incidents.drawing import Case
from bench.incidents.transport import ENDPOINT, Traffic, Transport, WsgiApp, connected_clients
from opspilot.adapters.aws import Buckets, ModelChoice, Timer
from opspilot.adapters.aws.account import AwsAccount, assemble
from opspilot.adapters.aws.names import Place as Where
from opspilot.adapters.aws.session import AwsClients
from opspilot.adapters.aws.throttle import Calls
from opspilot.adapters.memory import MemoryStore
from opspilot.adapters.sqlite import open_store
from opspilot.bootstrap import Place, Ports, Workbench
from opspilot.bootstrap import assemble as assemble_workbench
from opspilot.bootstrap.place import locate
from opspilot.config import Settings
from opspilot.domain.account import Account as AccountInfo
from opspilot.embedded.account import Account
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import Application
from opspilot.embedded.world import World

SPEED = 10
"""Account seconds in one wall second, for leases and approvals, which run on wall time."""

_FOREVER = 10**9


class CaseClock:
    """Both times, told by the world's manual clock."""

    def __init__(self, manual: ManualClock) -> None:
        self._manual = manual
        self._begun = self.account_now()

    def now(self) -> datetime:
        """Wall time; it began with account time and runs more slowly."""
        return self._begun + (self.account_now() - self._begun) / SPEED

    def account_now(self) -> datetime:
        """Account time."""
        return datetime.fromtimestamp(self._manual.now(), UTC)

    def wall_at(self, account: datetime) -> datetime:
        """See `Clock.wall_at`."""
        return self.now() + (account - self.account_now()) / SPEED


class SkippingTimer:
    """Waiting at token buckets and between retries costs no time, and is counted."""

    def __init__(self) -> None:
        self.skipped = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Seconds, as if every wait had been waited for."""
        return time.monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        """Skip that long."""
        with self._lock:
            self.skipped += max(seconds, 0.0)

    def timer(self) -> Timer:
        """As the adapters take it; half of the longest pause is what jitter takes on average."""
        return Timer(self.monotonic, self.sleep, lambda most: most / 2)


@dataclass(frozen=True)
class Spent:
    """What was asked of AWS until some moment.

    Attributes:
        seconds: Inside the simulated account; `waited` what AWS's rate limits would have cost.
    """

    calls: int
    received: int
    model_calls: int
    seconds: float
    waited: float

    def __sub__(self, before: Spent) -> Spent:
        """What was spent since then."""
        return Spent(
            self.calls - before.calls,
            self.received - before.received,
            self.model_calls - before.model_calls,
            self.seconds - before.seconds,
            self.waited - before.waited,
        )


@dataclass
class Stage:
    """A case set up.

    Attributes:
        bench: The product, as its entrypoints have it.
        traffic: What the product asked of AWS; None over HTTP, where nobody counts it.
    """

    case: Case
    manual: ManualClock
    clock: CaseClock
    account: Account
    bench: Workbench
    traffic: Traffic | None
    timer: SkippingTimer

    def spent(self) -> Spent | None:
        """What was asked of AWS until now; None where it is not counted."""
        one = self.traffic
        if one is None:
            return None
        return Spent(one.calls, one.received, one.model_calls, one.seconds, self.timer.skipped)

    def silence(self) -> None:
        """From now on the scenario's sources do not answer."""
        for source in self.case.scenario.sources:
            self.account.api_faults.arm(source.operation, source.code, _FOREVER)

    def advance_to(self, at: float) -> None:
        """Move the clock on, if that time is still to come."""
        self.manual.advance(max(0.0, at - self.manual.now()))


@dataclass(frozen=True)
class Hall:
    """What a process keeps between cases: clients, since building them costs more than a case."""

    transport: Transport
    clients: dict[str, AwsClients]

    @classmethod
    def opened(cls) -> Hall:
        """With no client yet."""
        return cls(Transport(), {})

    def clients_of(self, region: str) -> AwsClients:
        """The clients of a region."""
        if region not in self.clients:
            self.clients[region] = connected_clients(self.transport, region)
        return self.clients[region]


@contextmanager
def staged(case: Case, hall: Hall, *, http: bool = False) -> Generator[Stage]:
    """The case's world with the product on it.

    Args:
        case: What to set up.
        hall: Of this process.
        http: Answer over a loopback socket, with the state in SQLite, as an installation has it.
    """
    manual = ManualClock(datetime.fromtimestamp(case.opened, UTC))
    account = Account(World(case.origin, fleet=case.fleet, faults={}), manual)
    clock = CaseClock(manual)
    timer = SkippingTimer()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="opspilot-bench-")))
        app = Application(account)
        if http:
            place = locate(_settings(folder, opened.enter_context(_served(app))), clock)
            store: Any = open_store(place.folder / "opspilot.db", account=place.account.key)
            opened.callback(store.close)
        else:
            hall.transport.plug(app)
            place = _place(case, hall, clock, folder, timer)
            store = MemoryStore()
        bench = assemble_workbench(_settings(folder), place, store)
        traffic = None if http else hall.transport.traffic
        yield Stage(case, manual, clock, account, bench, traffic, timer)


def _settings(folder: Path, url: str = "") -> Settings:
    address = {"AWS_ENDPOINT_URL": url} if url else {}
    return Settings(state_dir=folder, auto_investigate=False, **address)  # type: ignore[arg-type]


def _place(case: Case, hall: Hall, clock: CaseClock, folder: Path, timer: SkippingTimer) -> Place:
    origin = case.origin
    calls = Calls(Buckets(), origin.account_id, timer=timer.timer())
    aws = assemble(
        hall.clients_of(origin.region),
        calls,
        clock,
        Where(origin.account_id, origin.region),
        ModelChoice(stand_in=True),
    )
    info = AccountInfo(
        account_id=origin.account_id,
        region=origin.region,
        embedded=True,
        speed=SPEED,
        endpoint=ENDPOINT,
        caller=f"arn:aws:iam::{origin.account_id}:user/opspilot",
    )
    return Place(info, folder / "embedded", _ports(aws), clock)


def _ports(aws: AwsAccount) -> Ports:
    return Ports(
        aws.metrics,
        aws.logs,
        aws.workloads,
        aws.changes,
        aws.alarms,
        aws.actuator,
        aws.invocations,
        aws.model,
        aws.traces,
        aws.calls,
    )


class _Quiet(WSGIRequestHandler):
    """Logs no requests."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def _served(app: WsgiApp) -> Generator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
