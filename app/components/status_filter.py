"""Pills of every status, the chosen ones in the address."""

from enum import StrEnum
from typing import TypeVar

import streamlit as st

from app.formatting import words

S = TypeVar("S", bound=StrEnum)


def status_filter(kind: type[S], key: str) -> list[S]:
    """The statuses that the person wants to see; none chosen means all.

    Args:
        kind: The closed vocabulary to choose from.
        key: Name of the choice in the address.
    """
    chosen = st.pills(
        "Show only",
        list(kind),
        selection_mode="multi",
        format_func=words,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
    )
    return list(chosen)
