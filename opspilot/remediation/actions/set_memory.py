"""Set the memory of a function's $LATEST; its share of CPU moves with it.

Risk: raising is low. It costs more per millisecond and starts fresh environments, and nothing that
fitted stops fitting. Lowering is high: an invocation that needs the memory is killed. It acts on
$LATEST only, as the timeout does.
"""

from typing import Annotated

from pydantic import Field

from opspilot.domain.model import Json
from opspilot.domain.plan import Instruction, Risk
from opspilot.domain.resource import Resource
from opspilot.remediation.actions.action_type import ActionType, Parameters

TYPE = "lambda.set_memory"
LEAST_MB, MOST_MB = 128, 10_240


class SetMemory(Parameters):
    """Parameters.

    Attributes:
        memory_mb: Lambda takes 128 to 10,240 in steps of 1.
    """

    memory_mb: Annotated[int, Field(ge=LEAST_MB, le=MOST_MB)]


def instruction(resource: Resource, memory_mb: int) -> Instruction:
    """The instruction that sets this memory."""
    parameters = SetMemory(memory_mb=memory_mb)
    return Instruction(type=TYPE, resource=resource, parameters=parameters.model_dump())


def _words(state: dict[str, Json]) -> dict[str, str]:
    return {"memory": f"{state['memory_mb']} MB"}


def _risk(before: dict[str, Json], after: dict[str, Json]) -> tuple[Risk, str]:
    if after["memory_mb"] > before["memory_mb"]:
        return Risk.LOW, "more memory costs more per invocation and takes nothing away"
    return Risk.HIGH, "less memory can kill invocations that need it"


def _summary(name: str, before: dict[str, Json], after: dict[str, Json]) -> str:
    return f"Set memory of {name}: {_words(before)['memory']} -> {_words(after)['memory']}"


ACTION = ActionType(
    name=TYPE,
    title="Set the memory of a function",
    model=SetMemory,
    wanted=lambda parameters: {"memory_mb": parameters["memory_mb"]},
    words=_words,
    risk=_risk,
    summary=_summary,
)
