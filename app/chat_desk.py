"""The chat page's reads, its two commands, and what keeps a running answer up to date."""

from functools import partial

import streamlit as st

from app import navigation
from app.components.chat import Asked, transcript
from app.guard import attempt, guarded
from app.wiring import Desk, desk
from opspilot.domain.chat_view import ChatView
from opspilot.tools.catalog import CATALOG

EVERY_SECONDS = 0.7

_TITLES = {tool.name: tool.title for tool in CATALOG}


def chosen_conversation(front: Desk, incident_id: str) -> str:
    """The conversation of this incident that the address names, else its newest; may be empty."""
    named = navigation.chosen_conversation()
    if named == navigation.NEW_CONVERSATION:
        return ""
    known = [one.id for one in front.bench.store.conversations(incident_id)]
    return named if named in known else known[-1] if known else ""


def read(front: Desk, incident_id: str, conversation_id: str) -> ChatView:
    """The conversation as it stands.

    Raises:
        NotFound: There is no such incident or conversation.
    """
    return front.bench.conversations.view(incident_id, conversation_id, front.actor)


def ask(view: ChatView, wanted: Asked, front: Desk, place: str) -> None:
    """Give the question to the engine; the address then names its conversation.

    A refusal becomes the notice of `place`.
    """
    taken: list[str] = []
    known = view.conversation.id if view.conversation else ""

    def command() -> None:
        turn = front.bench.chats.ask(
            view.incident.id,
            wanted.question,
            actor=front.actor,
            conversation_id=known,
            role=wanted.role,
        )
        taken.append(turn.conversation_id)

    if attempt(place, "asking", command):
        navigation.choose_conversation(taken[0])


def follow_conversation(view: ChatView, place: str) -> None:
    """Draw the turns, and draw them anew at intervals while one is being answered.

    Only this part runs at every tick; the whole page runs again once the answer is whole.
    """
    if view.conversation is None:
        return
    fresh, incident_id, conversation_id = [view], view.incident.id, view.conversation.id

    def tick() -> None:
        front = desk()
        with guarded("reading the conversation"):
            current = fresh.pop() if fresh else read(front, incident_id, conversation_id)
            stop = transcript(current, front.now, _TITLES)
            if stop:
                command = partial(front.bench.chats.stop, conversation_id, actor=front.actor)
                attempt(place, "stopping", command)
            if stop or (view.busy and not current.busy):
                st.rerun()

    st.fragment(tick, run_every=EVERY_SECONDS if view.busy else None)()
