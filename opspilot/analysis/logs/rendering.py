"""The text of a template, from a few of its lines: what they agree on, and `<*>` for the rest."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from opspilot.analysis.logs.masking import MARK, MOST_WORDS, WILDCARD, marked

_PIECE = re.compile(
    rf"""\s+|{MARK}|\.{{2,}}|[=:,;()\[\]{{}}"'|<>]|(?:[^\s=:,;()\[\]{{}}"'|<>{MARK}.]|\.(?!\.))+|\."""
)
_MERGED = re.compile(rf"{MARK}(?:[:/#.+,-]?{MARK})+")
_IN_QUOTES = re.compile(rf"""(?<=[=]["']){MARK}(?: {MARK})+(?=["'])""")


def template_text(samples: Sequence[str]) -> str:
    """What these lines of one template have in common."""
    pattern = pieces(samples[0])
    for sample in samples[1:]:
        pattern = _common(pattern, pieces(sample))
    text = "".join(" " if piece.isspace() else piece for piece in pattern).strip()
    text = re.sub(r" {2,}", " ", text)
    return _IN_QUOTES.sub(MARK, _MERGED.sub(MARK, text)).replace(MARK, WILDCARD)


def _begin(text: str) -> str:
    words = text.split(maxsplit=MOST_WORDS)
    return text if len(words) <= MOST_WORDS else " ".join(words[:MOST_WORDS])


def pieces(line: str) -> list[str]:
    """Words, blanks and delimiters of a line; what varies by its shape is marked."""
    return [" " if piece.isspace() else piece for piece in _PIECE.findall(_begin(marked(line)))]


def _common(pattern: list[str], other: list[str]) -> list[str]:
    if len(pattern) == len(other):
        return [one if one == two else MARK for one, two in zip(pattern, other, strict=True)]
    common: list[str] = []
    for tag, first, last, _, _ in SequenceMatcher(
        None, pattern, other, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            common.extend(pattern[first:last])
        elif not common or common[-1] != MARK:
            common.append(MARK)
    return common
