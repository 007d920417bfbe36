"""The closed vocabulary of actions: one file each, all of them in `CATALOGUE`."""

from opspilot.domain.plan import Instruction, PreState
from opspilot.errors import InputError
from opspilot.remediation.actions import (
    move_alias,
    publish_memory,
    set_environment,
    set_memory,
    set_timeout,
)
from opspilot.remediation.actions.action_type import ActionType

CATALOGUE: dict[str, ActionType] = {
    action.name: action
    for action in (
        set_timeout.ACTION,
        set_memory.ACTION,
        set_environment.ACTION,
        move_alias.ACTION,
        publish_memory.ACTION,
    )
}
"""Action type to its definition."""


def action_type(name: str) -> ActionType:
    """The definition of an action.

    Raises:
        InputError: The vocabulary has no such word.
    """
    found = CATALOGUE.get(name)
    if found is None:
        known = ", ".join(sorted(CATALOGUE))
        raise InputError(f"unknown action {name!r}", hint=f"Known actions: {known}.")
    return found


def in_force(instruction: Instruction, actual: PreState) -> bool:
    """Whether the state is already as the instruction wants it: what reconciliation asks."""
    return action_type(instruction.type).in_force(instruction, actual)


def holds(type_name: str, expected: PreState, actual: PreState) -> bool:
    """Whether the captured state still holds: what the drift check asks.

    Every captured value must be as it was. The revision must be as well, where both were read: AWS
    would refuse the change by its captured revision otherwise, and somebody touched the resource.
    """
    action_type(type_name)
    same_revision = (
        not expected.revision_id
        or not actual.revision_id
        or expected.revision_id == actual.revision_id
    )
    captured = expected.values
    return same_revision and {name: actual.values.get(name) for name in captured} == captured


__all__ = ["CATALOGUE", "ActionType", "action_type", "holds", "in_force"]
