"""Any metric of CloudWatch, typed by hand."""

import streamlit as st

from app.explored import custom_text, metric_typed

CUSTOM = "look-custom"
"""Key under which the session keeps the metrics that were typed."""


def custom_form() -> None:
    """A form that adds a metric, and those that were added, each with a way to remove it."""
    chosen: list[str] = st.session_state[CUSTOM]
    with st.expander("Any other metric of CloudWatch", expanded=False):
        with (
            st.form("look-custom-form", border=False),
            st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
        ):
            namespace = st.text_input("Namespace", key="look-namespace", placeholder="AWS/Lambda")
            metric = st.text_input("Metric", key="look-name", placeholder="IteratorAge")
            statistic = st.text_input("Statistic", "Average", key="look-statistic", width=120)
            dimensions = st.text_input(
                "Dimensions", key="look-dimensions", placeholder="Name=value, Name=value", width=300
            )
            sent = st.form_submit_button("Add")
        if sent:
            found = metric_typed(
                namespace or "", metric or "", statistic or "",
                [one for one in (dimensions or "").split(",") if one.strip()],
            )  # fmt: skip
            if isinstance(found, str):
                st.error(f"This metric cannot be read: {found}")
            elif custom_text(found) not in chosen:
                st.session_state[CUSTOM] = [*chosen, custom_text(found)]
        for index, text in enumerate(st.session_state[CUSTOM]):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.text(text.replace("|", "  "), width="content")
                st.button(
                    "Remove", key=f"look-remove-{index}", type="tertiary",
                    on_click=_remove, args=(text,),
                )  # fmt: skip


def _remove(text: str) -> None:
    st.session_state[CUSTOM] = [one for one in st.session_state[CUSTOM] if one != text]
