"""The entry of the workbench: `streamlit run app/main.py`.

Declares the pages, draws the strip that all of them share, and runs the one that is asked for.
"""

import sys
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).resolve().parent
if str(_HERE.parent) not in sys.path:
    sys.path.insert(0, str(_HERE.parent))

from app import navigation  # noqa: E402 - only now can it be found
from app.components.shell import header_strip  # noqa: E402
from app.guard import guarded  # noqa: E402

# An emoji: a Material icon here would fetch a font from outside.
st.set_page_config(page_title="OpsPilot", page_icon="🧭", layout="wide")
st.html(_HERE / "style.css")

page = navigation.choose()
with guarded("opening the workbench"):
    header_strip()
    page.run()
