"""The engine on the small account: the graph that bootstrap builds, a clock moved by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from opspilot.adapters.memory import HandClock, MemoryStore, ScriptedModel
from opspilot.bootstrap import Place, Ports, Workbench, assemble
from opspilot.config import Settings
from opspilot.domain.account import Account
from opspilot.domain.audit import AuditEntry
from opspilot.domain.identity import Actor, Role
from opspilot.domain.incident import Incident, IncidentStatus, Symptom
from opspilot.domain.job import Job, JobKind
from opspilot.domain.plan import Criterion, Instruction, Plan
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import CallUsage
from opspilot.domain.window import Window
from opspilot.engine.commands import incident_job_id
from opspilot.entrypoints.worker import run_safely
from opspilot.ports.store import Changeset, Store
from tests.engine.account import ACCOUNT_ID, CHECKOUT, PAYMENTS, REGION, SmallAccount
from tests.filing import file_plan

T0 = datetime(2026, 3, 4, 12, 0, 20, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)

VERA = Actor(id="vera", name="Vera", roles=(Role.VIEWER,), source="embedded")
ROSA = Actor(id="rosa", name="Rosa", roles=(Role.RESPONDER,), source="embedded")
ADA = Actor(id="ada", name="Ada", roles=(Role.APPROVER,), source="embedded")
GRACE = Actor(id="grace", name="Grace", roles=(Role.APPROVER,), source="embedded")
ROOT = Actor(id="root", name="Root", roles=(Role.ADMIN,), source="embedded")

BACK_TO_17 = Instruction(
    type="lambda.move_alias", resource=PAYMENTS, parameters={"alias": "live", "version": "17"}
)
LONGER = Instruction(
    type="lambda.set_timeout", resource=CHECKOUT, parameters={"timeout_seconds": 8}
)
MORE_MEMORY = Instruction(
    type="lambda.set_memory", resource=PAYMENTS, parameters={"memory_mb": 1024}
)


@dataclass
class Scene:
    """A workbench on the small account, and the time."""

    folder: Path
    clock: HandClock
    account: SmallAccount
    store: Store
    bench: Workbench

    # --- time and workers -------------------------------------------------------------------------

    def pass_time(self, **length: float) -> None:
        """Let time go by."""
        self.clock.advance(timedelta(**length))

    def claim(self, job_id: str | None = None, *, owner: str = "worker") -> Job | None:
        """Take a job as this worker."""
        return self.bench.runner(owner).claim(job_id)

    def step(self, job_id: str | None = None, *, owner: str = "worker") -> bool:
        """Run one due job as a worker does; False when none is due."""
        runner = self.bench.runner(owner)
        job = runner.claim(job_id)
        if job is None:
            return False
        run_safely(runner, job)
        return True

    def work(
        self,
        until: Callable[[], bool] = lambda: False,
        *,
        owner: str = "worker",
        at_most: timedelta = 3 * HOUR,
    ) -> None:
        """Run what is due, and move the clock to what is due next, until nothing is left to do."""
        end = self.clock.now() + at_most
        while not until():
            if self.step(owner=owner):
                continue
            due = [job.due_at for job in self.store.jobs() if job.due_at is not None]
            leases = [job.lease_until for job in self.store.jobs() if job.lease_until is not None]
            following = [moment for moment in (*due, *leases) if moment > self.clock.now()]
            if not following or min(following) > end:
                return
            self.clock.advance(min(following) - self.clock.now())

    def reach(self, *statuses: IncidentStatus, incident_id: str = "INC-0001") -> Incident:
        """Work until the incident stands in one of these statuses."""
        self.work(lambda: self.status(incident_id) in statuses)
        incident = self.store.incident(incident_id)
        assert incident.status in statuses, (incident.status, incident.last_error)
        return incident

    def poll_alarms(self, *, owner: str = "worker") -> None:
        """Run the alarm job once."""
        if self.store.job(JobKind.ALARMS) is None:
            job = Job(id=JobKind.ALARMS, kind=JobKind.ALARMS, due_at=self.clock.now())
            self.store.commit(Changeset(puts=(job,)))
        assert self.step(JobKind.ALARMS, owner=owner)

    # --- incidents --------------------------------------------------------------------------------

    def opened(self, resource: str = "checkout", actor: Actor = ROSA) -> Incident:
        """An incident that a person opened."""
        return self.bench.intake.open_incident(resource, actor=actor)

    def diagnosed(self) -> Incident:
        """An incident after its investigation."""
        incident = self.opened()
        self.bench.investigations.start(incident.id, actor=ROSA)
        return self.reach(IncidentStatus.DIAGNOSED, incident_id=incident.id)

    def incident(self, incident_id: str = "INC-0001") -> Incident:
        """An incident as stored."""
        return self.store.incident(incident_id)

    def status(self, incident_id: str = "INC-0001") -> IncidentStatus:
        """Where an incident stands."""
        return self.store.incident(incident_id).status

    def put_incident(self, status: IncidentStatus, **changes: object) -> Incident:
        """An incident that stands where a test wants it, with its job."""
        number = self.store.next_number("incident")
        now = self.clock.account_now()
        window = Window(start=now - timedelta(minutes=30), end=now)
        query = query_of(signal_named("lambda.errors"), CHECKOUT)
        fields: dict[str, object] = {
            "id": f"INC-{number:04d}",
            "title": "checkout: errors",
            "resource": CHECKOUT,
            "status": status,
            "symptom": Symptom(query=query, summary="errors"),
            "window": window,
            "baseline": window.before(3 * HOUR),
            "opened_at": now,
            "opened_wall": self.clock.now(),
            "opened_by": ROSA,
        }
        incident = Incident.model_validate(fields | changes)
        job = Job(
            id=incident_job_id(incident.id),
            kind=JobKind.INCIDENT,
            incident_id=incident.id,
            due_at=None,
            blocked_on="a test",
        )
        self.store.commit(Changeset(puts=(incident, job)))
        return self.store.incident(incident.id)

    def spend(self, api_calls: int, incident_id: str = "INC-0001") -> None:
        """Calls that the incident is to have cost elsewhere."""
        current = self.store.investigation(incident_id)
        assert current is not None
        cost = current.elsewhere.plus(CallUsage(api_calls=api_calls))
        spent = current.model_copy(update={"elsewhere": cost})
        self.store.commit(Changeset(puts=(spent,)))

    # --- plans ------------------------------------------------------------------------------------

    def filed(
        self,
        *changes: Instruction,
        requested_by: Actor = ROSA,
        incident: Incident | None = None,
        deadline_periods: int = 15,
    ) -> Plan:
        """A plan of these changes that awaits approval, as the planner would have filed it."""
        about = incident or self.put_incident(IncidentStatus.DIAGNOSED)
        return file_plan(
            self.bench,
            about,
            changes,
            read=self.account.read,
            requested_by=requested_by,
            criterion=criterion(deadline_periods),
        )

    def approved(self, *changes: Instruction, **more: object) -> Plan:
        """Such a plan, approved by Grace."""
        plan = self.filed(*changes, **more)  # type: ignore[arg-type]
        return self.bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)

    def started(self, *changes: Instruction, **more: object) -> Plan:
        """Such a plan, started by Rosa."""
        plan = self.approved(*changes, **more)
        return self.bench.executions.start(plan.id, actor=ROSA)

    # --- what is on record ------------------------------------------------------------------------

    def trail(self, chain: str = "INC-0001") -> list[AuditEntry]:
        """The entries of a chain."""
        return self.store.entries(chain, limit=10_000)

    def said(self, chain: str = "INC-0001") -> list[str]:
        """The action types of a chain, in order."""
        return [entry.action_type for entry in self.trail(chain)]

    def assert_sound(self) -> None:
        """The audit trail verifies and misses nothing."""
        self.bench.audit.checkpoint()
        report = self.bench.audit.verify()
        assert report.ok, report.problems
        assert report.uncovered == 0

    def reopened(self) -> "Scene":
        """The same store and account under a graph built anew, as after a restart."""
        return Scene(
            self.folder, self.clock, self.account, self.store, _bench(self.folder, self.account,
            self.clock, self.store),
        )  # fmt: skip


def scene(
    folder: Path, *, store: Store | None = None, fault: bool = True, **settings: object
) -> Scene:
    """A fresh scene; with a fault, payments was released 14 minutes ago."""
    clock = HandClock(T0)
    account = SmallAccount(clock, T0 - timedelta(minutes=14) if fault else None)
    kept = store or MemoryStore()
    return Scene(folder, clock, account, kept, _bench(folder, account, clock, kept, **settings))


def diagnosed_scene(folder: Path) -> Scene:
    """A scene whose first incident has its verdict; the investigation itself runs once for all."""
    store, elapsed = _diagnosis()
    stage = scene(folder, store=store.copy())
    stage.clock.advance(elapsed)
    return stage


@lru_cache(maxsize=1)
def _diagnosis() -> tuple[MemoryStore, timedelta]:
    with TemporaryDirectory() as folder:
        store = MemoryStore()
        stage = scene(Path(folder), store=store)
        stage.diagnosed()
        return store, stage.clock.now() - T0


def _bench(
    folder: Path, account: SmallAccount, clock: HandClock, store: Store, **settings: object
) -> Workbench:
    ports = Ports(*[account] * 7, ScriptedModel(), account, account)
    known = Account(account_id=ACCOUNT_ID, region=REGION, embedded=True)
    chosen = Settings(state_dir=folder, **settings)  # type: ignore[arg-type]
    return assemble(chosen, Place(known, folder, ports, clock), store)


def criterion(deadline_periods: int = 15) -> Criterion:
    """Fewer than 5 % of checkout's calls fail."""
    return Criterion(
        id="C1",
        test="rate_upper_bound",
        numerator=query_of(signal_named("lambda.errors"), CHECKOUT),
        denominator=query_of(signal_named("lambda.invocations"), CHECKOUT),
        limit=0.05,
        hold_periods=3,
        min_events=60,
        deadline_periods=deadline_periods,
        before=0.2,
        text="95 % upper bound of the error rate below 5 % for 3 periods, at least 60 calls",
    )


def runs(plan: Plan) -> Sequence[tuple[str, bool, str]]:
    """(action, undo, status) of every run."""
    return [(run.action_id, run.undo, run.status) for run in plan.runs]
