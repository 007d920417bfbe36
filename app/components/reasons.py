"""A reason that must be given: what is missing is said at the field."""

import streamlit as st


def reason_given(reason: str | None, *, sent: bool) -> bool:
    """Whether a form was sent with its reason; says at the field when it is missing."""
    if sent and not (reason or "").strip():
        st.error("Say why in a few words; the reason goes on record.")
        return False
    return sent
