"""The entry of the workbench: `streamlit run app/main.py`.

Declares the pages, draws the strip that all of them share, and runs the one that is asked for. The
first visitor after a start waits for the engine to be imported, so the page's name comes before it.
"""

import sys
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).resolve().parent
if str(_HERE.parent) not in sys.path:
    sys.path.insert(0, str(_HERE.parent))

from app import navigation  # noqa: E402 - only now can it be found


def main() -> None:
    """Draw one run of the app."""
    # An emoji: a Material icon here would fetch a font from outside.
    st.set_page_config(page_title="OpsPilot", page_icon="🧭", layout="wide")
    st.html(_HERE / "style.css")
    page = navigation.choose()
    waiting = st.empty()
    if "opspilot.bootstrap" not in sys.modules:
        with waiting.container():
            st.title(page.title, anchor=False)
            st.skeleton(height=480)

    from app.components.shell import header_strip
    from app.guard import guarded
    from app.wiring import end_counts, workbench

    with guarded("opening the workbench", kept="Nothing was touched."):
        workbench()
        waiting.empty()
        header_strip()
        if not navigation.explores(page):
            end_counts()
        page.run()


main()
