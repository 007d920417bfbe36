"""The review of an incident: a post-mortem drafted from the record, edited, saved, exported."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from app import navigation
from app.components.incident_choice import choose_incident
from app.components.review import capsule_offered, edited, exported, standing
from app.guard import attempt, guarded, show_notices
from app.wiring import desk

front = desk()


def _save(incident_id: str, sections: Mapping[str, str], version: int) -> None:
    front.bench.reviews.save(incident_id, sections=sections, version=version, actor=front.actor)


st.title("Review", anchor=False)
navigation.to_capsule()
incident_id = ""
with guarded("reading the incidents"):
    incident_id = choose_incident(front)
if not incident_id:
    st.stop()

place = f"review-{incident_id}"
show_notices(place)
with guarded("reading the record"):
    navigation.remember_incident(incident_id)
    review = front.bench.reviews.current(incident_id)
    standing(review, front)
    wanted = edited(review, front)
    exported(review)
    capsule_offered(incident_id, front)
    if wanted is not None and attempt(
        place, "saving the post-mortem", partial(_save, incident_id, wanted, review.version)
    ):
        st.rerun()
