"""Set the timeout of a function's $LATEST.

Risk: raising is medium. Nothing that worked stops working, but an invocation may now hold its
concurrency, connections and cost for longer, and a caller may give up before it. Lowering is high:
work that needs the time is cut off. It acts on $LATEST only; a function that is called through an
alias keeps its timeout until a version is published, so it is never proposed there.
"""

from typing import Annotated

from pydantic import Field

from opspilot.domain.model import Json
from opspilot.domain.plan import Instruction, Risk
from opspilot.domain.resource import Resource
from opspilot.remediation.actions.action_type import ActionType, Parameters

TYPE = "lambda.set_timeout"
LEAST_SECONDS, MOST_SECONDS = 1, 900


class SetTimeout(Parameters):
    """Parameters.

    Attributes:
        timeout_seconds: Lambda takes 1 to 900.
    """

    timeout_seconds: Annotated[int, Field(ge=LEAST_SECONDS, le=MOST_SECONDS)]


def instruction(resource: Resource, timeout_seconds: int) -> Instruction:
    """The instruction that sets this timeout."""
    parameters = SetTimeout(timeout_seconds=timeout_seconds)
    return Instruction(type=TYPE, resource=resource, parameters=parameters.model_dump())


def _words(state: dict[str, Json]) -> dict[str, str]:
    return {"timeout": f"{state['timeout_seconds']} s"}


def _risk(before: dict[str, Json], after: dict[str, Json]) -> tuple[Risk, str]:
    if after["timeout_seconds"] > before["timeout_seconds"]:
        return Risk.MEDIUM, (
            "invocations may run longer: they hold concurrency and cost for that time"
        )
    return Risk.HIGH, "a lower timeout cuts off invocations that need the time"


def _summary(name: str, before: dict[str, Json], after: dict[str, Json]) -> str:
    return f"Set timeout of {name}: {_words(before)['timeout']} -> {_words(after)['timeout']}"


ACTION = ActionType(
    name=TYPE,
    title="Set the timeout of a function",
    model=SetTimeout,
    wanted=lambda parameters: {"timeout_seconds": parameters["timeout_seconds"]},
    words=_words,
    risk=_risk,
    summary=_summary,
)
