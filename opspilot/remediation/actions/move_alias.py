"""Point an alias at another version: the instant way back from a release.

Risk: high in either direction. It decides which code serves every caller of the alias, and whether
the other version still fits today's data and configuration is not known to OpsPilot.
"""

from typing import Annotated, cast

from pydantic import Field

from opspilot.domain.model import Json
from opspilot.domain.plan import Instruction, Risk
from opspilot.domain.resource import Resource
from opspilot.remediation.actions.action_type import ActionType, Parameters

TYPE = "lambda.move_alias"

Version = Annotated[str, Field(pattern=r"^(\$LATEST|[0-9]{1,10})$")]
Weight = Annotated[float, Field(ge=0.0, le=1.0)]


class MoveAlias(Parameters):
    """Parameters.

    Attributes:
        alias: Name of an existing alias.
        version: Number of a published version (or $LATEST, to restore such an alias).
        weights: Extra version to share of the traffic; Lambda takes at most one, and an undo
            restores it. Empty sends all traffic to `version`.
    """

    alias: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    version: Version
    weights: Annotated[dict[Version, Weight], Field(max_length=1, default_factory=dict)]


def instruction(resource: Resource, alias: str, version: str) -> Instruction:
    """The instruction that sends all traffic of this alias to this version."""
    parameters = MoveAlias(alias=alias, version=version, weights={})
    return Instruction(
        type=TYPE, resource=resource, parameters=parameters.model_dump(exclude={"weights"})
    )


def _wanted(parameters: dict[str, Json]) -> dict[str, Json]:
    return {
        "alias": parameters["alias"],
        "version": parameters["version"],
        "weights": parameters.get("weights") or {},
    }


def _words(state: dict[str, Json]) -> dict[str, str]:
    weights = cast("dict[str, float]", state["weights"] or {})
    extra = [f"{share:.0%} to {version}" for version, share in weights.items()]
    served = f"version {state['version']}"
    return {f"alias {state['alias']}": ", ".join([served, *extra])}


def _risk(before: dict[str, Json], after: dict[str, Json]) -> tuple[Risk, str]:
    return Risk.HIGH, (
        f"version {after['version']} instead of {before['version']} will serve every caller of"
        f" the alias {after['alias']}"
    )


def _summary(name: str, before: dict[str, Json], after: dict[str, Json]) -> str:
    alias = after["alias"]
    return f"Move alias {alias} of {name}: version {before['version']} -> {after['version']}"


ACTION = ActionType(
    name=TYPE,
    title="Point an alias of a function at another version",
    model=MoveAlias,
    wanted=_wanted,
    words=_words,
    risk=_risk,
    summary=_summary,
    part=lambda parameters: f"alias {parameters['alias']}",
)
