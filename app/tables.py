"""Tables that a person can sort, search and download, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Mapping, Sequence

import streamlit as st

Cell = str | float | int | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a dangerous start gets an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def columns_of(rows: Sequence[Mapping[str, Cell]]) -> dict[str, list[Cell]]:
    """Rows turned to columns, in the order of the first row, text made harmless."""
    names = list(rows[0]) if rows else []
    return {
        name: [harmless(cell) if isinstance(cell := row[name], str) else cell for row in rows]
        for name in names
    }


def csv_text(rows: Sequence[Mapping[str, Cell]]) -> str:
    """Rows as comma-separated values with a head, text made harmless; empty without rows."""
    columns = columns_of(rows)
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow([harmless(name) for name in columns])
    writer.writerows(zip(*columns.values(), strict=True))
    return output.getvalue() if rows else ""


def table(
    rows: Sequence[Mapping[str, Cell]],
    *,
    key: str,
    widths: Mapping[str, int] | None = None,
    empty: str = "Nothing yet.",
) -> None:
    """Show rows; the toolbar on hover searches and downloads them.

    Args:
        rows: All with the same columns.
        key: Unique on the page.
        widths: Pixels of single columns.
        empty: What to say when there are no rows.
    """
    if not rows:
        st.caption(empty)
        return
    config = {name: st.column_config.Column(width=width) for name, width in (widths or {}).items()}
    st.dataframe(columns_of(rows), key=key, hide_index=True, column_config=config)
