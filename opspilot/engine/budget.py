"""Bounds on what one investigation may cost."""

from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.telemetry import CallUsage

_MB = 1024 * 1024


@dataclass(frozen=True)
class Budget:
    """Calls, bytes and time of one investigation.

    Attributes:
        wall_time: From start to the last question asked.
    """

    api_calls: int = 400
    scanned_mb: int = 2_000
    wall_time: timedelta = timedelta(minutes=5)

    def exhausted(self, usage: CallUsage, elapsed: timedelta) -> str:
        """Which bound is reached, in words; empty when none is."""
        if usage.api_calls >= self.api_calls:
            return f"the budget of {self.api_calls} AWS calls is spent"
        if usage.bytes_scanned >= self.scanned_mb * _MB:
            return f"the budget of {self.scanned_mb} MB of logs is spent"
        if elapsed >= self.wall_time:
            return f"the budget of {self.wall_time.total_seconds():.0f} s is spent"
        return ""
