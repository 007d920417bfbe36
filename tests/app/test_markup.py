"""Markup: whatever is not markup already is escaped."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from app.markup import Html, el, joined


class _Tags(HTMLParser):
    """Notes every tag and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def _parsed(markup: str) -> _Tags:
    parser = _Tags()
    parser.feed(markup)
    parser.close()
    return parser


@given(st.text(), st.text(min_size=1))
def test_no_text_adds_a_tag_or_an_attribute(text: str, title: str) -> None:
    parsed = _parsed(el("p", text, title=title))
    assert parsed.tags == ["p"]
    assert [name for name, _ in parsed.attributes] == ["title"]


def test_text_reads_as_it_was_given() -> None:
    text = "<b>a & b</b> \"c\" 'd' [e](f)"
    assert _parsed(el("p", text)).text == text


def test_markup_inside_markup_is_kept() -> None:
    assert el("p", "a < ", el("b", "b")) == "<p>a &lt; <b>b</b></p>"


def test_nothing_is_left_out_quietly_but_none_and_empty_attributes() -> None:
    assert el("p", None, "", cls="", title="") == "<p></p>"


def test_names_take_an_underscore_for_a_dash() -> None:
    assert el("span", "x", aria_hidden="true") == '<span aria-hidden="true">x</span>'


def test_joined_text_is_escaped_and_markup_is_not() -> None:
    assert joined(["<", Html("<br>")], " ") == "&lt; <br>"
