"""What every action is made of: its parameters, and these functions of them and of the state."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from opspilot.domain.model import Json
from opspilot.domain.plan import Instruction, PreState, Risk
from opspilot.errors import InputError, PolicyViolation


class Parameters(BaseModel):
    """Base of an action's own parameters: frozen, closed, strictly typed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _latest(_: dict[str, Json]) -> str:
    return "$LATEST"


def _no_objection(_: dict[str, Json]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class ActionType:
    """One entry of the closed vocabulary.

    Attributes:
        name: "lambda.set_timeout".
        title: For people, "Set the timeout of a function".
        model: The parameter model with its bounds.
        wanted: Parameters to the state they want, in the words of `PreState.values`.
        words: State to what people read, {"timeout": "3 s"}.
        risk: Captured and wanted state to the risk, with its reason.
        summary: Instruction, captured and wanted state to one line.
        part: Parameters to the part of the resource whose state is captured, "alias live". Two
            actions of a plan may follow each other on one resource if their parts are others.
        also_restored: Values of the state that the undo restores besides those wanted.
        objection: State to the reason why the change must not be made on it; empty for none.
    """

    name: str
    title: str
    model: type[Parameters]
    wanted: Callable[[dict[str, Json]], dict[str, Json]]
    words: Callable[[dict[str, Json]], dict[str, str]]
    risk: Callable[[dict[str, Json], dict[str, Json]], tuple[Risk, str]]
    summary: Callable[[str, dict[str, Json], dict[str, Json]], str]
    part: Callable[[dict[str, Json]], str] = field(default=_latest)
    also_restored: tuple[str, ...] = ()
    objection: Callable[[dict[str, Json]], str] = field(default=_no_objection)

    def validate(self, instruction: Instruction, pre_state: PreState) -> None:
        """Check an instruction against its bounds and the state that was read.

        Raises:
            InputError: A parameter is missing, unknown or out of range.
            PolicyViolation: The state is as wanted already, was not read, or forbids the change.
        """
        self.checked(instruction.parameters)
        wanted = self.wanted(instruction.parameters)
        missing = sorted({*wanted, *self.also_restored} - set(pre_state.values))
        if missing:
            raise PolicyViolation(
                f"{self.name} on {instruction.resource.name}: the state before the change lacks"
                f" {', '.join(missing)}, so there is no undo",
                hint="Read the resource again.",
            )
        if objection := self.objection(pre_state.values):
            raise PolicyViolation(
                f"{self.name} on {instruction.resource.name}: {objection}",
                hint="A person has to do this by hand.",
            )
        if self.in_force(instruction, pre_state):
            raise PolicyViolation(
                f"{self.name} on {instruction.resource.name} would change nothing",
                hint="The resource is as wanted already; investigate again.",
            )

    def checked(self, parameters: dict[str, Json]) -> None:
        """Check parameters against their bounds.

        Raises:
            InputError: A parameter is missing, unknown or out of range; names each.
        """
        try:
            self.model.model_validate(parameters)
        except ValidationError as exc:
            said = "; ".join(
                f"{'.'.join(str(part) for part in error['loc']) or 'parameters'}: {error['msg']}"
                for error in exc.errors()
            )
            raise InputError(f"{self.name}: {said}", hint="Correct the parameters.") from exc

    def undo(self, instruction: Instruction, pre_state: PreState) -> Instruction:
        """The instruction that restores the captured state."""
        restored = dict.fromkeys((*self.wanted(instruction.parameters), *self.also_restored))
        captured = {name: pre_state.values[name] for name in restored if name in pre_state.values}
        return Instruction(type=self.name, resource=instruction.resource, parameters=captured)

    def preview(
        self, instruction: Instruction, pre_state: PreState
    ) -> tuple[dict[str, str], dict[str, str]]:
        """What people read: (before, after)."""
        wanted = self.wanted(instruction.parameters)
        return self.words(self._relevant(wanted, pre_state)), self.words(wanted)

    def risk_of(self, instruction: Instruction, pre_state: PreState) -> tuple[Risk, str]:
        """How much harm the change can do, and why."""
        wanted = self.wanted(instruction.parameters)
        return self.risk(self._relevant(wanted, pre_state), wanted)

    def summary_of(self, instruction: Instruction, pre_state: PreState) -> str:
        """One line: what changes from what to what."""
        wanted = self.wanted(instruction.parameters)
        return self.summary(instruction.resource.name, self._relevant(wanted, pre_state), wanted)

    def in_force(self, instruction: Instruction, actual: PreState) -> bool:
        """Whether the state is already as the instruction wants it."""
        wanted = self.wanted(instruction.parameters)
        return self._relevant(wanted, actual) == wanted

    def _relevant(self, wanted: dict[str, Json], state: PreState) -> dict[str, Json]:
        return {name: state.values.get(name) for name in wanted}
