"""Publish $LATEST with this memory and point an alias at the new version.

A published version keeps the memory that it was published with, so more memory reaches the callers
of an alias only through a new version. It follows `lambda.set_memory`, which gives $LATEST the
memory; the version that served stays, and the undo points the alias back at it.

Risk: raising is medium. Other than moving an alias to an older release, the code and every other
setting stay what they were: that is read before, and anything else in $LATEST forbids the change.
Lowering is high, as for the memory of $LATEST.
"""

from typing import Annotated, cast

from pydantic import Field

from opspilot.domain.model import Json
from opspilot.domain.plan import Instruction, Risk
from opspilot.domain.resource import Resource
from opspilot.remediation.actions.action_type import ActionType, Parameters
from opspilot.remediation.actions.move_alias import Version, Weight
from opspilot.remediation.actions.set_memory import LEAST_MB, MOST_MB

TYPE = "lambda.publish_memory"


class PublishMemory(Parameters):
    """Parameters.

    Attributes:
        alias: Name of an existing alias.
        memory_mb: What the version behind the alias is to have.
        version: Only to take it back: the version that served before, with its `weights`.
    """

    alias: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    memory_mb: Annotated[int, Field(ge=LEAST_MB, le=MOST_MB)]
    version: Version | None = None
    weights: Annotated[dict[Version, Weight], Field(max_length=1, default_factory=dict)]


def instruction(resource: Resource, alias: str, memory_mb: int) -> Instruction:
    """The instruction that brings this memory behind this alias."""
    parameters = PublishMemory(alias=alias, memory_mb=memory_mb, weights={})
    return Instruction(
        type=TYPE,
        resource=resource,
        parameters=parameters.model_dump(exclude={"version", "weights"}),
    )


def _wanted(parameters: dict[str, Json]) -> dict[str, Json]:
    wanted: dict[str, Json] = {
        "alias": parameters["alias"],
        "memory_mb": parameters["memory_mb"],
    }
    if parameters.get("version") is not None:
        wanted |= {"version": parameters["version"], "weights": parameters.get("weights") or {}}
    return wanted


def _words(state: dict[str, Json]) -> dict[str, str]:
    return {f"memory behind alias {state['alias']}": f"{state['memory_mb']} MB"}


def _risk(before: dict[str, Json], after: dict[str, Json]) -> tuple[Risk, str]:
    if after["memory_mb"] > before["memory_mb"]:
        return Risk.MEDIUM, (
            f"a new version of the same code and settings serves every caller of the alias"
            f" {after['alias']}, with more memory"
        )
    return Risk.HIGH, "less memory can kill invocations that need it"


def _summary(name: str, before: dict[str, Json], after: dict[str, Json]) -> str:
    alias = after["alias"]
    return (
        f"Publish {name} with {after['memory_mb']} MB and move alias {alias} to it, which serves"
        f" {before['memory_mb']} MB"
    )


def _objection(state: dict[str, Json]) -> str:
    others = cast("list[str]", state.get("unpublished") or [])
    if not others:
        return ""
    return (
        f"$LATEST differs from version {state.get('version')} in {', '.join(others)}, so a new"
        " version would release that as well"
    )


ACTION = ActionType(
    name=TYPE,
    title="Publish a version with this memory behind an alias",
    model=PublishMemory,
    wanted=_wanted,
    words=_words,
    risk=_risk,
    summary=_summary,
    part=lambda parameters: f"alias {parameters['alias']}",
    also_restored=("version", "weights"),
    objection=_objection,
)
