"""Puts figures on the page, in the colours of the reader's theme."""

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
