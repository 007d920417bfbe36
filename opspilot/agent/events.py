"""What happens in a turn, as it happens."""

from dataclasses import dataclass
from datetime import datetime

from opspilot.domain.conversation import Message, ToolCall, TurnStatus


@dataclass(frozen=True)
class Heard:
    """The model has said something whole."""

    message: Message


@dataclass(frozen=True)
class Called:
    """A tool has run, or was refused."""

    call: ToolCall


@dataclass(frozen=True)
class Paused:
    """The step ends here; the turn goes on at this wall time."""

    until: datetime
    reason: str = ""


@dataclass(frozen=True)
class Ended:
    """The turn is over."""

    status: TurnStatus
    error: str = ""


Event = Heard | Called | Paused | Ended
"""Each is durable when it is told."""
