"""What a person can tell the engine to do, and which roles may."""

from enum import StrEnum

from opspilot.domain.identity import Actor, Role


class Command(StrEnum):
    """Commands, imperative."""

    OPEN_INCIDENT = "open_incident"
    INVESTIGATE = "investigate"
    STOP_INVESTIGATION = "stop_investigation"
    PROPOSE_PLAN = "propose_plan"
    APPROVE_PLAN = "approve_plan"
    REJECT_PLAN = "reject_plan"
    WITHDRAW_PLAN = "withdraw_plan"
    EXECUTE_PLAN = "execute_plan"
    UNDO_PLAN = "undo_plan"
    CLOSE_INCIDENT = "close_incident"
    SET_SEVERITY = "set_severity"
    ASSIGN_INCIDENT = "assign_incident"
    WRITE_NOTE = "write_note"
    VERIFY_AUDIT = "verify_audit"
    SAVE_POSTMORTEM = "save_postmortem"
    TEST_FUNCTION = "test_function"
    CHANGE_EMBEDDED_ACCOUNT = "change_embedded_account"
    ASK = "ask"
    STOP_TURN = "stop_turn"


_RESPONDING = frozenset({Role.RESPONDER, Role.APPROVER, Role.ADMIN})
_DECIDING = frozenset({Role.APPROVER, Role.ADMIN})
_ANYBODY = frozenset(Role)

PERMITTED: dict[Command, frozenset[Role]] = {
    Command.OPEN_INCIDENT: _RESPONDING,
    Command.INVESTIGATE: _RESPONDING,
    Command.STOP_INVESTIGATION: _RESPONDING,
    Command.PROPOSE_PLAN: _RESPONDING,
    Command.APPROVE_PLAN: _DECIDING,
    Command.REJECT_PLAN: _DECIDING,
    Command.WITHDRAW_PLAN: _RESPONDING,
    Command.EXECUTE_PLAN: _RESPONDING,
    Command.UNDO_PLAN: _RESPONDING,
    Command.CLOSE_INCIDENT: _RESPONDING,
    Command.SET_SEVERITY: _RESPONDING,
    Command.ASSIGN_INCIDENT: _RESPONDING,
    Command.WRITE_NOTE: _RESPONDING,
    Command.VERIFY_AUDIT: _ANYBODY,
    Command.SAVE_POSTMORTEM: _RESPONDING,
    Command.TEST_FUNCTION: _RESPONDING,
    Command.CHANGE_EMBEDDED_ACCOUNT: _RESPONDING,
    Command.ASK: _RESPONDING,
    Command.STOP_TURN: _RESPONDING,
}
"""Any one of these roles is enough."""


def permits(actor: Actor, command: Command) -> bool:
    """Whether one of the actor's roles permits the command."""
    return not PERMITTED[command].isdisjoint(actor.roles)
