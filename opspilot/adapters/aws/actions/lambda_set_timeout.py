"""lambda.set_timeout: how long an invocation of a function may take."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from opspilot.adapters.aws.actions.function_setting import FunctionSetting
from opspilot.adapters.aws.actions.hand import parameters_of
from opspilot.domain.model import Model
from opspilot.domain.plan import Instruction

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import UpdateFunctionConfigurationRequestTypeDef


class Parameters(Model):
    """The wanted time-out; bounds of ordinary functions, wider in the API itself."""

    timeout_seconds: int = Field(ge=1, le=900)


class SetTimeout(FunctionSetting):
    """Sets Timeout, in seconds."""

    type: ClassVar[str] = "lambda.set_timeout"
    value: ClassVar[str] = "timeout_seconds"

    def wanted(self, instruction: Instruction) -> int:
        """The time-out asked for, in seconds."""
        return parameters_of(instruction, Parameters).timeout_seconds

    def ask_for(self, wanted: int, request: "UpdateFunctionConfigurationRequestTypeDef") -> None:
        """Timeout."""
        request["Timeout"] = wanted
