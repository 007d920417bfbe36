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

from opspilot.adapters.signing import open_checkpoints, open_redaction_key
from opspilot.bootstrap.faults import Faults
from opspilot.bootstrap.jobs import budget_of, handlers_of
from opspilot.bootstrap.place import Place, locate
from opspilot.bootstrap.storage import open_configured_store
from opspilot.config import Settings, load_settings
from opspilot.domain.account import Account
from opspilot.domain.identity import Actor
from opspilot.domain.job import JobKind
from opspilot.engine.approve import Approvals
from opspilot.engine.audit import AuditTrail
from opspilot.engine.capsule import Capsules
from opspilot.engine.care import Care
from opspilot.engine.chat import Chats
from opspilot.engine.chat_queries import ChatQueries
from opspilot.engine.commands import Desk
from opspilot.engine.doctor import Doctor, DoctorReport
from opspilot.engine.execute import Executions
from opspilot.engine.explore import Explorer
from opspilot.engine.functions import FunctionDesk
from opspilot.engine.history import History
from opspilot.engine.intake import Intake
from opspilot.engine.investigate import Investigations
from opspilot.engine.journal import Journal
from opspilot.engine.oidc import OidcRules
from opspilot.engine.people import People
from opspilot.engine.plan import Plans
from opspilot.engine.queries import Queries
from opspilot.engine.reading import Reader
from opspilot.engine.rerun import Reruns
from opspilot.engine.review import Reviews
from opspilot.engine.runner import Runner
from opspilot.engine.steps import JobHandler
from opspilot.errors import OpsPilotError
from opspilot.ports.clock import Clock
from opspilot.ports.model import LanguageModel
from opspilot.ports.store import Store


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
    desk: Desk
    queries: Queries
    intake: Intake
    care: Care
    investigations: Investigations
    plans: Plans
    approvals: Approvals
    executions: Executions
    chats: Chats
    conversations: ChatQueries
    audit: AuditTrail
    reviews: Reviews
    capsules: Capsules
    history: History
    reruns: Reruns
    explorer: Explorer
    functions: FunctionDesk
    model: LanguageModel
    examiner: Doctor
    handlers: Mapping[JobKind, JobHandler]
    problem: OpsPilotError | None = None

    @property
    def people(self) -> tuple[Actor, ...]:
        """Whom one may act as on a screen."""
        return self.identities.everybody()

    @property
    def faults(self) -> Faults | None:
        """The faults of the embedded account; None on any other, and while it does not answer."""
        account = self.account
        answers = account.embedded and not account.problem
        return Faults(account.endpoint, self.desk) if answers else None

    def refresh_account(self) -> Account:
        """The account as it answers now."""
        return locate(self.settings).account

    def doctor(self) -> DoctorReport:
        """Which sources answer now."""
        return self.examiner.examine(self.refresh_account())

    def runner(self, name: str) -> Runner:
        """A runner whose leases carry this name and this process."""
        owner = f"{socket.gethostname()}:{os.getpid()}:{name}"
        return Runner(self.store, self.clock, owner, self.handlers)


def open_workbench(settings: Settings | None = None, clock: Clock | None = None) -> Workbench:
    """Build the graph for the configured account.

    An account that does not answer is no error here: every call to it then says why, and
    `account.problem` tells the screens.

    Args:
        settings: What is configured; None reads the environment.
        clock: Time to go by, for whoever moves it by hand; None takes the system's and the
            account's.

    Raises:
        StoreError: The store cannot be opened (newer schema, other account, unreadable).
        InputError: A setting is malformed.
    """
    chosen = settings or load_settings()
    place = locate(chosen, clock)
    store = open_configured_store(chosen, place)
    return assemble(chosen, place, store)


def assemble(settings: Settings, place: Place, store: Store) -> Workbench:
    """The graph on a place and a store that are there already."""
    clock, ports = place.clock, place.ports
    keys = place.folder / "checkpoints"
    desk = Desk(store, clock, Journal(clock, open_redaction_key(keys)))
    audit = AuditTrail(store, open_checkpoints(keys), clock)
    reader = Reader(
        ports.metrics,
        ports.logs,
        ports.workloads,
        ports.changes,
        ports.alarms,
        ports.traces,
        ports.meter,
    )
    queries = Queries(store, clock, ports.metrics)
    return Workbench(
        settings=settings,
        account=place.account,
        identities=_people(settings, place.account),
        clock=clock,
        store=store,
        desk=desk,
        queries=queries,
        intake=Intake(desk, ports.workloads),
        care=Care(desk),
        investigations=Investigations(desk),
        plans=Plans(desk),
        approvals=Approvals(desk, timedelta(minutes=settings.approval_minutes)),
        executions=Executions(desk),
        chats=Chats(desk),
        conversations=ChatQueries(store, ports.model),
        audit=audit,
        reviews=Reviews(desk),
        capsules=Capsules(desk, audit),
        history=History(store),
        reruns=Reruns(desk, reader, budget_of(settings)),
        explorer=Explorer(reader, clock),
        functions=FunctionDesk(desk, ports.workloads, ports.metrics, ports.invocations),
        model=ports.model,
        examiner=Doctor(reader, queries, clock),
        handlers=handlers_of(settings, place, desk, reader, audit),
        problem=place.problem,
    )


def _people(settings: Settings, account: Account) -> People:
    return People(
        embedded=account.embedded,
        caller=account.caller,
        trust_actor=settings.trust_actor,
        role_map=settings.role_map,
        oidc=OidcRules(
            role_claim=settings.oidc_role_claim,
            role_map=settings.oidc_role_map,
            longest=timedelta(hours=settings.oidc_hours),
        ),
    )
