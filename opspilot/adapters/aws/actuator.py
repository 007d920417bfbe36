"""The Actuator port: finds the action of an instruction and lets it work."""

from opspilot.adapters.aws.actions.hand import AwsAction, Hand
from opspilot.adapters.aws.actions.lambda_move_alias import MoveAlias
from opspilot.adapters.aws.actions.lambda_publish_memory import PublishMemory
from opspilot.adapters.aws.actions.lambda_set_environment import SetEnvironment
from opspilot.adapters.aws.actions.lambda_set_memory import SetMemory
from opspilot.adapters.aws.actions.lambda_set_timeout import SetTimeout
from opspilot.domain.plan import Instruction, PreState
from opspilot.errors import InputError
from opspilot.ports.actuator import Receipt, Settling


def every_action(hand: Hand) -> tuple[AwsAction, ...]:
    """One of each type of action, the table of contents."""
    return (
        SetTimeout(hand),
        SetMemory(hand),
        SetEnvironment(hand),
        MoveAlias(hand),
        PublishMemory(hand),
    )


class AwsActuator:
    """The Actuator port on AWS."""

    def __init__(self, hand: Hand) -> None:
        self._calls = hand.calls
        self._actions = {action.type: action for action in every_action(hand)}

    def read(self, instruction: Instruction) -> PreState:
        """The present state of what the instruction would change; see the port."""
        return self._action(instruction).read(instruction, self._calls.budget())

    def apply(self, instruction: Instruction, expected: PreState) -> Receipt:
        """Apply, only if the resource is still as `expected`; see the port."""
        return self._action(instruction).apply(instruction, expected, self._calls.budget())

    def settling(self, instruction: Instruction) -> Settling:
        """Whether the applied change is in force; see the port."""
        return self._action(instruction).settling(instruction, self._calls.budget())

    def _action(self, instruction: Instruction) -> AwsAction:
        action = self._actions.get(instruction.type)
        if action is None:
            known = ", ".join(sorted(self._actions))
            raise InputError(f"there is no action {instruction.type!r}", hint=f"known: {known}")
        return action
