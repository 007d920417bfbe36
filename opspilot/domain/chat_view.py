"""What the chat page shows: a conversation beside an incident, put together."""

from opspilot.domain.conversation import Conversation, Turn
from opspilot.domain.incident import Incident
from opspilot.domain.model import Model


class ChatView(Model):
    """One incident's conversations, and the chosen one whole.

    Attributes:
        conversations: Newest first.
        conversation: The chosen one; None while a new one is to be begun.
        ask_refusal: Why the reader may not ask; empty when they may. `stop_refusal` likewise.
        job_error: Why the last step failed and will be tried again; empty when it did not.
    """

    incident: Incident
    conversations: tuple[Conversation, ...]
    conversation: Conversation | None = None
    turns: tuple[Turn, ...] = ()
    ask_refusal: str = ""
    stop_refusal: str = ""
    job_error: str = ""

    @property
    def busy(self) -> bool:
        """Whether a turn waits or is being answered."""
        return any(not turn.ended for turn in self.turns)
