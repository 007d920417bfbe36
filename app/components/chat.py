"""The conversation beside an incident: which one, its turns, and the next question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from app import navigation
from app.address import keep, seed
from app.components.chat_turn import chat_turn
from app.formatting import Now
from app.guard import sentence
from app.labels import label
from app.markup import el, show
from opspilot.domain.chat_view import ChatView
from opspilot.domain.conversation import ModelRole
from opspilot.domain.incident import IncidentStatus
from opspilot.ports.model import ModelAccess

STAND_IN = "Local analyst: a rule-based stand-in, no language model."

_ROLE_KEY = "model"
_LONGEST = 4_000
_SUGGESTED = (
    "What is the cause, and what speaks against it?",
    "What changed?",
    "What do the logs say?",
    "Propose a plan",
)
_BEFORE_VERDICT = (
    "What changed lately?",
    "Which metrics stand out?",
    "What do the logs say?",
)


@dataclass(frozen=True)
class Asked:
    """A person asks."""

    question: str
    role: ModelRole


def conversation_list(view: ChatView) -> None:
    """The conversations beside the incident, newest first, and the way to a new one."""
    incident_id = view.incident.id
    navigation.to_chat(incident_id, "New conversation", navigation.NEW_CONVERSATION)
    chosen = view.conversation.id if view.conversation else ""
    for one in view.conversations:
        mark = "\u25cf " if one.id == chosen else ""
        navigation.to_chat(incident_id, f"{mark}{one.id}: {label(one.title)}", one.id)
    if not view.conversations:
        st.caption("None yet.")


def transcript(view: ChatView, now: Now, titles: Mapping[str, str]) -> bool:
    """The turns, oldest first; True when a person wants the running one stopped."""
    for turn in view.turns:
        chat_turn(turn, view, now, titles)
    if not view.busy:
        return False
    if view.job_error:
        show(el("p", f"The last try failed: {sentence(view.job_error)}", cls="op-waiting-text"))
    return st.button(
        "Stop", key="stop-turn", disabled=bool(view.stop_refusal), help=view.stop_refusal or None
    )


def question_box(view: ChatView, models: Sequence[ModelAccess], *, reachable: bool) -> Asked | None:
    """Suggested questions, the choice of model, and the field to type in; what was asked.

    Args:
        view: The conversation.
        models: What answers, by role.
        reachable: Whether the account answers; while it does not, a question waits for it.
    """
    role = _role(models)
    access = next((one for one in models if one.role is role), None)
    problem = access.problem if access and reachable else ""
    refusal = view.ask_refusal or problem
    suggested = "" if view.turns else _suggestions(view, disabled=bool(refusal))
    typed = st.chat_input(
        f"Ask about {view.incident.id}",
        key="question",
        max_chars=_LONGEST,
        disabled=bool(refusal),
    )
    if refusal:
        show(el("p", sentence(refusal), cls="op-waiting-text"))
    question = (typed or suggested).strip()
    return Asked(question, role) if question and not refusal else None


def _suggestions(view: ChatView, *, disabled: bool) -> str:
    first = view.incident.status in (IncidentStatus.OPEN, IncidentStatus.INVESTIGATING)
    st.text("Ask about the evidence, look further, or ask for a plan. Nothing here changes the "
            "account.")  # fmt: skip
    with st.container(horizontal=True, key="suggested"):
        for one in _BEFORE_VERDICT if first else _SUGGESTED:
            if st.button(one, key=f"suggest-{one}", disabled=disabled):
                return one
    return ""


def _role(models: Sequence[ModelAccess]) -> ModelRole:
    names = {one.role.value: _named(one) for one in models}
    roles = list(names) or [ModelRole.DEFAULT.value]
    seed(_ROLE_KEY, roles)
    chosen = st.selectbox(
        "Model",
        roles,
        format_func=names.__getitem__ if names else str,
        key=_ROLE_KEY,
    )
    keep(_ROLE_KEY, chosen, roles[0])
    if any(one.stand_in for one in models):
        show(el("p", STAND_IN, cls="op-waiting-text op-strong"))
    return ModelRole(chosen)


def _named(one: ModelAccess) -> str:
    until = f", ends {one.until}" if one.until else ""
    return f"{one.role}: {one.model_id}{until}" if one.model_id else one.role.value
