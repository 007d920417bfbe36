"""What every action of the actuator is made of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

from pydantic import ValidationError

from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.model import Model
from opspilot.domain.plan import Instruction, PreState
from opspilot.errors import AwsConflict, InputError
from opspilot.ports.actuator import Receipt, Settling
from opspilot.ports.clock import Clock

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient

P = TypeVar("P", bound=Model)


@dataclass(frozen=True)
class Hand:
    """What an action works with."""

    client: "LambdaClient"
    functions: Functions
    calls: Calls
    clock: Clock


class AwsAction(Protocol):
    """One type of change; the undo of a change is the same type with the old value."""

    type: ClassVar[str]

    def read(self, instruction: Instruction, budget: Budget) -> PreState:
        """The present state of what the instruction would change."""
        ...

    def apply(self, instruction: Instruction, expected: PreState, budget: Budget) -> Receipt:
        """Send the change, if the resource is still as expected."""
        ...

    def settling(self, instruction: Instruction, budget: Budget) -> Settling:
        """Whether the change is in force."""
        ...


def parameters_of(instruction: Instruction, model: type[P]) -> P:
    """The instruction's parameters, validated.

    Raises:
        InputError: They do not fit the action.
    """
    try:
        return model.model_validate(instruction.parameters)
    except ValidationError as exc:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in exc.errors()
        )
        raise InputError(f"{instruction.type} on {instruction.resource.name}: {problems}") from exc


def must_be_as_expected(
    instruction: Instruction, now: PreState, expected: PreState, operation: str
) -> None:
    """Refuse when somebody changed the resource since `expected` was read.

    AWS checks the revision itself; this look before also covers endpoints that do not, and says
    what is different. Only values that both states have are compared.

    Raises:
        AwsConflict: It was changed.
    """
    moved = [
        f"{name} was {expected.values[name]} and is {value}"
        for name, value in now.values.items()
        if name in expected.values and expected.values[name] != value
    ]
    both = bool(now.revision_id and expected.revision_id)
    if not moved and both and now.revision_id != expected.revision_id:
        moved = ["its revision is another"]
    if moved:
        raise AwsConflict(
            f"{instruction.resource.name} changed since it was read: {', '.join(moved)}",
            operation=operation,
            resource=instruction.resource.arn,
            hint="plan again",
        )
