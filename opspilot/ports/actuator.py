"""The only hand that changes the account."""

from typing import Protocol

from opspilot.domain.model import Model
from opspilot.domain.plan import Instruction, PreState


class Receipt(Model):
    """AWS accepted a change.

    Attributes:
        request_ids: Of the calls made.
        revision_id: Of the resource after the change; empty where the API has none.
    """

    request_ids: tuple[str, ...] = ()
    revision_id: str = ""


class Settling(Model):
    """Whether an accepted change is in force.

    Attributes:
        failed: AWS gave the change up; `detail` says why.
    """

    settled: bool
    failed: bool = False
    detail: str = ""


class Actuator(Protocol):
    """Reads, applies and watches one instruction at a time."""

    def read(self, instruction: Instruction) -> PreState:
        """The present state of what the instruction would change.

        Raises:
            AwsNotFound: The resource does not exist.
            AwsError: The call failed.
        """
        ...

    def apply(self, instruction: Instruction, expected: PreState) -> Receipt:
        """Apply, only if the resource is still as `expected` (its revision id).

        Raises:
            AwsConflict: It is not, or an update is in progress; nothing was changed.
            AwsError: The call failed; whether it took effect must be read.
        """
        ...

    def settling(self, instruction: Instruction) -> Settling:
        """Whether the applied change is in force; never waits."""
        ...
