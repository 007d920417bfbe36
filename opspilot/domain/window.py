"""Half-open spans of account time."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import model_validator

from opspilot.domain.model import Instant, Model


class Window(Model):
    """From `start` (inclusive) to `end` (exclusive)."""

    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"the window is empty or reversed: {self.start} to {self.end}")
        return self

    @property
    def length(self) -> timedelta:
        """Duration of the window."""
        return self.end - self.start

    def contains(self, moment: datetime) -> bool:
        """Whether `start <= moment < end`."""
        return self.start <= moment < self.end

    def before(self, length: timedelta) -> "Window":
        """The window of this length that ends where this one starts."""
        return Window(start=self.start - length, end=self.start)

    def joined(self, other: "Window") -> "Window":
        """The shortest window that covers both."""
        return Window(start=min(self.start, other.start), end=max(self.end, other.end))
