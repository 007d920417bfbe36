"""What runs a job of each kind: the worker's table of contents."""

from collections.abc import Mapping
from datetime import timedelta

from opspilot.agent.loop import Agent
from opspilot.bootstrap.place import Place, Ports
from opspilot.config import Settings
from opspilot.domain.job import Job, JobKind
from opspilot.engine.alarms import AlarmPoll
from opspilot.engine.audit import AuditTrail
from opspilot.engine.budget import Budget
from opspilot.engine.chat_budget import TurnBudget
from opspilot.engine.chat_step import Chatting
from opspilot.engine.commands import Desk
from opspilot.engine.diagnose import Diagnosis
from opspilot.engine.execute import Execution, Undoing
from opspilot.engine.gather import Gathering
from opspilot.engine.hand import Hand
from opspilot.engine.intake import Intake
from opspilot.engine.investigate import Investigations
from opspilot.engine.ledger import Ledger
from opspilot.engine.lookups import Lookups
from opspilot.engine.plan import Planning, Plans, Waiting
from opspilot.engine.reading import Reader
from opspilot.engine.runner import IncidentHandler
from opspilot.engine.stages import Investigating, Stages
from opspilot.engine.steps import JobHandler, JobResult, Scope
from opspilot.engine.verify import Observation
from opspilot.ports.model import LanguageModel

_CHECKPOINT_EVERY = timedelta(seconds=10)


def handlers_of(
    settings: Settings, place: Place, desk: Desk, reader: Reader, audit: AuditTrail
) -> Mapping[JobKind, JobHandler]:
    """One handler for each kind of job."""
    ports = place.ports
    stages = _stages(settings, ports, reader, desk)
    alarms = AlarmPoll(
        Intake(desk, ports.workloads),
        Investigations(desk),
        ports.alarms,
        ports.workloads,
        place.account.account_id,
        place.account.region,
        settings.auto_investigate,
    )
    return {
        JobKind.INCIDENT: IncidentHandler(desk.store, desk.journal, stages.table()),
        JobKind.ALARMS: alarms,
        JobKind.CHECKPOINT: _checkpointing(audit),
        JobKind.CHAT: _chatting(settings, ports.model, reader, desk),
    }


def budget_of(settings: Settings) -> Budget:
    """What one look at an incident, and all together, may cost."""
    return Budget(api_calls=settings.api_call_budget, scanned_mb=settings.scan_budget_mb)


def _stages(settings: Settings, ports: Ports, reader: Reader, desk: Desk) -> Stages:
    clock, journal = desk.clock, desk.journal
    approval_time = timedelta(minutes=settings.approval_minutes)
    hand = Hand(ports.actuator, clock, journal)
    return Stages(
        investigating=Investigating(
            Gathering(reader, Ledger(clock, journal), clock, budget_of(settings)),
            Diagnosis(clock, journal),
        ),
        planning=Planning(ports.actuator, clock, journal, approval_time),
        waiting=Waiting(desk),
        execution=Execution(hand, clock, journal),
        undoing=Undoing(hand, clock, journal),
        observation=Observation(ports.metrics, clock, journal),
    )


def _chatting(settings: Settings, model: LanguageModel, reader: Reader, desk: Desk) -> JobHandler:
    lookups = Lookups(reader, Ledger(desk.clock, desk.journal), budget_of(settings))
    agent = Agent(model, lookups, Plans(desk), desk.clock, TurnBudget())
    return Chatting(desk.journal, desk.clock, agent)


def _checkpointing(audit: AuditTrail) -> JobHandler:
    def checkpoint(job: Job, scope: Scope) -> JobResult:  # noqa: ARG001 - the handlers' shape
        audit.checkpoint()
        return JobResult(due_at=scope.now() + _CHECKPOINT_EVERY)

    return checkpoint
