"""Time: the wall's, and the account's."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks. On a real account they agree; an embedded account's may run faster.

    Telemetry, alarms, observation and hold times use account time; leases, retries, expiries and
    token buckets use wall time. All times are aware UTC.
    """

    def now(self) -> datetime:
        """Wall time."""
        ...

    def account_now(self) -> datetime:
        """Account time."""
        ...

    def wall_at(self, account: datetime) -> datetime:
        """The wall time at which the account's clock shows `account`."""
        ...
