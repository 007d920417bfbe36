"""Chat beside an incident: questions answered from its evidence, every tool call visible."""

import streamlit as st

from app import navigation
from app.chat_desk import ask, chosen_conversation, follow_conversation, read
from app.components.chat import conversation_list, question_box
from app.components.incident_choice import choose_incident
from app.guard import guarded, show_notices
from app.wiring import desk

front = desk()
st.title("Chat", anchor=False)
incident_id = ""
with guarded("reading the incidents"):
    incident_id = choose_incident(front)
if not incident_id:
    st.stop()

place = f"chat-{incident_id}"
with guarded("reading the conversation"):
    navigation.remember_incident(incident_id)
    view = read(front, incident_id, chosen_conversation(front, incident_id))
    left, right = st.columns([1, 3.4], gap="large")
    with left:
        st.subheader("Conversations", anchor=False)
        conversation_list(view)
    with right:
        show_notices(place)
        follow_conversation(view, place)
        models, reachable = front.bench.conversations.models(), not front.bench.account.problem
        wanted = question_box(view, models, reachable=reachable)
        if wanted:
            ask(view, wanted, front, place)
            st.rerun()
