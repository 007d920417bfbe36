"""Evidence ids as buttons: each opens its entry on the evidence tab."""

from collections.abc import Sequence

import streamlit as st

TAB_KEY = "tab"
"""Name in the address of the open tab."""

EVIDENCE_KEY = "evidence"
"""Name in the address of the open ledger entry."""


def open_tab(name: str, evidence_id: str = "") -> None:
    """Choose the tab, and the entry on it, that the next run shows."""
    st.session_state[TAB_KEY] = name
    if evidence_id:
        st.session_state[EVIDENCE_KEY] = evidence_id


def chips(ids: Sequence[str], key: str) -> None:
    """A row of chips; a click reruns the page with the entry open."""
    if not ids:
        return
    with st.container(horizontal=True, gap="xxsmall", key=f"chips-{key}"):
        for evidence_id in ids:
            clicked = st.button(
                evidence_id,
                key=f"chip-{key}-{evidence_id}",
                type="tertiary",
                help=f"Open {evidence_id}",
                on_click=open_tab,
                args=("Evidence", evidence_id),
            )
            if clicked:
                st.rerun()
