"""Labels of widgets, which Streamlit reads as Markdown: text from outside must stay text."""

_MARKDOWN = frozenset("\\`*_{}[]()#+-.!|$<>:~^&")


def label(text: str) -> str:
    """The text on one line, with everything escaped that Markdown could make something of."""
    return "".join(f"\\{char}" if char in _MARKDOWN else char for char in " ".join(text.split()))
