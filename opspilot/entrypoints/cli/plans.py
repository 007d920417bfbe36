"""Verbs about plans: plan, approve, reject, withdraw, execute, undo."""

from datetime import timedelta
from typing import Annotated

import typer

from opspilot.bootstrap import Workbench
from opspilot.domain.identity import Role
from opspilot.domain.incident import Incident, IncidentStatus, as_stored
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.entrypoints import documents, printing
from opspilot.entrypoints.cli.incidents import IncidentId, investigated, stuck
from opspilot.entrypoints.cli.output import answer, note
from opspilot.entrypoints.cli.program import ActorName, AsJson
from opspilot.entrypoints.cli.session import acting, opened
from opspilot.entrypoints.drive import drive
from opspilot.errors import OpsPilotError

PlanId = Annotated[str, typer.Argument(metavar="PLAN", parser=as_stored)]
_PLANNING = timedelta(seconds=90)
_WAITING = timedelta(seconds=240)
_ACTING = timedelta(seconds=120)
_RUNNING = (PlanStatus.EXECUTING, PlanStatus.EXECUTED)
_UNPLANNED = (IncidentStatus.OPEN, IncidentStatus.INVESTIGATING, IncidentStatus.DIAGNOSED)
"""Here a plan that the incident names is an earlier one, whose actions may still be in force."""


class NoPlan(OpsPilotError):
    """There is nothing to propose; the message says why."""

    code = "no_plan"


def plan(incident_id: IncidentId, actor: ActorName = None, as_json: AsJson = False) -> None:
    """Propose a plan, driving the steps that are still missing; prints the one in force if any."""
    workbench = opened()
    person = acting(workbench, actor, Role.RESPONDER)
    incident = workbench.store.incident(incident_id)
    if incident.status is IncidentStatus.FAILED:
        incident = investigated(workbench, incident, person, afresh=True)
    if incident.plan_id is None or incident.status in _UNPLANNED:
        incident = investigated(workbench, incident, person, afresh=False)
        if incident.plan_requested_by is None:
            workbench.plans.request(incident_id, actor=person)
        incident = drive(
            workbench,
            incident_id,
            until=lambda one: one.plan_requested_by is None,
            at_most=_PLANNING,
        )
    if incident.plan_id is None or incident.status in _UNPLANNED:
        reason = incident.last_error or f"still being made: {stuck(workbench, incident_id)}"
        raise NoPlan(f"{incident_id}: {reason}", hint="opspilot incident show has the verdict.")
    made = workbench.store.plan(incident.plan_id)
    answer(documents.plan_document(made), printing.plan_lines(made), as_json=as_json)


def approve(
    plan_id: PlanId,
    digest: Annotated[str, typer.Option("--digest", help="The digest of the plan you read.")],
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Approve exactly the plan with this digest."""
    workbench = opened()
    person = acting(workbench, actor, Role.APPROVER)
    approved = workbench.approvals.approve(plan_id, digest=digest, actor=person)
    lines = [f"{plan_id} is {approved.status}, approved by {person.name}."]
    answer(documents.plan_document(approved), lines, as_json=as_json)


def reject(
    plan_id: PlanId,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Reject a plan for good."""
    workbench = opened(needs_account=False)
    person = acting(workbench, actor, Role.APPROVER)
    dropped = workbench.approvals.reject(plan_id, reason=reason, actor=person)
    answer(documents.plan_document(dropped), [f"{plan_id} is rejected."], as_json=as_json)


def withdraw(plan_id: PlanId, actor: ActorName = None, as_json: AsJson = False) -> None:
    """Take a proposed or approved plan back."""
    workbench = opened(needs_account=False)
    person = acting(workbench, actor, Role.RESPONDER)
    dropped = workbench.plans.withdraw(plan_id, actor=person)
    answer(documents.plan_document(dropped), [f"{plan_id} is withdrawn."], as_json=as_json)


def execute(
    plan_id: PlanId,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the verification, at most 240 s.")
    ] = False,
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Execute an approved plan; with --wait until the original signal is measured."""
    workbench = opened()
    person = acting(workbench, actor, Role.RESPONDER)
    if workbench.store.plan(plan_id).status not in _RUNNING:
        workbench.executions.start(plan_id, actor=person)
    if wait:
        seconds = int(_WAITING.total_seconds())
        note(f"Waiting until the original signal is measured, at most {seconds} s.")
    unfinished = (IncidentStatus.REMEDIATING, *((IncidentStatus.VERIFYING,) if wait else ()))
    _finish(workbench, plan_id, unfinished, _WAITING if wait else _ACTING, as_json=as_json)


def undo(plan_id: PlanId, actor: ActorName = None, as_json: AsJson = False) -> None:
    """Take the applied actions of a plan back, to the state that was captured."""
    workbench = opened()
    person = acting(workbench, actor, Role.RESPONDER)
    if workbench.store.plan(plan_id).status is not PlanStatus.UNDOING:
        workbench.executions.undo(plan_id, actor=person)
    _finish(workbench, plan_id, (IncidentStatus.ROLLING_BACK,), _ACTING, as_json=as_json)


def _finish(
    workbench: Workbench,
    plan_id: str,
    unfinished: tuple[IncidentStatus, ...],
    at_most: timedelta,
    *,
    as_json: bool,
) -> None:
    incident = drive(
        workbench,
        workbench.store.plan(plan_id).incident_id,
        until=lambda one: one.status not in unfinished,
        at_most=at_most,
    )
    workbench.audit.checkpoint()
    after = workbench.store.plan(plan_id)
    answer(
        documents.execution_document(incident, after),
        printing.execution_lines(incident, after),
        as_json=as_json,
    )
    if _failed(incident, after):
        raise typer.Exit(1)


def _failed(incident: Incident, after: Plan) -> bool:
    return incident.status is IncidentStatus.FAILED or after.status is PlanStatus.VOID


def register(app: typer.Typer) -> None:
    """Hang the verbs on the program."""
    for verb in (plan, approve, reject, withdraw, execute, undo):
        app.command()(verb)
