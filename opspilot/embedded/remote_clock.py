"""The embedded account's clock, seen from another process."""

import logging
import threading
from datetime import datetime, timedelta

from opspilot.embedded.client import World, handshake
from opspilot.errors import OpsPilotError
from opspilot.ports.clock import Clock

logger = logging.getLogger(__name__)

_REFRESH = timedelta(seconds=3)
_BY_HAND = timedelta(milliseconds=200)


class RemoteClock:
    """Follows the account's clock by handshakes a few seconds apart.

    Between handshakes account time is computed from the last one. When the account does not answer,
    its clock stands still on its side too, so the last known time is kept and never runs ahead by
    more than one refresh.
    """

    def __init__(self, url: str, world: World, wall: Clock) -> None:
        """Start from a handshake that was just made."""
        self._url = url
        self._world = world
        self._wall = wall
        self._checked = wall.now()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Wall time."""
        return self._wall.now()

    def account_now(self) -> datetime:
        """Account time."""
        now = self._wall.now()
        with self._lock:
            if now - self._checked > _REFRESH:
                self._refresh(now)
            return self._world.account_time(min(now, self._checked + _REFRESH))

    def wall_at(self, account: datetime) -> datetime:
        """The wall time at which the account's clock shows `account`.

        A clock that is moved by hand has no speed; then it is worth looking at once more shortly.
        """
        ahead = account - self.account_now()
        speed = self._world.speed
        return self._wall.now() + (ahead / speed if speed else _BY_HAND)

    def _refresh(self, now: datetime) -> None:
        try:
            world = handshake(self._url)
        except OpsPilotError as error:
            logger.warning("account=<%s> | its clock does not answer: %s", self._url, error.message)
            return
        if world is not None:
            self._world = world
            self._checked = now
