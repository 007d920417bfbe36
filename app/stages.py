"""Where an incident stands on its way, and the one step that a person can take next."""

from dataclasses import dataclass
from typing import Literal

from opspilot.domain.commands import Command
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.plan import PlanStatus, VerificationOutcome
from opspilot.domain.views import IncidentView

Progress = Literal["done", "current", "todo", "failed"]

STAGES = ("Investigate", "Diagnose", "Plan", "Approve", "Execute", "Verify", "Resolved")

MOVING = frozenset(
    {
        IncidentStatus.INVESTIGATING,
        IncidentStatus.REMEDIATING,
        IncidentStatus.VERIFYING,
        IncidentStatus.ROLLING_BACK,
    }
)
"""Statuses that the worker leaves by itself."""

RESTING = frozenset({IncidentStatus.RESOLVED, IncidentStatus.FAILED, IncidentStatus.CLOSED})
"""Statuses that only a person leaves."""

_AT = {
    IncidentStatus.OPEN: 0,
    IncidentStatus.INVESTIGATING: 0,
    IncidentStatus.DIAGNOSED: 2,
    IncidentStatus.AWAITING_APPROVAL: 3,
    IncidentStatus.REMEDIATING: 4,
    IncidentStatus.VERIFYING: 5,
    IncidentStatus.ROLLING_BACK: 4,
    IncidentStatus.RESOLVED: 7,
    IncidentStatus.CLOSED: 7,
}


@dataclass(frozen=True)
class Stage:
    """One station of the rail."""

    name: str
    progress: Progress
    note: str = ""


@dataclass(frozen=True)
class NextStep:
    """The step that leads on.

    Attributes:
        command: None when nothing is left to do.
        label: On the button.
        refusal: Why it cannot be taken now; empty when it can.
        running: It goes on by itself; `refusal` then says what runs.
    """

    command: Command | None
    label: str = ""
    refusal: str = ""
    running: bool = False


def is_moving(view: IncidentView) -> bool:
    """Whether the worker will change the incident without a person."""
    incident = view.incident
    asked = bool(incident.plan_requested_by or incident.undo_requested_by)
    return incident.status in MOVING or asked or bool(view.job_error)


def poll_seconds(view: IncidentView) -> float | None:
    """How often the incident's page looks again; None when it rests."""
    if is_moving(view):
        return 1.0
    if view.incident.status is IncidentStatus.OPEN:
        return 2.0
    return None if view.incident.status in RESTING else 5.0


def content_key(view: IncidentView) -> str:
    """Changes whenever something on the page below the header would be drawn differently."""
    investigation = view.investigation.version if view.investigation else 0
    plans = ".".join(f"{plan.id}:{plan.version}" for plan in view.plans)
    return (
        f"{view.incident.version}/{investigation}/{len(view.evidence)}/{plans}"
        f"/{len(view.audit)}/{view.job_error}"
    )


def rail(view: IncidentView) -> tuple[Stage, ...]:
    """The seven stations and how far the incident has come."""
    status = view.incident.status
    at = _failed_at(view) if status is IncidentStatus.FAILED else _position(view)
    failed = status is IncidentStatus.FAILED
    return tuple(
        Stage(name, _progress(index, at, failed=failed), _note(index, at, view))
        for index, name in enumerate(STAGES)
    )


def next_step(view: IncidentView, actor: Actor) -> NextStep:
    """The one primary step, allowed or not."""
    incident = view.incident
    if incident.undo_requested_by:
        return NextStep(Command.UNDO_PLAN, "Undo", "The change is being taken back.", running=True)
    if incident.plan_requested_by:
        return NextStep(
            Command.PROPOSE_PLAN, "Propose plan", "The plan is being made.", running=True
        )
    if incident.status in MOVING:
        return _while_moving(incident)
    if incident.status is IncidentStatus.AWAITING_APPROVAL:
        return _with_plan(view, actor)
    return _at_rest(view)


def _while_moving(incident: Incident) -> NextStep:
    saying = {
        IncidentStatus.INVESTIGATING: (
            Command.PROPOSE_PLAN,
            "Propose plan",
            "Waits for the verdict; evidence is being gathered.",
        ),
        IncidentStatus.REMEDIATING: (
            Command.EXECUTE_PLAN,
            "Execute",
            "The plan is being executed.",
        ),
        IncidentStatus.VERIFYING: (
            Command.CLOSE_INCIDENT,
            "Close incident",
            "The original signal is being observed.",
        ),
        IncidentStatus.ROLLING_BACK: (
            Command.UNDO_PLAN,
            "Undo",
            "The change is being taken back.",
        ),
    }
    command, label, refusal = saying[incident.status]
    return NextStep(command, label, refusal, running=True)


def _with_plan(view: IncidentView, actor: Actor) -> NextStep:
    approved = view.plan is not None and view.plan.status is PlanStatus.APPROVED
    if approved:
        return _step(view, Command.EXECUTE_PLAN, "Execute")
    return _step(view, Command.APPROVE_PLAN, f"Approve as {actor.name}")


def _at_rest(view: IncidentView) -> NextStep:
    status = view.incident.status
    investigate = _step(view, Command.INVESTIGATE, "Investigate")
    again = _step(view, Command.INVESTIGATE, "Investigate again")
    close = _step(view, Command.CLOSE_INCIDENT, "Close incident")
    if status is IncidentStatus.OPEN:
        return investigate
    if status is IncidentStatus.DIAGNOSED:
        propose = _step(view, Command.PROPOSE_PLAN, "Propose plan")
        return propose if _has_cause(view) else again
    if status is IncidentStatus.FAILED:
        undo = _step(view, Command.UNDO_PLAN, "Undo the change")
        return again if undo.refusal else undo
    if status is IncidentStatus.RESOLVED:
        return close
    return NextStep(None)


def _step(view: IncidentView, command: Command, label: str) -> NextStep:
    return NextStep(command, label, view.refusals.get(command, ""))


def _has_cause(view: IncidentView) -> bool:
    verdict = view.investigation.verdict if view.investigation else None
    return verdict is not None and verdict.status in (
        VerdictStatus.CONFIRMED,
        VerdictStatus.LIKELY,
    )


def _position(view: IncidentView) -> int:
    at = _AT[view.incident.status]
    investigation = view.investigation
    if view.incident.status is IncidentStatus.INVESTIGATING and investigation:
        return 0 if investigation.phase == "gathering" else 1
    if view.incident.status is IncidentStatus.AWAITING_APPROVAL and view.plan:
        return 4 if view.plan.status is PlanStatus.APPROVED else 3
    if view.incident.status is IncidentStatus.CLOSED:
        return 7 if _recovered(view) else -1
    return at


def _failed_at(view: IncidentView) -> int:
    plan = view.plan
    if plan is None or not plan.runs:
        return 0
    return 5 if plan.verification else 4


def _recovered(view: IncidentView) -> bool:
    return any(
        plan.verification and plan.verification.outcome is VerificationOutcome.RECOVERED
        for plan in view.plans
    )


def _progress(index: int, at: int, *, failed: bool) -> Progress:
    if index < at:
        return "done"
    if index > at:
        return "todo"
    return "failed" if failed else "current"


def _note(index: int, at: int, view: IncidentView) -> str:
    incident = view.incident
    if index == at and incident.status is IncidentStatus.ROLLING_BACK:
        return "taking back"
    if index == at and incident.status not in MOVING and index < len(STAGES) - 1:
        return "failed" if incident.status is IncidentStatus.FAILED else "waits"
    return ""
