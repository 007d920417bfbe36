"""The faults of the embedded account, for the screens and the command line."""

from dataclasses import dataclass
from datetime import datetime

from opspilot.domain.audit import SYSTEM_CHAIN
from opspilot.domain.commands import Command
from opspilot.domain.identity import Actor
from opspilot.domain.model import Json
from opspilot.embedded.client import (
    FaultInfo,
    inject_fault,
    list_faults,
    reset_faults,
    set_speed,
)
from opspilot.embedded.errors import EmbeddedError
from opspilot.engine.commands import Desk
from opspilot.errors import InputError
from opspilot.ports.store import Changeset


@dataclass(frozen=True)
class Faults:
    """Lists, injects and takes back faults of the embedded account at `url`, on record.

    Every method raises `EmbeddedAccountStopped` while the account does not answer; those that
    change something raise `NotAllowed` for whoever is no responder.
    """

    url: str
    desk: Desk

    def list(self) -> tuple[FaultInfo, ...]:
        """Every fault that can be injected, and whether it is under way."""
        return tuple(list_faults(self.url))

    def inject(self, name: str, *, actor: Actor) -> datetime:
        """Start a fault; account time of its start.

        Raises:
            InputError: There is no such fault, or it is under way already.
        """
        self.desk.require(actor, Command.CHANGE_EMBEDDED_ACCOUNT, subject=name)
        try:
            began = inject_fault(self.url, name)
        except EmbeddedError as error:
            known = ", ".join(one.name for one in self.list())
            raise InputError(str(error), hint=f"Faults here: {known}.") from error
        self._record(actor, "fault.injected", name, began.isoformat())
        return began

    def reset(self, *, actor: Actor) -> tuple[str, ...]:
        """Take every fault back and restore the configuration; names of those that were active."""
        self.desk.require(actor, Command.CHANGE_EMBEDDED_ACCOUNT, subject="faults")
        names = tuple(reset_faults(self.url))
        self._record(actor, "fault.reset", "faults", [*names])
        return names

    def pace(self, speed: float, *, actor: Actor) -> float:
        """Let the account's time run this many times faster than the wall's; the new speed.

        Raises:
            InputError: Not from 1 to 30, or this account's clock is moved by hand.
        """
        self.desk.require(actor, Command.CHANGE_EMBEDDED_ACCOUNT, subject="clock")
        try:
            chosen = set_speed(self.url, speed)
        except EmbeddedError as error:
            raise InputError(str(error), hint="The speed is a number from 1 to 30.") from error
        self._record(actor, "clock.set", "clock", chosen)
        return chosen

    def _record(self, actor: Actor, action: str, subject: str, result: Json) -> None:
        entry = self.desk.journal.entry(SYSTEM_CHAIN, actor, action, subject, result=result)
        self.desk.store.commit(Changeset(audit=(entry,)))
