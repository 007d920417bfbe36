"""Set one environment variable of a function's $LATEST, or take it away; the others stay.

Risk: high. The variable decides which table, queue or host the function talks to, and a value that
fits the name need not fit the data. It acts on $LATEST only, as the timeout does. The captured
state holds the value of this one variable and nothing of the others; a value that looks like a
secret is never captured, so there is no undo for it and no plan.
"""

from typing import Annotated

from pydantic import Field

from opspilot.domain.model import Json
from opspilot.domain.plan import Instruction, Risk
from opspilot.domain.resource import Resource
from opspilot.remediation.actions.action_type import ActionType, Parameters

TYPE = "lambda.set_environment"
LONGEST = 4_096
"""Bytes that Lambda gives to all variables of a function together."""


class SetEnvironment(Parameters):
    """Parameters.

    Attributes:
        variable: As Lambda takes names: letters, digits and underscores, a letter first.
        value: The wanted value; None takes the variable away.
    """

    variable: Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]+$", max_length=256)]
    value: Annotated[str, Field(max_length=LONGEST)] | None


def instruction(resource: Resource, variable: str, value: str | None) -> Instruction:
    """The instruction that gives this variable this value."""
    parameters = SetEnvironment(variable=variable, value=value)
    return Instruction(type=TYPE, resource=resource, parameters=parameters.model_dump())


def _words(state: dict[str, Json]) -> dict[str, str]:
    value = state["value"]
    return {str(state["variable"]): "not set" if value is None else str(value)}


def _risk(before: dict[str, Json], after: dict[str, Json]) -> tuple[Risk, str]:
    del before
    return Risk.HIGH, f"{after['variable']} decides what the function works with from then on"


def _summary(name: str, before: dict[str, Json], after: dict[str, Json]) -> str:
    variable = str(after["variable"])
    was, becomes = _words(before)[variable], _words(after)[variable]
    return f"Set {variable} of {name}: {was} -> {becomes}"


def _objection(state: dict[str, Json]) -> str:
    if state.get("secret"):
        return f"{state.get('variable')} is a secret, which no plan may hold"
    return ""


ACTION = ActionType(
    name=TYPE,
    title="Set one environment variable of a function",
    model=SetEnvironment,
    wanted=lambda parameters: {"variable": parameters["variable"], "value": parameters["value"]},
    words=_words,
    risk=_risk,
    summary=_summary,
    objection=_objection,
)
