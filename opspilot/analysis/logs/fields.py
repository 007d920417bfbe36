"""The fields that a line begins with, and of what kind each is by its shape.

Kinds: time, level, colon (a name that ends in one), bracket, dash, number, id, gap (a word with a
wide blank or a tab behind it), word. Lines come zeroed (see `masking`).
"""

import re
from typing import NamedTuple

Kind = str

MOST_FIELDS = 16
FIELD = r"(?:\[[^\]\n]{0,160}\]\S*|\([^)\n]{0,160}\)\S*|\S+)"
"""One field: a word, or what a bracket holds with what sticks to it."""

_CACHED_WORD = 40
_TIME = re.compile(
    r"""[\[("]*(?:
      [IWEFD]?0000[-/.]00?[-/.]00?(?:[T_:,-]?00?[:.]00.*)?
    | 00[-/.]00[-/.]00(?:00)?(?:[T_:,-]?00?:00.*)?
    | 00?[:.]00[:.]00(?:[.,:]0+)?(?:Z|[+-]00:?00)?,? | 0{8}-00?:00:00\S* | 0{10}(?:\.0+|000)?
    | (?:[A-Z][a-z][a-z][ ])?[A-Z][a-z][a-z][ ]+00?[ ]00:00:00.* | [IWEF]0000 | 00-00
    | 00[./]00[ ]00:00:00.* | 00/[A-Z][a-z][a-z]/0000:00.* | 00:00:00\S*[ ][A-Z]{3,5}
    )[\])",]*""",
    re.VERBOSE,
)
_MONTH = re.compile(r"Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")
_LEVELS = (
    r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|SEVERE|FAILURE|CRITICAL|CRIT|EMERG"
    r"|INF|WRN|DBG|FTL|VRB)"
)
_LEVEL = re.compile(
    rf"[\[(<]?{_LEVELS}[\])>:,|*]*|[DIWEVF]|(?i:[\[(<]{_LEVELS}[\])>]:?|{_LEVELS}[,|])"
)
"""In capitals, or in a bracket: `Error` alone begins many a message."""
_ID = re.compile(r"(?=.*0)[0-9a-fA-F-]{16,}|0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"-?0+")
_NAMED_VALUE = re.compile(r"[\[(]\w+[:=] ")
_DASHES = frozenset({"-", "|", "--", "---", ":"})
_NEXT = re.compile(rf"\s*({FIELD})(\s*)")


class Fields(NamedTuple):
    """The kinds of a line's first fields, and where each ends in it."""

    kinds: tuple[Kind, ...]
    ends: tuple[int, ...]


class Kinds(dict[str, Kind]):
    """Field text to kind; filled as fields come."""

    def __init__(self, most: int = 0) -> None:
        """Start empty; `most` texts are remembered."""
        super().__init__()
        self._most = most

    def __missing__(self, text: str) -> Kind:
        """Tell the kind of a field that was not seen before; long ones are not kept."""
        kind = _kind(text)
        if len(text) <= _CACHED_WORD and self._most:
            if len(self) >= self._most:
                self.clear()
            self[text] = kind
        return kind


def first_fields(line: str, kinds: Kinds) -> Fields:
    """The first fields of a zeroed line."""
    found: list[Kind] = []
    ends: list[int] = []
    at = 0
    while len(found) < MOST_FIELDS and (match := _NEXT.match(line, at)):
        kind = kinds[match[1]]
        if kind == "word" and (len(match[2]) > 1 or match[2] == "\t"):
            kind = "gap"
        found.append(kind)
        ends.append(match.end(1))
        at = match.end()
    return Fields(tuple(found), tuple(ends))


def _kind(word: str) -> Kind:
    if _TIME.fullmatch(word) or _MONTH.fullmatch(word):
        return "time"
    if _LEVEL.fullmatch(word):
        return "level"
    if word in _DASHES:
        return "dash"
    if word[0] in "[(<" and word.rstrip(":").endswith(("]", ")", ">")):
        return "word" if _NAMED_VALUE.match(word) else "bracket"
    if word.endswith((":", "]")):
        return "colon"
    if _NUMBER.fullmatch(word):
        return "number"
    return "id" if _ID.fullmatch(word) else "word"
