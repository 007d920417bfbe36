"""The faults of the embedded account, for the screens and the command line."""

from dataclasses import dataclass
from datetime import datetime

from opspilot.embedded.client import (
    FaultInfo,
    inject_fault,
    list_faults,
    reset_faults,
    set_speed,
)
from opspilot.embedded.errors import EmbeddedError
from opspilot.errors import InputError


@dataclass(frozen=True)
class Faults:
    """Lists, injects and takes back faults of the embedded account at `url`.

    Every method raises `EmbeddedAccountStopped` while the account does not answer.
    """

    url: str

    def list(self) -> tuple[FaultInfo, ...]:
        """Every fault that can be injected, and whether it is under way."""
        return tuple(list_faults(self.url))

    def inject(self, name: str) -> datetime:
        """Start a fault; account time of its start.

        Raises:
            InputError: There is no such fault, or it is under way already.
        """
        try:
            return inject_fault(self.url, name)
        except EmbeddedError as error:
            known = ", ".join(one.name for one in self.list())
            raise InputError(str(error), hint=f"Faults here: {known}.") from error

    def reset(self) -> tuple[str, ...]:
        """Take every fault back and restore the configuration; names of those that were active."""
        return tuple(reset_faults(self.url))

    def pace(self, speed: float) -> float:
        """Let the account's time run this many times faster than the wall's; the new speed.

        Raises:
            InputError: Not from 1 to 30, or this account's clock is moved by hand.
        """
        try:
            return set_speed(self.url, speed)
        except EmbeddedError as error:
            raise InputError(str(error), hint="The speed is a number from 1 to 30.") from error
