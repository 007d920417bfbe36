"""A way out of an incident: open, or closed with the reason."""

from dataclasses import dataclass

from opspilot.domain.plan import Instruction


@dataclass(frozen=True, slots=True)
class Way:
    """One way out that is open.

    Attributes:
        instruction: What to do; `then`: what has to follow it, in this order.
    """

    instruction: Instruction
    summary: str
    rationale: str
    evidence: tuple[str, ...] = ()
    then: tuple[Instruction, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """A way out that is not open, and why."""

    why: str
