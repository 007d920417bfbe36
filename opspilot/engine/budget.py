"""Bounds on what one incident may cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.evidence import Evidence
from opspilot.domain.investigation import Investigation
from opspilot.domain.telemetry import CallUsage

_MB = 1024 * 1024


@dataclass(frozen=True)
class Budget:
    """Calls, bytes and time of one investigation, and of all of an incident together.

    To the latter belong what is asked in conversations and entries that are asked again.

    Attributes:
        wall_time: Spent on asking; while nobody worked on it, no time passes.
        passes: An incident may cost this many times what one investigation may.
    """

    api_calls: int = 400
    scanned_mb: int = 2_000
    wall_time: timedelta = timedelta(minutes=5)
    passes: int = 5

    def exhausted(self, usage: CallUsage, earlier: CallUsage | None = None) -> str:
        """Which bound is reached, in words; empty when none is.

        Args:
            usage: Of this investigation so far.
            earlier: What the incident cost besides it.
        """
        spent = self._reached(usage, 1, "")
        if spent or earlier is None:
            return spent
        return self.used_up(earlier.plus(usage))

    def used_up(self, total: CallUsage) -> str:
        """Which bound of all looks at an incident is reached, in words; empty when none is."""
        return self._reached(total, self.passes, " for all looks at this incident")

    def _reached(self, usage: CallUsage, times: int, extent: str) -> str:
        if usage.api_calls >= self.api_calls * times:
            return f"the budget of {self.api_calls * times} AWS calls{extent} is spent"
        if usage.bytes_scanned >= self.scanned_mb * _MB * times:
            return f"the budget of {self.scanned_mb * times} MB of logs{extent} is spent"
        seconds = self.wall_time.total_seconds() * times
        if usage.wall_seconds >= seconds:
            return f"the budget of {seconds:.0f} s{extent} is spent"
        return ""


def besides(current: Investigation | None, evidence: Iterable[Evidence]) -> CallUsage:
    """What an incident cost besides the present look: earlier ones, and what was asked in chat."""
    total = current.elsewhere if current else CallUsage()
    for item in evidence:
        if not item.task.partition("/")[0].isdigit():
            total = total.plus(item.usage)
    return total


def spent_on(current: Investigation | None, evidence: Iterable[Evidence]) -> CallUsage:
    """All that an incident has cost."""
    total = besides(current, evidence)
    return total.plus(current.usage) if current else total
