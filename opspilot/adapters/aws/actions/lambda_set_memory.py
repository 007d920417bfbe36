"""lambda.set_memory: how much memory, and with it CPU, a function has."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from opspilot.adapters.aws.actions.function_setting import FunctionSetting
from opspilot.adapters.aws.actions.hand import parameters_of
from opspilot.domain.model import Model
from opspilot.domain.plan import Instruction

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import UpdateFunctionConfigurationRequestTypeDef


class Parameters(Model):
    """The wanted memory; bounds of ordinary functions, wider in the API itself."""

    memory_mb: int = Field(ge=128, le=10_240)


class SetMemory(FunctionSetting):
    """Sets MemorySize, in MB."""

    type: ClassVar[str] = "lambda.set_memory"
    value: ClassVar[str] = "memory_mb"

    def wanted(self, instruction: Instruction) -> int:
        """The memory asked for, in MB."""
        return parameters_of(instruction, Parameters).memory_mb

    def ask_for(self, wanted: int, request: "UpdateFunctionConfigurationRequestTypeDef") -> None:
        """MemorySize."""
        request["MemorySize"] = wanted
