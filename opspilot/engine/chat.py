"""Chat: the commands that ask a question beside an incident, and stop its answer."""

from dataclasses import dataclass

from opspilot.domain.audit import AuditDraft
from opspilot.domain.commands import Command
from opspilot.domain.conversation import Conversation, ModelRole, Turn
from opspilot.domain.identity import Actor
from opspilot.domain.job import Job, JobKind
from opspilot.engine.commands import Desk, persistently
from opspilot.errors import IllegalTransition, InputError, NotFound
from opspilot.ports.store import Changeset

LONGEST_QUESTION = 4_000
MOST_WAITING = 3
"""Questions of one conversation that may be unanswered at a time."""

_TITLE = 80


def chat_job_id(conversation_id: str) -> str:
    """Id of the one job that answers a conversation's turns."""
    return f"chat:{conversation_id}"


@dataclass(frozen=True)
class Chats:
    """The commands."""

    desk: Desk

    def ask(
        self,
        incident_id: str,
        question: str,
        *,
        actor: Actor,
        conversation_id: str = "",
        role: ModelRole = ModelRole.DEFAULT,
    ) -> Turn:
        """Ask; the worker answers. Secrets are taken out of the question before it is kept.

        Args:
            incident_id: Beside which incident.
            question: As typed.
            actor: Who asks, and in whose name the turn may propose a plan.
            conversation_id: Which conversation goes on; empty begins one.
            role: Which model.

        Raises:
            NotAllowed: The actor is no responder.
            NotFound: There is no such incident, or no such conversation beside it.
            InputError: The question is empty or too long.
            IllegalTransition: Too many questions wait already.
        """
        chain = self.desk.store.incident(incident_id).id
        self.desk.require(actor, Command.ASK, chain=chain, subject=conversation_id or chain)
        typed = question.strip()
        if not typed:
            raise InputError("the question is empty", hint="Type what you want to know.")
        if len(typed) > LONGEST_QUESTION:
            raise InputError(
                f"the question has {len(typed):,} characters, {LONGEST_QUESTION:,} are the most"
            )
        asked = str(self.desk.journal.redact(typed))
        return persistently(lambda: self._ask(incident_id, asked, actor, conversation_id, role))

    def stop(self, conversation_id: str, *, actor: Actor) -> None:
        """Stop what is being answered in a conversation, and what waits there.

        Raises:
            NotAllowed: The actor is no responder.
            NotFound: There is no such conversation.
            IllegalTransition: Nothing is being answered.
        """
        chain = self.desk.store.conversation(conversation_id).incident_id
        self.desk.require(actor, Command.STOP_TURN, chain=chain, subject=conversation_id)
        persistently(lambda: self._stop(conversation_id, actor))

    def _ask(
        self, incident_id: str, question: str, actor: Actor, conversation_id: str, role: ModelRole
    ) -> Turn:
        store, now = self.desk.store, self.desk.clock.now()
        found = (
            self._found(incident_id, conversation_id)
            if conversation_id
            else self._new(incident_id, question, actor)
        )
        waiting = [one for one in store.turns(found.id) if not one.ended] if found.turns else []
        if len(waiting) >= MOST_WAITING:
            raise IllegalTransition(
                f"{len(waiting)} questions wait in {found.id} already",
                hint="Wait for an answer, or stop it.",
            )
        turn = Turn(
            conversation_id=found.id,
            incident_id=incident_id,
            number=found.turns + 1,
            asked_by=actor,
            question=question,
            role=role,
            asked_at=now,
        )
        grown = found.model_copy(update={"turns": turn.number})
        entry = self._entry(turn, actor, "chat.asked", {"question": question, "model": role})
        store.commit(
            Changeset(puts=(grown, turn, self._due(found.id, incident_id)), audit=(entry,))
        )
        return turn

    def _stop(self, conversation_id: str, actor: Actor) -> None:
        store = self.desk.store
        open_ = [one for one in store.turns(conversation_id) if not one.ended]
        if not open_:
            raise IllegalTransition(
                f"nothing is being answered in {conversation_id}", hint="There is nothing to stop."
            )
        stopped = [one.model_copy(update={"stop_requested": True}) for one in open_]
        entry = self._entry(
            open_[0], actor, "chat.stopped", {"turns": [one.number for one in open_]}
        )
        due = self._due(conversation_id, open_[0].incident_id)
        store.commit(Changeset(puts=(*stopped, due), audit=(entry,)))

    def _found(self, incident_id: str, conversation_id: str) -> Conversation:
        found = self.desk.store.conversation(conversation_id)
        if found.incident_id != incident_id:
            raise NotFound(f"there is no conversation {conversation_id} beside {incident_id}")
        return found

    def _new(self, incident_id: str, question: str, actor: Actor) -> Conversation:
        number = len(self.desk.store.conversations(incident_id)) + 1
        line = " ".join(question.split())
        return Conversation(
            id=f"{incident_id}-C{number}",
            incident_id=incident_id,
            number=number,
            title=line if len(line) <= _TITLE else f"{line[:_TITLE]} ...",
            started_by=actor,
            started_at=self.desk.clock.now(),
        )

    def _due(self, conversation_id: str, incident_id: str) -> Job:
        """The conversation's job, due now."""
        job_id, now = chat_job_id(conversation_id), self.desk.clock.now()
        job = self.desk.store.job(job_id)
        if job is None:
            return Job(
                id=job_id,
                kind=JobKind.CHAT,
                incident_id=incident_id,
                conversation_id=conversation_id,
                due_at=now,
            )
        return job.model_copy(update={"due_at": now, "blocked_on": "", "attempts": 0})

    def _entry(self, turn: Turn, actor: Actor, what: str, given: dict[str, object]) -> AuditDraft:
        return self.desk.journal.entry(
            turn.incident_id,
            actor,
            what,
            turn.conversation_id,
            input={"turn": turn.number, **given},
        )
