"""Bounds on what one investigation may cost."""

from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.telemetry import CallUsage

_MB = 1024 * 1024


@dataclass(frozen=True)
class Budget:
    """Calls, bytes and time of one investigation.

    Attributes:
        wall_time: Spent on asking; while nobody worked on it, no time passes.
    """

    api_calls: int = 400
    scanned_mb: int = 2_000
    wall_time: timedelta = timedelta(minutes=5)

    def exhausted(self, usage: CallUsage) -> str:
        """Which bound is reached, in words; empty when none is."""
        if usage.api_calls >= self.api_calls:
            return f"the budget of {self.api_calls} AWS calls is spent"
        if usage.bytes_scanned >= self.scanned_mb * _MB:
            return f"the budget of {self.scanned_mb} MB of logs is spent"
        if usage.wall_seconds >= self.wall_time.total_seconds():
            return f"the budget of {self.wall_time.total_seconds():.0f} s is spent"
        return ""
