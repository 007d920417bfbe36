"""lambda.publish_memory: a version of $LATEST with more memory, behind an alias.

Two calls under one intent: PublishVersion, then UpdateAlias. Repeating them after an interruption
does no harm: Lambda publishes no second version of the same code and configuration, it answers with
the one that there is. The memory of $LATEST itself is set by `lambda.set_memory` before.

Source: the Lambda API reference on PublishVersion; its RevisionId and CodeSha256 guard what is
published.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.actions.hand import Hand, must_be_as_expected, parameters_of
from opspilot.adapters.aws.actions.lambda_move_alias import MoveAlias
from opspilot.adapters.aws.functions_data import environment_error
from opspilot.adapters.aws.throttle import Budget
from opspilot.domain.model import Json, Model
from opspilot.domain.plan import Instruction, PreState
from opspilot.errors import AwsConflict
from opspilot.ports.actuator import Receipt, Settling

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a version keeps besides its memory; names only, since an environment holds secrets.
_KEPT = (
    *("CodeSha256", "Environment", "Timeout", "Handler", "Runtime", "Role", "Layers", "VpcConfig"),
    *("EphemeralStorage", "Architectures", "FileSystemConfigs", "ImageConfigResponse"),
    *("DeadLetterConfig", "TracingConfig", "KMSKeyArn", "LoggingConfig", "PackageType"),
)


class Parameters(Model):
    """The alias and the memory behind it; with a version, the undo: back to that version."""

    alias: str = Field(min_length=1, max_length=128)
    memory_mb: int = Field(ge=128, le=10_240)
    version: str | None = Field(default=None, pattern=r"^(\$LATEST|[0-9]+)$")
    weights: dict[str, float] = Field(default_factory=dict[str, float])


class PublishMemory:
    """Publishes and moves the alias; in force as soon as the version is active."""

    type: ClassVar[str] = "lambda.publish_memory"

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._alias = MoveAlias(hand)

    def read(self, instruction: Instruction, budget: Budget) -> PreState:
        """The alias, the memory of its version, and what else $LATEST would bring along."""
        wanted = parameters_of(instruction, Parameters)
        alias = self._alias.read(_move(instruction, wanted, ""), budget)
        served = self._configuration(instruction, str(alias.values["version"]), budget)
        latest = self._configuration(instruction, "", budget)
        values: dict[str, Json] = {
            **alias.values,
            "memory_mb": int(served.get("MemorySize") or 128),
            "code_sha256": str(latest.get("CodeSha256") or ""),
            "unpublished": _unpublished(latest, served),
        }
        return alias.model_copy(update={"values": values, "request_ids": tuple(budget.request_ids)})

    def apply(self, instruction: Instruction, expected: PreState, budget: Budget) -> Receipt:
        """Publish unless it is taken back, and move the alias; AwsConflict if not as expected."""
        wanted = parameters_of(instruction, Parameters)
        now = self.read(instruction, budget)
        must_be_as_expected(instruction, now, expected, operations.PUBLISH_VERSION.name)
        version = wanted.version or self._published(instruction, wanted, budget)
        alias = {name: now.values[name] for name in ("alias", "version", "weights")}
        return self._alias.apply(
            _move(instruction, wanted, version), now.model_copy(update={"values": alias}), budget
        )

    def settling(self, instruction: Instruction, budget: Budget) -> Settling:
        """Whether the alias serves a version that is active and has this memory."""
        wanted = parameters_of(instruction, Parameters)
        alias = self._alias.read(_move(instruction, wanted, ""), budget)
        version = str(alias.values["version"])
        served = self._configuration(instruction, version, budget)
        memory = int(served.get("MemorySize") or 128)
        detail = f"alias {wanted.alias} serves version {version} with {memory} MB"
        if memory != wanted.memory_mb or wanted.version not in (None, version):
            return Settling(settled=False, failed=True, detail=f"{detail}: somebody moved it since")
        return Settling(settled=_active(served), detail=detail)

    def _published(self, instruction: Instruction, wanted: Parameters, budget: Budget) -> str:
        """The number of the version of $LATEST as it stands."""
        latest = self._configuration(instruction, "", budget)
        memory = int(latest.get("MemorySize") or 128)
        if memory != wanted.memory_mb or latest.get("LastUpdateStatus") == "InProgress":
            raise AwsConflict(
                f"$LATEST of {instruction.resource.name} has {memory} MB and is"
                f" {latest.get('LastUpdateStatus')}: {wanted.memory_mb} MB have to be in force",
                operation=operations.PUBLISH_VERSION.name,
                resource=instruction.resource.arn,
                hint="set the memory of $LATEST first",
            )
        answer = self._hand.calls.send(
            operations.PUBLISH_VERSION,
            budget,
            lambda: self._hand.client.publish_version(
                FunctionName=instruction.resource.name,
                CodeSha256=str(latest.get("CodeSha256") or ""),
                RevisionId=str(latest.get("RevisionId") or ""),
                Description=f"{wanted.memory_mb} MB of memory (OpsPilot)",
            ),
            resource=instruction.resource.arn,
        )
        version = str(answer["Version"])
        if not _active(answer):
            raise AwsConflict(
                f"version {version} of {instruction.resource.name} is being prepared",
                operation=operations.PUBLISH_VERSION.name,
                resource=instruction.resource.arn,
                hint="try again soon",
            )
        return version

    def _configuration(
        self, instruction: Instruction, version: str, budget: Budget
    ) -> "Mapping[str, Any]":
        name = instruction.resource.name
        return self._hand.calls.send(
            operations.GET_FUNCTION_CONFIGURATION,
            budget,
            lambda: (
                self._hand.client.get_function_configuration(FunctionName=name, Qualifier=version)
                if version
                else self._hand.client.get_function_configuration(FunctionName=name)
            ),
            resource=instruction.resource.arn,
        )


def _move(instruction: Instruction, wanted: Parameters, version: str) -> Instruction:
    """The move of the alias that this comes down to; for reading, any version will do."""
    parameters = {
        "alias": wanted.alias,
        "version": version or "$LATEST",
        "weights": wanted.weights,
    }
    return Instruction(type=MoveAlias.type, resource=instruction.resource, parameters=parameters)


def _unpublished(latest: "Mapping[str, Any]", served: "Mapping[str, Any]") -> list[str]:
    """Names of what $LATEST has otherwise; variables that Lambda does not show count as such."""
    hidden = environment_error(latest) or environment_error(served)
    return [
        key
        for key in _KEPT
        if (hidden and key == "Environment") or latest.get(key) != served.get(key)
    ]


def _active(configuration: "Mapping[str, Any]") -> bool:
    """Whether a version can serve; emulators may leave the state out."""
    return str(configuration.get("State") or "Active") == "Active"
