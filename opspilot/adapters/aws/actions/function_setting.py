"""Changing one setting of a function's configuration through UpdateFunctionConfiguration.

Source: the Lambda developer guide on function states: an update runs in the background, and
LastUpdateStatus tells when it is in force. The call changes $LATEST only and leaves every setting
that is not named as it is.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.actions.hand import Hand, must_be_as_expected
from opspilot.adapters.aws.throttle import Budget
from opspilot.domain.plan import Instruction, PreState
from opspilot.domain.workload import FunctionConfiguration
from opspilot.errors import AwsConflict
from opspilot.ports.actuator import Receipt, Settling

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import UpdateFunctionConfigurationRequestTypeDef

_WAKE = "invoke the function once, so that it becomes active"
_SOON = "an update is in progress: try again soon"


class FunctionSetting(ABC):
    """An action on one setting; subclasses say which."""

    type: ClassVar[str]
    value: ClassVar[str]
    """Name of the setting in parameters, pre-state and FunctionConfiguration."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    @abstractmethod
    def wanted(self, instruction: Instruction) -> int:
        """The value that the instruction asks for; raises InputError when it is out of bounds."""

    @abstractmethod
    def ask_for(self, wanted: int, request: "UpdateFunctionConfigurationRequestTypeDef") -> None:
        """Put the wanted value into the request."""

    def read(self, instruction: Instruction, budget: Budget) -> PreState:
        """The setting, with the function's state and update status."""
        return self._pre_state(self._configuration(instruction, budget), budget)

    def apply(self, instruction: Instruction, expected: PreState, budget: Budget) -> Receipt:
        """Change the setting; raises AwsConflict when the function is not as expected."""
        operation = operations.UPDATE_FUNCTION_CONFIGURATION.name
        wanted = self.wanted(instruction)
        now = self._configuration(instruction, budget)
        must_be_ready(now, operation)
        settings = expected.model_copy(
            update={"values": {self.value: expected.values.get(self.value)}}
        )
        must_be_as_expected(instruction, self._pre_state(now, budget), settings, operation)
        request = self._request(instruction, wanted, expected)
        answer = self._hand.calls.send(
            operations.UPDATE_FUNCTION_CONFIGURATION,
            budget,
            lambda: self._hand.client.update_function_configuration(**request),
            resource=instruction.resource.arn,
        )
        return Receipt(
            request_ids=tuple(budget.request_ids), revision_id=str(answer.get("RevisionId") or "")
        )

    def settling(self, instruction: Instruction, budget: Budget) -> Settling:
        """Whether LastUpdateStatus is Successful and the setting is the one asked for."""
        now, wanted = self._configuration(instruction, budget), self.wanted(instruction)
        if now.update_status == "InProgress":
            return Settling(settled=False, detail="the update is in progress")
        if now.update_status == "Failed":
            why = self._hand.functions.update_failure(instruction.resource, budget)
            return Settling(settled=False, failed=True, detail=f"the update failed: {why}")
        present = self._present(now)
        if present != wanted:
            detail = f"{self.value} is {present}, not {wanted}: somebody changed it since"
            return Settling(settled=False, failed=True, detail=detail)
        return Settling(settled=True, detail=f"{self.value} is {wanted}")

    def _configuration(self, instruction: Instruction, budget: Budget) -> FunctionConfiguration:
        return self._hand.functions.configuration(instruction.resource, budget)

    def _present(self, configuration: FunctionConfiguration) -> int:
        return int(getattr(configuration, self.value))

    def _pre_state(self, configuration: FunctionConfiguration, budget: Budget) -> PreState:
        return PreState(
            values={
                self.value: self._present(configuration),
                "state": configuration.state,
                "update_status": configuration.update_status,
            },
            revision_id=configuration.revision_id,
            read_at=self._hand.clock.account_now(),
            request_ids=tuple(budget.request_ids),
        )

    def _request(
        self, instruction: Instruction, wanted: int, expected: PreState
    ) -> "UpdateFunctionConfigurationRequestTypeDef":
        request: UpdateFunctionConfigurationRequestTypeDef = {
            "FunctionName": instruction.resource.name
        }
        self.ask_for(wanted, request)
        if expected.revision_id:
            request["RevisionId"] = expected.revision_id
        return request


def must_be_ready(now: FunctionConfiguration, operation: str) -> None:
    """Refuse while the function cannot take an update; after a failed one it can."""
    if now.state == "Active" and now.update_status != "InProgress":
        return
    raise AwsConflict(
        f"{now.resource.name} cannot be changed now: it is {now.state}, its last update is "
        f"{now.update_status}",
        operation=operation,
        resource=now.resource.arn,
        hint=_WAKE if now.state == "Inactive" else _SOON,
    )
