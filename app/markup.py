"""Markup in which every value is escaped, because telemetry is hostile text.

Alarm names, log lines, tags and change summaries come from outside. Streamlit's Markdown would turn
parts of them into links, images and formulas, so composed blocks are built here instead: `el`
escapes every child and attribute that is not itself `Html`, and nothing else makes `Html`.
"""

import html
from collections.abc import Iterable

import streamlit as st


class Html(str):
    """Markup that is safe to show."""

    __slots__ = ()


def el(tag: str, *children: "Html | str | None", cls: str = "", **attributes: str) -> Html:
    """One element; text children and attribute values are escaped, None children are left out.

    Attribute names take `_` for `-` ("aria_label"); empty values are left out.
    """
    named = {"class": cls, **attributes}
    opening = "".join(
        f' {name.replace("_", "-")}="{html.escape(value)}"'
        for name, value in named.items()
        if value
    )
    return Html(f"<{tag}{opening}>{joined(children)}</{tag}>")


def joined(children: Iterable["Html | str | None"], separator: str = "") -> Html:
    """Children one after the other, text escaped."""
    return Html(separator.join(_safe(child) for child in children if child is not None))


def show(*blocks: Html) -> None:
    """Put markup on the page."""
    st.html(joined(blocks))


def _safe(child: Html | str) -> str:
    return child if isinstance(child, Html) else html.escape(child)
