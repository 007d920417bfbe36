"""Masked lines as numbers: four bytes per word, whatever the words are.

Words as objects cost Python some hundred bytes each, several times those of the line. Grouping asks
of a word only whether it equals another and a few things about its look, so a word becomes a code:
27 bits of its checksum and five flags. Two words of one column share a code once in 134 million;
they would count as the same word there, while texts are told from the lines themselves.
"""

from array import array
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from opspilot.analysis.logs.masking import MARK, tokens_of

Codes = NDArray[np.uint32]

AFTER_EQUALS, BESIDE, NAMING, CAPITALS, NUMBERED = 1, 2, 4, 8, 16
"""Behind `=`; behind a word, no delimiter between; `user` and the like; in capitals; has a digit.

The first two tell of the place, which is the same for all rows of a table.
"""
OF_PLACE = AFTER_EQUALS | BESIDE
VARIABLE_BELOW = 32
"""Codes of a mark have no checksum."""

_DELIMITERS = frozenset("=:,;()[]{}\"'|<>")
_NAMING = frozenset(["user", "username", "login", "host", "hostname", "node", "uid"])
_CACHED_WORD = 48
_WORD = "w"
"""Any word, in a shape."""


class Rows:
    """Different masked lines, in order of first appearance.

    Attributes:
        codes: The codes of all words, row after row.
        bounds: Where the codes of each row begin, and those of the last one end.
        shapes: Per row a checksum of its delimiters and of where its words stand between them.
    """

    def __init__(self) -> None:
        """Start without rows."""
        self.codes, self.bounds, self.shapes = array("I"), array("I", [0]), array("I")

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.shapes)

    def width(self, row: int) -> int:
        """Number of words of a row."""
        return self.bounds[row + 1] - self.bounds[row]

    def add(self, masked: str, words: "WordCodes") -> int:
        """The number of a new row."""
        shape: list[str] = []
        before = ""
        for word in tokens_of(masked):
            if word in _DELIMITERS or word.startswith(".."):
                before = word
            else:
                place = AFTER_EQUALS if before == "=" else BESIDE if before == _WORD else 0
                self.codes.append(words[word] | place)
                before = _WORD
            shape.append(before)
        self.bounds.append(len(self.codes))
        self.shapes.append(crc32("".join(shape).encode()))
        return len(self.shapes) - 1


class WordCodes(dict[str, int]):
    """Word to code, without the flags of its place; filled as words come."""

    def __init__(self, most: int) -> None:
        """Start with the mark alone; `most` words are remembered."""
        super().__init__({MARK: 0})
        self._most = most

    def __missing__(self, word: str) -> int:
        """Code a word that is not remembered; long ones, which hardly recur, never are."""
        code = max(VARIABLE_BELOW, crc32(word.encode("utf-8", "surrogatepass")) & ~31)
        code |= NAMING if word.lower() in _NAMING else 0
        code |= CAPITALS if word.isupper() else 0
        code |= NUMBERED if "0" in word else 0
        if len(word) <= _CACHED_WORD:
            if len(self) >= self._most:
                self.clear()
                self[MARK] = 0
            self[word] = code
        return code
