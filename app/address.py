"""Choices that stand in the address, so that a link reopens the same view.

Streamlit can bind a widget to the address by itself, but writes the words of the chosen option
there. Where the words may change or are long, this module keeps the option's id instead.
"""

from collections.abc import Sequence

import streamlit as st


def seed(key: str, options: Sequence[str]) -> None:
    """Give a widget the value that the address names; call before the widget is drawn."""
    if st.session_state.get(key) in options:
        return
    named = st.query_params.get(key)
    st.session_state[key] = named if named in options else options[0]


def keep(key: str, value: str, usual: str) -> None:
    """Write a choice to the address; the usual one is left out."""
    if value == usual:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != value:
        st.query_params[key] = value
