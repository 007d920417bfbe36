"""Puts figures on the page, in the colours of the reader's theme."""

from collections.abc import Callable
from functools import partial
from typing import cast

import streamlit as st

from app.palette import Palette, palette_of
from app.plotting import Figure
from app.wiring import Desk

_CONFIG = {
    "displaylogo": False,
    "displayModeBar": False,
    "responsive": True,
    "doubleClick": "reset+autosize",
}


def draw(figure: Figure, key: str, alt: str) -> None:
    """Show a figure; a double click shows its whole time axis."""
    layout = cast("dict[str, object]", figure["layout"])
    st.plotly_chart(
        figure, key=key, theme=None, config=_CONFIG, alt=alt, height=cast("int", layout["height"])
    )


def colours(desk: Desk) -> Palette:
    """The palette of the reader's theme."""
    return palette_of(desk.theme)


def draw_selectable(figure: Figure, key: str, alt: str, marked: Callable[[str], None]) -> None:
    """Show a figure on which a span of time can be marked.

    Args:
        figure: Whose drag mode is "select".
        key: Under which the session keeps the selection.
        alt: What it shows, in words.
        marked: Called with the key before the page runs again.
    """
    layout = cast("dict[str, object]", figure["layout"])
    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        config=_CONFIG,
        alt=alt,
        height=cast("int", layout["height"]),
        on_select=partial(marked, key),
        selection_mode="box",
    )
