"""A clock that stands still until somebody moves it."""

from datetime import datetime, timedelta


class HandClock:
    """`opspilot.ports.clock.Clock` for replays and tests; account time runs at its own distance.

    Args:
        wall: Wall time to begin with, aware UTC.
        account: Account time at that moment; the same by default.
    """

    def __init__(self, wall: datetime, account: datetime | None = None) -> None:
        self._wall = wall
        self._ahead = (account or wall) - wall

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._wall

    def account_now(self) -> datetime:
        """See `Clock.account_now`."""
        return self._wall + self._ahead

    def wall_at(self, account: datetime) -> datetime:
        """See `Clock.wall_at`."""
        return account - self._ahead

    def advance(self, length: timedelta) -> None:
        """Move both times on."""
        self._wall += length
