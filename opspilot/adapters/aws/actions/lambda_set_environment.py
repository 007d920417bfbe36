"""lambda.set_environment: one environment variable of a function.

UpdateFunctionConfiguration replaces the whole map, so the map is read, one variable of it changed,
and sent back under the revision that was read: a change in between is refused by Lambda. The other
variables pass through and are kept nowhere. A value that looks like a secret is never handed out:
the state then says that there is one, and a marker stands in its place.
"""

from typing import ClassVar

from pydantic import Field

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.actions.function_setting import must_be_ready
from opspilot.adapters.aws.actions.hand import Hand, must_be_as_expected, parameters_of
from opspilot.adapters.aws.throttle import Budget
from opspilot.domain.model import Model
from opspilot.domain.plan import Instruction, PreState
from opspilot.domain.workload import FunctionConfiguration
from opspilot.engine.redaction import redact
from opspilot.errors import AwsConflict, AwsDenied, InputError
from opspilot.ports.actuator import Receipt, Settling


class Parameters(Model):
    """The variable and what it is to be; None takes it away."""

    variable: str = Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]+$", max_length=256)
    value: str | None


class SetEnvironment:
    """Sets one variable of $LATEST."""

    type: ClassVar[str] = "lambda.set_environment"

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def read(self, instruction: Instruction, budget: Budget) -> PreState:
        """The variable, with the function's state; raises InputError when a secret is wanted."""
        wanted = _wanted(instruction)
        return self._pre_state(self._configuration(instruction, budget), wanted, budget)

    def apply(self, instruction: Instruction, expected: PreState, budget: Budget) -> Receipt:
        """Change the variable; raises AwsConflict when the function is not as expected."""
        operation = operations.UPDATE_FUNCTION_CONFIGURATION.name
        wanted = _wanted(instruction)
        now = self._configuration(instruction, budget)
        must_be_ready(now, operation)
        must_be_as_expected(
            instruction, self._pre_state(now, wanted, budget), _settings(expected), operation
        )
        variables = {name: one for name, one in now.environment.items() if name != wanted.variable}
        if wanted.value is not None:
            variables[wanted.variable] = wanted.value
        if not now.revision_id:
            raise AwsConflict(
                f"{instruction.resource.name} has no revision: its variables cannot be guarded",
                operation=operation,
                resource=instruction.resource.arn,
            )
        answer = self._hand.calls.send(
            operations.UPDATE_FUNCTION_CONFIGURATION,
            budget,
            lambda: self._hand.client.update_function_configuration(
                FunctionName=instruction.resource.name,
                Environment={"Variables": variables},
                RevisionId=now.revision_id,
            ),
            resource=instruction.resource.arn,
        )
        return Receipt(
            request_ids=tuple(budget.request_ids), revision_id=str(answer.get("RevisionId") or "")
        )

    def settling(self, instruction: Instruction, budget: Budget) -> Settling:
        """Whether LastUpdateStatus is Successful and the variable is the one asked for."""
        now, wanted = self._configuration(instruction, budget), _wanted(instruction)
        if now.update_status == "InProgress":
            return Settling(settled=False, detail="the update is in progress")
        if now.update_status == "Failed":
            why = self._hand.functions.update_failure(instruction.resource, budget)
            return Settling(settled=False, failed=True, detail=f"the update failed: {why}")
        if now.environment.get(wanted.variable) != wanted.value:
            detail = f"{wanted.variable} is another than asked for: somebody changed it since"
            return Settling(settled=False, failed=True, detail=detail)
        return Settling(settled=True, detail=f"{wanted.variable} is as asked for")

    def _configuration(self, instruction: Instruction, budget: Budget) -> FunctionConfiguration:
        now = self._hand.functions.configuration(instruction.resource, budget)
        if not now.environment_read:
            # An empty map would be sent back and wipe them all.
            raise AwsDenied(
                f"Lambda does not show the variables of {instruction.resource.name}: they are"
                " encrypted with a key that OpsPilot may not use",
                iam_action="kms:Decrypt",
                operation=operations.GET_FUNCTION_CONFIGURATION.name,
                resource=instruction.resource.arn,
            )
        return now

    def _pre_state(
        self, now: FunctionConfiguration, wanted: Parameters, budget: Budget
    ) -> PreState:
        value = now.environment.get(wanted.variable)
        shown = _shown(wanted.variable, value)
        return PreState(
            values={
                "variable": wanted.variable,
                "value": shown,
                "secret": shown != value,
                "state": now.state,
                "update_status": now.update_status,
            },
            revision_id=now.revision_id,
            read_at=self._hand.clock.account_now(),
            request_ids=tuple(budget.request_ids),
        )


def _wanted(instruction: Instruction) -> Parameters:
    wanted = parameters_of(instruction, Parameters)
    if _shown(wanted.variable, wanted.value) != wanted.value:
        raise InputError(
            f"{wanted.variable} of {instruction.resource.name} is a secret, or the wanted value is",
            hint="No plan holds a secret: set it by hand.",
        )
    return wanted


def _shown(variable: str, value: str | None) -> str | None:
    """The value as the ledger would show it under this name."""
    shown: dict[str, str | None] = redact({variable: value})
    return next(iter(shown.values()))


def _settings(expected: PreState) -> PreState:
    kept = {name: one for name, one in expected.values.items() if name in ("variable", "value")}
    return expected.model_copy(update={"values": kept})
