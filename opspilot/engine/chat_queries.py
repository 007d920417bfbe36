"""What the chat page and the command line read of conversations; nothing here writes."""

from dataclasses import dataclass

from opspilot.domain.chat_view import ChatView
from opspilot.domain.commands import PERMITTED, Command, permits
from opspilot.domain.conversation import Turn
from opspilot.domain.identity import Actor
from opspilot.engine.chat import MOST_WAITING, chat_job_id
from opspilot.errors import NotFound
from opspilot.ports.model import LanguageModel, ModelAccess
from opspilot.ports.store import Store


@dataclass(frozen=True)
class ChatQueries:
    """Reads, put together for whoever shows them."""

    store: Store
    model: LanguageModel

    def view(self, incident_id: str, conversation_id: str, actor: Actor) -> ChatView:
        """An incident's conversations, and one of them whole.

        Args:
            incident_id: Beside which incident.
            conversation_id: Which one; empty for none, so that a new one can be begun.
            actor: Who reads, to tell what this person may do.

        Raises:
            NotFound: There is no such incident, or no such conversation beside it.
        """
        incident = self.store.incident(incident_id)
        conversations = sorted(
            self.store.conversations(incident_id), key=lambda one: one.number, reverse=True
        )
        chosen = next((one for one in conversations if one.id == conversation_id), None)
        if conversation_id and chosen is None:
            raise NotFound(f"there is no conversation {conversation_id} beside {incident_id}")
        turns = self.store.turns(chosen.id) if chosen else []
        job = self.store.job(chat_job_id(chosen.id)) if chosen else None
        return ChatView(
            incident=incident,
            conversations=tuple(conversations),
            conversation=chosen,
            turns=tuple(turns),
            ask_refusal=_refusal(Command.ASK, actor) or _full(turns),
            stop_refusal=_refusal(Command.STOP_TURN, actor),
            job_error=job.last_error if job else "",
        )

    def turn(self, conversation_id: str, number: int) -> Turn:
        """One turn.

        Raises:
            NotFound: There is none.
        """
        for turn in self.store.turns(conversation_id):
            if turn.number == number:
                return turn
        raise NotFound(f"there is no turn {number} in {conversation_id}")

    def models(self) -> tuple[ModelAccess, ...]:
        """What is configured for each role; asks nothing."""
        return self.model.access()


def _refusal(command: Command, actor: Actor) -> str:
    if permits(actor, command):
        return ""
    return f"{actor.name} is no {' or '.join(sorted(PERMITTED[command]))}"


def _full(turns: list[Turn]) -> str:
    waiting = sum(not turn.ended for turn in turns)
    return f"{waiting} questions wait already" if waiting >= MOST_WAITING else ""
