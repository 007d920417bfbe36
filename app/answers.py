"""What a model wrote, as markup: paragraphs, lists, code and bold, and nothing else.

The text may repeat what stands in a log, so it is as hostile as the log: every character is
escaped, and no link, image or HTML of it comes to life.
"""

import re
from collections.abc import Iterator

from app.markup import Html, el, joined

_ITEM = re.compile(r"^\s*(?:[-*+\u2022]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s*#{1,6}\s+")
_INLINE = re.compile(r"\*\*([^*]+)\*\*|`([^`]+)`|(?<!\w)(E\d{1,6})(?!\w)")


def answer(text: str) -> Html:
    """The text in blocks: a list for lines that begin like items, a paragraph for the others."""
    blocks: list[Html] = []
    items: list[Html] = []
    for line in text.splitlines():
        item = _ITEM.match(line)
        if item:
            number = item.group().strip()
            mark = f"{number} " if number[0].isdigit() else "\u2022 "
            items.append(el("li", mark, inline(line[item.end() :])))
            continue
        if items:
            blocks.append(el("ul", *items, cls="op-answer-list"))
            items = []
        if line.strip():
            heading = _HEADING.match(line)
            body = inline(line[heading.end() :] if heading else line)
            blocks.append(el("p", el("b", body) if heading else body))
    if items:
        blocks.append(el("ul", *items, cls="op-answer-list"))
    return el("div", *blocks, cls="op-answer")


def inline(text: str) -> Html:
    """One line: bold, code and ledger ids are set apart, all of it escaped."""
    return joined(_pieces(text))


def _pieces(text: str) -> Iterator[Html | str]:
    end = 0
    for match in _INLINE.finditer(text):
        yield text[end : match.start()]
        bold, code, entry = match.groups()
        if bold:
            yield el("b", bold)
        elif code:
            yield el("code", code)
        else:
            yield el("span", entry, cls="op-chip")
        end = match.end()
    yield text[end:]
