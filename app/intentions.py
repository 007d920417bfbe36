"""What a person wants done, as components return it, and the one engine call that does it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import state
from app.components.chips import open_tab
from app.components.open_form import Wanted
from app.guard import attempt
from app.wiring import Desk
from opspilot.domain.commands import Command
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Severity

if TYPE_CHECKING:
    from opspilot.bootstrap import Workbench


@dataclass(frozen=True)
class Intention:
    """A command for one incident.

    Attributes:
        plan_id: The plan that the person saw, for commands on plans.
        digest: Its digest as shown, to approve.
        reason: To reject or close, or why a severity changed.
        severity: To set.
        owner: Whom to assign it to; None gives it back.
        text: Of a note.
    """

    command: Command
    incident_id: str
    plan_id: str = ""
    digest: str = ""
    reason: str = ""
    severity: Severity = Severity.HIGH
    owner: Actor | None = None
    text: str = ""


_SHOWN_AFTER = {
    Command.PROPOSE_PLAN: "Plan",
    Command.APPROVE_PLAN: "Plan",
    Command.EXECUTE_PLAN: "Verification",
}
"""The tab that shows what becomes of a command."""


def carry_out(wanted: Intention, desk: Desk, place: str = "") -> bool:
    """Give the command to the engine; what came of it is shown on the incident's page.

    Args:
        wanted: What was pressed.
        desk: Who pressed it.
        place: The page to show it on instead; empty for the incident's.
    """
    doing = wanted.command.replace("_", " ")
    call = _CALLS[wanted.command]
    taken = attempt(
        place or wanted.incident_id, doing, lambda: call(desk.bench, wanted, desk.actor)
    )
    if taken and wanted.command in _SHOWN_AFTER:
        state.remember(tab=_SHOWN_AFTER[wanted.command])
    return taken


def open_by_hand(wanted: Wanted, desk: Desk, place: str) -> str:
    """Open an incident; its id, or empty when it was refused (the notice at `place` says why)."""
    opened: list[str] = []

    def command() -> None:
        incident = desk.bench.intake.open_incident(
            wanted.resource,
            actor=desk.actor,
            window=wanted.window,
            baseline=wanted.baseline,
            title=wanted.title,
            severity=wanted.severity,
            signal=wanted.signal,
            description=wanted.description,
        )
        opened.append(incident.id)

    return opened[0] if attempt(place, "opening an incident", command) else ""


def open_remembered_tab() -> None:
    """Open the tab that the last command asked for; call before the tabs are drawn."""
    tab = state.current().tab
    if tab:
        open_tab(tab)
        state.remember(tab="")


_CALLS: dict[Command, Callable[["Workbench", Intention, Actor], object]] = {
    Command.INVESTIGATE: lambda bench, wanted, actor: bench.investigations.start(
        wanted.incident_id, actor=actor
    ),
    Command.STOP_INVESTIGATION: lambda bench, wanted, actor: bench.investigations.stop(
        wanted.incident_id, actor=actor
    ),
    Command.PROPOSE_PLAN: lambda bench, wanted, actor: bench.plans.request(
        wanted.incident_id, actor=actor
    ),
    Command.WITHDRAW_PLAN: lambda bench, wanted, actor: bench.plans.withdraw(
        wanted.plan_id, actor=actor
    ),
    Command.APPROVE_PLAN: lambda bench, wanted, actor: bench.approvals.approve(
        wanted.plan_id, digest=wanted.digest, actor=actor
    ),
    Command.REJECT_PLAN: lambda bench, wanted, actor: bench.approvals.reject(
        wanted.plan_id, reason=wanted.reason, actor=actor
    ),
    Command.EXECUTE_PLAN: lambda bench, wanted, actor: bench.executions.start(
        wanted.plan_id, actor=actor
    ),
    Command.UNDO_PLAN: lambda bench, wanted, actor: bench.executions.undo(
        wanted.plan_id, actor=actor
    ),
    Command.CLOSE_INCIDENT: lambda bench, wanted, actor: bench.intake.close(
        wanted.incident_id, actor=actor, reason=wanted.reason
    ),
    Command.SET_SEVERITY: lambda bench, wanted, actor: bench.care.set_severity(
        wanted.incident_id, severity=wanted.severity, actor=actor, reason=wanted.reason
    ),
    Command.ASSIGN_INCIDENT: lambda bench, wanted, actor: bench.care.assign(
        wanted.incident_id, owner=wanted.owner, actor=actor
    ),
    Command.WRITE_NOTE: lambda bench, wanted, actor: bench.care.write_note(
        wanted.incident_id, text=wanted.text, actor=actor
    ),
}
