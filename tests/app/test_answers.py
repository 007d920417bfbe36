"""A model's words as markup: a little structure, and everything else as text."""

import pytest

from app.answers import answer, inline
from app.labels import label


def test_paragraphs_lists_bold_code_and_ledger_ids_are_set_apart() -> None:
    shown = answer("# Cause\nIt is **slow** (E3).\n\n- `payments`\n2. Second\nEnd.")
    assert shown == (
        '<div class="op-answer"><p><b>Cause</b></p>'
        '<p>It is <b>slow</b> (<span class="op-chip">E3</span>).</p>'
        '<ul class="op-answer-list"><li>\u2022 <code>payments</code></li><li>2. Second</li></ul>'
        "<p>End.</p></div>"
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="y">',
        "**<img src=x>**",
        "`<a href=x>`",
        "- <iframe>",
        "# <h1 onclick=x>",
    ],
)
def test_no_markup_of_the_model_comes_to_life(hostile: str) -> None:
    shown = answer(hostile)
    for tag in ("<script", "<img", "<a ", "<iframe", "<h1"):
        assert tag not in shown


def test_links_and_images_in_markdown_are_left_as_their_letters() -> None:
    text = "![x](https://evil.example/y.png) [go](https://evil.example)"
    assert inline(text) == text


def test_a_label_says_exactly_what_was_given() -> None:
    assert label("![x](y)\n:red[**E1**] $a$") == (r"\!\[x\]\(y\) \:red\[\*\*E1\*\*\] \$a\$")
