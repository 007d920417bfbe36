"""Builds the object graph: the only place that does.

`open_workbench` decides which account is meant, opens the store that belongs to it, connects the
AWS ports and hands them to the engine. Entrypoints and screens get everything from the
`Workbench`.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from opspilot.adapters.aws import AwsAccount, SessionOptions, connect
from opspilot.adapters.signing import open_checkpoints
from opspilot.adapters.sqlite import open_store
from opspilot.adapters.system import SystemClock
from opspilot.adapters.unreachable import Unreachable
from opspilot.config import Settings, load_settings
from opspilot.domain.account import Account
from opspilot.domain.identity import Actor
from opspilot.domain.job import Job, JobKind
from opspilot.embedded.client import World, handshake, read_address
from opspilot.embedded.remote_clock import RemoteClock
from opspilot.engine.alarms import AlarmPoll
from opspilot.engine.approve import Approvals
from opspilot.engine.audit import AuditTrail
from opspilot.engine.budget import Budget
from opspilot.engine.commands import Desk
from opspilot.engine.diagnose import Diagnosis
from opspilot.engine.doctor import Doctor, DoctorReport
from opspilot.engine.execute import Execution, Executions, Undoing
from opspilot.engine.hand import Hand
from opspilot.engine.intake import Intake
from opspilot.engine.investigate import Gathering, Investigations
from opspilot.engine.journal import Journal
from opspilot.engine.people import People
from opspilot.engine.plan import Planning, Plans, Waiting
from opspilot.engine.queries import Queries
from opspilot.engine.reading import Reader
from opspilot.engine.runner import IncidentHandler, Runner
from opspilot.engine.stages import Investigating, Stages
from opspilot.engine.steps import JobHandler, JobResult, Scope
from opspilot.engine.verify import Observation
from opspilot.errors import EmbeddedAccountStopped, OpsPilotError
from opspilot.ports.actuator import Actuator
from opspilot.ports.clock import Clock
from opspilot.ports.store import Store
from opspilot.ports.telemetry import Logs, Metrics
from opspilot.ports.workloads import Alarms, Changes, Workloads

_CHECKPOINT_EVERY = timedelta(seconds=10)
_DUMMY = "embedded"
"""Access key and secret towards the embedded account: it checks none, and no real account knows
it."""


@dataclass(frozen=True)
class Workbench:
    """Everything an entrypoint or a screen may use.

    Attributes:
        account: As it answered when the workbench was opened; `refresh_account` asks again.
        identities: Who may act.
        handlers: What runs a job of each kind: the worker's table of contents.
        problem: Why the account does not answer; None when it does.
    """

    settings: Settings
    account: Account
    identities: People
    clock: Clock
    store: Store
    queries: Queries
    intake: Intake
    investigations: Investigations
    plans: Plans
    approvals: Approvals
    executions: Executions
    audit: AuditTrail
    examiner: Doctor
    handlers: Mapping[JobKind, JobHandler]
    problem: OpsPilotError | None = None

    @property
    def people(self) -> tuple[Actor, ...]:
        """Whom one may act as on a screen."""
        return self.identities.everybody()

    def refresh_account(self) -> Account:
        """The account as it answers now."""
        return _locate(self.settings).account

    def doctor(self) -> DoctorReport:
        """Which sources answer now."""
        return self.examiner.examine(self.refresh_account())

    def runner(self, name: str) -> Runner:
        """A runner whose leases carry this name and this process."""
        owner = f"{socket.gethostname()}:{os.getpid()}:{name}"
        return Runner(self.store, self.clock, owner, self.handlers)


@dataclass(frozen=True)
class _Ports:
    """The AWS side, or its stand-in while no account answers."""

    metrics: Metrics
    logs: Logs
    workloads: Workloads
    changes: Changes
    alarms: Alarms
    actuator: Actuator


@dataclass(frozen=True)
class _Place:
    """Which account is meant, whether it answers, and where its state is kept."""

    account: Account
    folder: Path
    ports: _Ports
    world: World | None = None
    problem: OpsPilotError | None = None


def open_workbench(settings: Settings | None = None) -> Workbench:
    """Build the graph for the configured account.

    An account that does not answer is no error here: every call to it then says why, and
    `account.problem` tells the screens.

    Raises:
        StoreError: The store cannot be opened (newer schema, other account, unreadable).
        InputError: A setting is malformed.
    """
    chosen = settings or load_settings()
    place = _locate(chosen)
    wall = SystemClock()
    clock = RemoteClock(place.account.endpoint, place.world, wall) if place.world else wall
    store = open_store(place.folder / "opspilot.db", account=place.account.key)
    return _assemble(chosen, place, clock, store)


def _locate(settings: Settings) -> _Place:
    """Find the account: AWS_ENDPOINT_URL, else this state folder's embedded one, else AWS."""
    if settings.aws_endpoint_url:
        return _endpoint(settings, settings.aws_endpoint_url)
    if settings.account == "auto" and settings.embedded_dir.exists():
        return _embedded(settings)
    return _aws(settings, SessionOptions(profile=settings.aws_profile, region=_region(settings)))


def _region(settings: Settings) -> str:
    return settings.aws_region or settings.aws_default_region


def _endpoint(settings: Settings, url: str) -> _Place:
    try:
        world = handshake(url)
    except OpsPilotError as error:
        return _stopped(settings.state_dir / "unknown", "", "", error, endpoint=url)
    if world is not None:
        return _on_world(settings, url, world)
    options = SessionOptions(
        profile=settings.aws_profile, region=_region(settings), endpoint_url=url
    )
    return _aws(settings, options)


def _embedded(settings: Settings) -> _Place:
    """The embedded account of this state folder; never falls through to a real one."""
    stopped = EmbeddedAccountStopped(
        f"the embedded account of {settings.state_dir} is not running",
        hint="Start it with `make run` or `opspilot demo`. For a real account set "
        "OPSPILOT_ACCOUNT=aws.",
    )
    address = read_address(settings.embedded_dir)
    if address is None:
        return _stopped(settings.embedded_dir, "", "", stopped)
    try:
        world = handshake(address.url)
    except OpsPilotError:
        world = None
    if world is None:
        return _stopped(settings.embedded_dir, address.account_id, address.region, stopped)
    return _on_world(settings, address.url, world)


def _on_world(settings: Settings, url: str, world: World) -> _Place:
    options = SessionOptions(
        region=world.region, endpoint_url=url, access_key_id=_DUMMY, secret_access_key=_DUMMY
    )
    account = Account(
        account_id=world.account_id,
        region=world.region,
        embedded=True,
        speed=world.speed,
        endpoint=url,
        caller=f"arn:aws:iam::{world.account_id}:user/opspilot",
    )
    clock = RemoteClock(url, world, SystemClock())
    aws = connect(options, clock=clock, account_id=world.account_id)
    return _Place(account, settings.embedded_dir, _ports(aws), world)


def _aws(settings: Settings, options: SessionOptions) -> _Place:
    try:
        aws = connect(options, clock=SystemClock())
        identity = aws.identity()
    except OpsPilotError as error:
        return _stopped(
            settings.state_dir / "unknown", "", options.region, error, endpoint=options.endpoint_url
        )
    account = Account(
        account_id=aws.account_id,
        region=aws.region,
        endpoint=options.endpoint_url,
        caller=identity.arn,
    )
    return _Place(account, settings.state_dir / f"{aws.account_id}-{aws.region}", _ports(aws))


def _stopped(
    folder: Path, account_id: str, region: str, error: OpsPilotError, *, endpoint: str = ""
) -> _Place:
    nobody = Unreachable(error)
    account = Account(
        account_id=account_id,
        region=region,
        embedded=isinstance(error, EmbeddedAccountStopped),
        endpoint=endpoint,
        problem=" ".join(filter(None, (error.message, error.hint))),
    )
    ports = _Ports(nobody, nobody, nobody, nobody, nobody, nobody)
    return _Place(account, folder, ports, problem=error)


def _ports(aws: AwsAccount) -> _Ports:
    return _Ports(aws.metrics, aws.logs, aws.workloads, aws.changes, aws.alarms, aws.actuator)


def _assemble(settings: Settings, place: _Place, clock: Clock, store: Store) -> Workbench:
    journal = Journal(clock)
    desk = Desk(store, clock, journal)
    approval_time = timedelta(minutes=settings.approval_minutes)
    intake = Intake(desk, place.ports.workloads)
    investigations = Investigations(desk)
    audit = AuditTrail(store, open_checkpoints(place.folder / "checkpoints"), clock)
    reader = Reader(
        place.ports.metrics,
        place.ports.logs,
        place.ports.workloads,
        place.ports.changes,
        place.ports.alarms,
    )
    queries = Queries(store, clock, place.ports.metrics)
    stages = _stages(settings, place.ports, reader, desk)
    alarms = AlarmPoll(
        intake,
        investigations,
        place.ports.alarms,
        place.ports.workloads,
        place.account.account_id,
        place.account.region,
        settings.auto_investigate,
    )
    return Workbench(
        settings=settings,
        account=place.account,
        identities=People(
            embedded=place.account.embedded,
            caller=place.account.caller,
            trust_actor=settings.trust_actor,
            role_map=settings.role_map,
        ),
        clock=clock,
        store=store,
        queries=queries,
        intake=intake,
        investigations=investigations,
        plans=Plans(desk),
        approvals=Approvals(desk, approval_time),
        executions=Executions(desk),
        audit=audit,
        examiner=Doctor(reader, queries, clock),
        handlers={
            JobKind.INCIDENT: IncidentHandler(store, journal, stages.table()),
            JobKind.ALARMS: alarms,
            JobKind.CHECKPOINT: _checkpointing(audit),
        },
        problem=place.problem,
    )


def _stages(settings: Settings, ports: _Ports, reader: Reader, desk: Desk) -> Stages:
    clock, journal = desk.clock, desk.journal
    approval_time = timedelta(minutes=settings.approval_minutes)
    budget = Budget(api_calls=settings.api_call_budget, scanned_mb=settings.scan_budget_mb)
    hand = Hand(ports.actuator, clock, journal)
    return Stages(
        investigating=Investigating(
            Gathering(reader, clock, journal, budget), Diagnosis(clock, journal)
        ),
        planning=Planning(ports.actuator, clock, journal, approval_time),
        waiting=Waiting(desk),
        execution=Execution(hand, clock, journal),
        undoing=Undoing(hand, clock, journal),
        observation=Observation(ports.metrics, clock, journal),
    )


def _checkpointing(audit: AuditTrail) -> JobHandler:
    def checkpoint(job: Job, scope: Scope) -> JobResult:  # noqa: ARG001 - the handlers' shape
        audit.checkpoint()
        return JobResult(due_at=scope.now() + _CHECKPOINT_EVERY)

    return checkpoint
