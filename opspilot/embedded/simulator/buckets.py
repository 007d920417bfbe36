"""Tokens that fill with capacity, and the autoscaling that raises it some minutes late."""

from __future__ import annotations

from dataclasses import dataclass, field

_SCALES_AFTER_S = 30.0
"""The time that an update of capacity takes, after two minutes above the target."""


@dataclass(slots=True)
class Bucket:
    """Tokens of one target in one direction."""

    capacity: float
    burst_s: float
    tokens: float
    at: float

    def fill(self, at: float, capacity: float) -> None:
        """Add what has come in since; capacity may have changed meanwhile."""
        self.capacity = capacity
        self.tokens = min(capacity * self.burst_s, self.tokens + max(at - self.at, 0.0) * capacity)
        self.at = max(at, self.at)


@dataclass(slots=True)
class Scaling:
    """What autoscaling has seen and done for one target and direction."""

    minimum: int
    maximum: int
    target: float
    spent: dict[int, float] = field(default_factory=dict[int, float])
    raised: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    def spend(self, at: float, units: float, capacity: float) -> None:
        """Count consumption; two minutes above the target raise the capacity a little later."""
        minute = int(at // 60)
        if minute not in self.spent:
            over = [self.spent.get(minute - back, 0.0) / 60.0 for back in (1, 2)]
            if min(over) > self.target * capacity and (not self.raised or self.raised[-1][0] <= at):
                wanted = min(self.maximum, max(over) / self.target + 1.0)
                if wanted > capacity:
                    self.raised.append((at + _SCALES_AFTER_S, float(int(wanted))))
        self.spent[minute] = self.spent.get(minute, 0.0) + units

    def level(self, at: float) -> float:
        """The capacity that autoscaling has set by then; 0 before it did."""
        return max((level for since, level in self.raised if since <= at), default=0.0)
