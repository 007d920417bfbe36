"""lambda.move_alias: which version a function's alias points at.

All traffic of the alias goes to the version then: extra versions that the alias splits traffic with
are taken off, unless the instruction names them (as the undo of such a move does).
"""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.actions.hand import Hand, must_be_as_expected, parameters_of
from opspilot.adapters.aws.functions_data import to_weights
from opspilot.adapters.aws.throttle import Budget
from opspilot.domain.model import Model
from opspilot.domain.plan import Instruction, PreState
from opspilot.ports.actuator import Receipt, Settling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda.type_defs import UpdateAliasRequestTypeDef


class Parameters(Model):
    """The alias and the version it is to point at.

    Attributes:
        weights: Extra version to share of the traffic; empty for none.
    """

    alias: str = Field(min_length=1, max_length=128)
    version: str = Field(pattern=r"^(\$LATEST|[0-9]+)$")
    weights: dict[str, float] = Field(default_factory=dict[str, float])


class MoveAlias:
    """Points an alias at another version; in force at once."""

    type: ClassVar[str] = "lambda.move_alias"

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def read(self, instruction: Instruction, budget: Budget) -> PreState:
        """The version the alias points at, and its weights (none unless traffic is split)."""
        wanted = parameters_of(instruction, Parameters)
        answer = self._alias(instruction, wanted, budget)
        return PreState(
            values={
                "alias": wanted.alias,
                "version": str(answer["FunctionVersion"]),
                "weights": to_weights(answer),
            },
            revision_id=str(answer.get("RevisionId") or ""),
            read_at=self._hand.clock.account_now(),
            request_ids=tuple(budget.request_ids),
        )

    def apply(self, instruction: Instruction, expected: PreState, budget: Budget) -> Receipt:
        """Move the alias; raises AwsConflict when it is not where it was expected."""
        wanted = parameters_of(instruction, Parameters)
        now = self.read(instruction, budget)
        must_be_as_expected(instruction, now, expected, operations.UPDATE_ALIAS.name)
        request = _to_request(instruction, wanted, now, expected)
        answer = self._hand.calls.send(
            operations.UPDATE_ALIAS,
            budget,
            lambda: self._hand.client.update_alias(**request),
            resource=_alias_arn(instruction, wanted),
        )
        return Receipt(
            request_ids=tuple(budget.request_ids), revision_id=str(answer.get("RevisionId") or "")
        )

    def settling(self, instruction: Instruction, budget: Budget) -> Settling:
        """Whether the alias points where the instruction says."""
        wanted = parameters_of(instruction, Parameters)
        answer = self._alias(instruction, wanted, budget)
        version = str(answer["FunctionVersion"])
        if version != wanted.version or to_weights(answer) != wanted.weights:
            detail = f"alias {wanted.alias} points at version {version}: somebody moved it since"
            return Settling(settled=False, failed=True, detail=detail)
        return Settling(settled=True, detail=f"alias {wanted.alias} points at version {version}")

    def _alias(
        self, instruction: Instruction, wanted: Parameters, budget: Budget
    ) -> "Mapping[str, Any]":
        return self._hand.calls.send(
            operations.GET_ALIAS,
            budget,
            lambda: self._hand.client.get_alias(
                FunctionName=instruction.resource.name, Name=wanted.alias
            ),
            resource=_alias_arn(instruction, wanted),
        )


def _alias_arn(instruction: Instruction, wanted: Parameters) -> str:
    return f"{instruction.resource.arn}:{wanted.alias}"


def _to_request(
    instruction: Instruction, wanted: Parameters, now: PreState, expected: PreState
) -> "UpdateAliasRequestTypeDef":
    request: UpdateAliasRequestTypeDef = {
        "FunctionName": instruction.resource.name,
        "Name": wanted.alias,
        "FunctionVersion": wanted.version,
    }
    if expected.revision_id:
        request["RevisionId"] = expected.revision_id
    if wanted.weights or now.values.get("weights"):
        request["RoutingConfig"] = {"AdditionalVersionWeights": wanted.weights}
    return request
