"""The machine's own clock: the only module that reads the wall time."""

from datetime import UTC, datetime


class SystemClock:
    """A real account: account time is wall time."""

    def now(self) -> datetime:
        """Wall time, aware UTC."""
        return datetime.now(UTC)

    def account_now(self) -> datetime:
        """The same: AWS keeps the wall's time."""
        return self.now()

    def wall_at(self, account: datetime) -> datetime:
        """The moment itself."""
        return account
