"""The faults of the embedded account, for the screens."""

from dataclasses import dataclass
from datetime import datetime

from opspilot.embedded.client import FaultInfo, inject_fault, list_faults, reset_faults


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
            NotFound: There is no such fault.
        """
        return inject_fault(self.url, name)

    def reset(self) -> tuple[str, ...]:
        """Take every fault back and restore the configuration; names of those that were active."""
        return tuple(reset_faults(self.url))
