"""The product on the embedded account in one process: real HTTP, SQLite, and time moved by hand."""

import json
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from opspilot.adapters.sqlite import open_store
from opspilot.bootstrap import Place, Workbench, assemble
from opspilot.bootstrap.place import locate
from opspilot.config import Settings
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.job import Job, JobKind
from opspilot.domain.plan import Criterion, Instruction, Plan
from opspilot.domain.resource import Resource
from opspilot.domain.signals import query_of, signal_named
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.fleet import Fleet
from opspilot.embedded.server import EmbeddedAccount
from opspilot.engine.people import EMBEDDED_PEOPLE
from opspilot.entrypoints.worker import run_safely
from opspilot.ports.store import Changeset
from tests.filing import file_plan

ADA, GRACE, ALAN = (
    next(one for one in EMBEDDED_PEOPLE if one.id == name) for name in ("ada", "grace", "alan")
)
SPEED = 10
"""Account seconds in one wall second."""

SETTLED = (IncidentStatus.RESOLVED, IncidentStatus.FAILED)


class WorldClock:
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


@dataclass
class World:
    """A workbench on a running embedded account."""

    folder: Path
    manual: ManualClock
    account: EmbeddedAccount
    clock: WorldClock
    place: Place
    bench: Workbench

    @property
    def url(self) -> str:
        """Address of the account."""
        return self.account.url

    def function(self, name: str) -> Resource:
        """A function of the workload."""
        return self.place.ports.workloads.resolve(name)

    def api_fault(self, operation: str, code: str, times: int) -> None:
        """Let the next calls of an operation fail with this AWS code."""
        body = json.dumps({"operation": operation, "code": code, "times": times}).encode()
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.url}/_opspilot/api-faults", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            assert answer.status == 200

    # --- work -------------------------------------------------------------------------------------

    def poll_alarms(self) -> None:
        """Let the worker poll alarms from now on."""
        job = Job(id=JobKind.ALARMS, kind=JobKind.ALARMS, due_at=self.clock.now())
        self.bench.store.commit(Changeset(puts=(job,)))

    def step(self) -> bool:
        """Run one due job; False when none is due."""
        runner = self.bench.runner("worker")
        job = runner.claim()
        if job is not None:
            run_safely(runner, job)
        return job is not None

    def work(self, until: Callable[[], bool], *, account_minutes: float = 60) -> None:
        """Run what is due, and move on to what is due next, until it is so or the time is over."""
        end = self.manual.now() + account_minutes * 60
        while not until() and self.manual.now() < end:
            if self.step():
                continue
            due = [job.due_at for job in self.bench.store.jobs() if job.due_at is not None]
            if not due:
                return
            wait = (min(due) - self.clock.now()).total_seconds() * SPEED
            self.account.advance(max(wait, 0.01))

    def reach(self, *statuses: IncidentStatus, incident_id: str = "INC-0001") -> Incident:
        """Work until the incident stands in one of these statuses."""
        store = self.bench.store
        self.work(lambda: store.incident(incident_id).status in statuses)
        incident = store.incident(incident_id)
        assert incident.status in statuses, (incident.status, incident.last_error)
        return incident

    def errors_stay_low(self, name: str, *, before: float) -> Criterion:
        """Fewer than 2 % of a function's calls fail; `before` is their share while it is faulty."""
        function = self.function(name)
        return Criterion(
            id="C1",
            test="rate_upper_bound",
            numerator=query_of(signal_named("lambda.errors"), function),
            denominator=query_of(signal_named("lambda.invocations"), function),
            limit=0.02,
            hold_periods=3,
            min_events=160,
            deadline_periods=10,
            before=before,
            text="95 % upper bound of the error rate below 2 % for 3 periods, at least 160 calls",
        )

    def diagnosed(self, resource: str = "checkout") -> Incident:
        """An incident that Ada opened on a resource, after its investigation."""
        incident = self.bench.intake.open_incident(resource, actor=ADA)
        self.bench.investigations.start(incident.id, actor=ADA)
        return self.reach(IncidentStatus.DIAGNOSED, incident_id=incident.id)

    def verdict(self, resource: str = "checkout") -> Verdict:
        """What an investigation that Ada started on a resource comes to."""
        found = self.bench.store.investigation(self.diagnosed(resource).id)
        assert found is not None
        assert found.verdict is not None
        return found.verdict

    def carried_out(self, change: Instruction, criterion: Criterion, *then: Instruction) -> Plan:
        """A plan of Ada's hand, approved by Grace, executed, and observed to its end."""
        incident = self.bench.intake.open_incident("checkout", actor=ADA)
        plan = file_plan(
            self.bench,
            incident,
            (change, *then),
            read=self.place.ports.actuator.read,
            requested_by=ADA,
            criterion=criterion,
        )
        self.bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
        self.bench.executions.start(plan.id, actor=ADA)
        self.reach(*SETTLED)
        return self.bench.store.plan(plan.id)

    def assert_sound(self) -> None:
        """The audit trail verifies and misses nothing."""
        self.bench.audit.checkpoint()
        report = self.bench.audit.verify()
        assert report.ok, report.problems
        assert report.uncovered == 0

    # --- the account goes and comes back ----------------------------------------------------------

    def stop(self) -> None:
        """The account's process ends."""
        self.account.close()

    def restart(self) -> None:
        """It starts again on its folder, at the same address and time."""
        port = int(self.url.rsplit(":", 1)[-1])
        self.account = EmbeddedAccount(self.folder / "embedded", clock=self.manual, port=port)


@dataclass(frozen=True)
class Examined:
    """What an investigation of a fault that has been under way for ten minutes came to."""

    verdict: Verdict
    capsule: bytes


def examined(fault: str, seed: int | None = None) -> Examined:
    """The verdict on a fault and its capsule; each world is investigated once for all tests."""
    return _examined(fault, seed)


@cache
def _examined(fault: str, seed: int | None) -> Examined:
    with TemporaryDirectory() as folder, world(Path(folder), fault=fault, seed=seed) as here:
        return Examined(here.verdict(), here.bench.capsules.export("INC-0001", actor=ADA))


@contextmanager
def world(
    folder: Path,
    *,
    fault: str | None = "slow-dependency",
    seed: int | None = None,
    fleet: Fleet | None = None,
) -> Generator[World]:
    """The web shop or another fleet; with a fault it has been under way for ten minutes."""
    manual = ManualClock()
    account = EmbeddedAccount(
        folder / "embedded",
        seed=seed,
        clock=manual,
        fault=fault,
        fault_age_s=600 if fault else 0,
        fleet=fleet,
    )
    clock = WorldClock(manual)
    settings = Settings(state_dir=folder, AWS_ENDPOINT_URL=account.url, auto_investigate=False)
    place = locate(settings, clock)
    store = open_store(place.folder / "opspilot.db", account=place.account.key)
    here = World(folder, manual, account, clock, place, assemble(settings, place, store))
    try:
        yield here
    finally:
        store.close()
        here.account.close()
