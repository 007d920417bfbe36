"""The product's processes on one state folder, and the workbench of the test beside them."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.request import urlopen

from opspilot.bootstrap import Workbench, open_workbench
from opspilot.bootstrap.place import locate
from opspilot.config import Settings, child_environment
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.plan import Criterion, Instruction, Plan
from opspilot.domain.resource import lambda_function
from opspilot.domain.signals import query_of, signal_named
from opspilot.embedded.client import handshake
from opspilot.engine.people import EMBEDDED_PEOPLE
from opspilot.errors import OpsPilotError
from tests.filing import file_plan
from tests.kill import processes
from tests.noon import begin_at_noon

ADA, GRACE = (one for one in EMBEDDED_PEOPLE if one.id in ("ada", "grace"))
_LOOK_SECONDS = 0.05
_pause = threading.Event()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(so: Callable[[], bool], what: str, seconds: float = 45) -> None:
    """Look until it is so.

    Raises:
        AssertionError: It did not come to be so in time.
    """
    for _ in range(int(seconds / _LOOK_SECONDS)):
        if so():
            return
        _pause.wait(_LOOK_SECONDS)
    raise AssertionError(f"waited {seconds} s for: {what}")


@dataclass
class Running:
    """Processes that the test starts, kills and starts again."""

    folder: Path
    port: int = field(default_factory=free_port)
    account: BaseProcess | None = None
    worker: BaseProcess | None = None
    others: list[BaseProcess] = field(default_factory=list[BaseProcess])

    @property
    def url(self) -> str:
        """Address of the account, the same after every start."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The worker's environment, as the supervisor sets it."""
        pinned = {"AWS_ENDPOINT_URL": self.url, "OPSPILOT_STATE_DIR": str(self.folder)}
        return child_environment(pinned, embedded=True)

    def start_account(self, place: str = "") -> None:
        """Start the account and wait until it answers."""
        environment = child_environment({}, embedded=True)
        folder = self.folder / "embedded"
        self.account = processes.start_embedded(folder, self.port, environment, place)
        wait_until(self._answers, "the embedded account to answer")

    def start_worker(self, place: str = "") -> None:
        """Start a worker."""
        self.worker = processes.start_worker(self.environment, place)

    def killed_worker(self, place: str) -> None:
        """Run a worker until it has killed itself at this place."""
        self.start_worker(place)
        assert self.worker is not None
        assert processes.died(self.worker), f"the worker never came to {place}"

    def start_second_worker(self) -> None:
        """Start another worker on the same store."""
        self.others.append(processes.start_worker(self.environment))

    def account_dies_and_returns(self, place: str = "") -> None:
        """Wait until the account has killed itself, and start it again with its next place."""
        assert self.account is not None
        assert processes.died(self.account), "the account never came to its place"
        self.start_account(place)

    def stop_worker(self) -> None:
        """End the worker politely, between two jobs."""
        assert self.worker is not None
        processes.end(self.worker)

    def end(self) -> None:
        """End what still runs."""
        for process in (*self.others, self.worker, self.account):
            if process is not None:
                processes.end(process)

    def bench(self) -> Workbench:
        """A workbench in this process."""
        return open_workbench(Settings(state_dir=self.folder, AWS_ENDPOINT_URL=self.url))

    def _answers(self) -> bool:
        try:
            return handshake(self.url) is not None
        except OpsPilotError:
            return False

    # --- what became of it ------------------------------------------------------------------------

    def changes_made(self, kind: str = "lambda.update_alias") -> list[str]:
        """The versions that the account's own journal says the product moved aliases to."""
        lines = (self.folder / "embedded" / "journal.jsonl").read_text().splitlines()
        records = [json.loads(line.partition(" ")[2]) for line in lines]
        changes = [one for one in records if one.get("change") == kind]
        assert all("error" not in one for one in changes)
        return [str(one["params"]["version"]) for one in changes]


@contextmanager
def running(folder: Path) -> Generator[Running]:
    """Processes on this folder; whatever still runs is ended."""
    begin_at_noon(folder / "embedded")
    here = Running(folder)
    try:
        yield here
    finally:
        here.end()


def only_incident(bench: Workbench) -> Incident | None:
    """The one incident, if there is one."""
    found = bench.store.incidents().items
    assert len(found) <= 1
    return found[0] if found else None


def reach(bench: Workbench, *statuses: IncidentStatus, seconds: float = 45) -> Incident:
    """Wait until the one incident stands in one of these statuses."""

    def there() -> bool:
        found = only_incident(bench)
        return found is not None and found.status in statuses

    wait_until(there, f"the incident to be {' or '.join(statuses)}", seconds)
    incident = only_incident(bench)
    assert incident is not None
    return incident


def said(bench: Workbench) -> list[str]:
    """The action types of the one incident's chain."""
    incident = only_incident(bench)
    assert incident is not None
    return [entry.action_type for entry in bench.store.entries(incident.id, limit=10_000)]


def assert_sound(bench: Workbench) -> None:
    """The audit trail verifies and misses nothing."""
    bench.audit.checkpoint()
    report = bench.audit.verify()
    assert report.ok, report.problems
    assert report.uncovered == 0


def started_plan(bench: Workbench, settings: Settings) -> Plan:
    """A plan that takes the release back, filed by hand, approved and started."""
    account = bench.account
    payments, checkout = (
        lambda_function(account.account_id, account.region, name)
        for name in ("payments", "checkout")
    )
    plan = file_plan(
        bench,
        bench.intake.open_incident("checkout", actor=ADA),
        (
            Instruction(
                type="lambda.move_alias",
                resource=payments,
                parameters={"alias": "live", "version": "17"},
            ),
        ),
        read=locate(settings).ports.actuator.read,
        requested_by=ADA,
        criterion=Criterion(
            id="C1",
            test="rate_upper_bound",
            numerator=query_of(signal_named("lambda.errors"), checkout),
            denominator=query_of(signal_named("lambda.invocations"), checkout),
            limit=0.02,
            hold_periods=3,
            min_events=160,
            deadline_periods=30,
            before=1.0,
            text="95 % upper bound of the error rate below 2 % for 3 periods, 160 calls",
        ),
    )
    bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    return bench.executions.start(plan.id, actor=ADA)


def healthy(port: int) -> bool:
    """Whether the workbench's server answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


# --- the entry command ----------------------------------------------------------------------------


@contextmanager
def demo(folder: Path, port: int) -> Generator[subprocess.Popen[bytes]]:
    """`opspilot demo` as a user starts it; ended by its process id."""
    log = (folder / "demo.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "opspilot", "demo", "--port", str(port), "--speed", "30"],
        env=os.environ | {"OPSPILOT_STATE_DIR": str(folder)},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        log.close()


def children_of(pid: int) -> dict[int, str]:
    """Process id to command line of the children of a process (Linux)."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {
        int(child): Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        for child in listed
    }
