"""Lines collapsed before anything costly: what follows costs by different lines, not by lines.

Two passes. The first turns every word with digits into a single zero, over whole blocks of lines at
once as arrays of bytes, and leaves few different lines of most logs. The second takes the header
off each of these, masks its variables by shape, and makes equal ones one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opspilot.analysis.logs.entries import entry_text
from opspilot.analysis.logs.headers import HeaderPlan
from opspilot.analysis.logs.masking import LONGEST, MOST_WORDS, WordMasks, without_runs, zeroed
from opspilot.analysis.logs.quoted import quoted_values_marked
from opspilot.analysis.logs.rows import Rows, WordCodes

_BLOCKS = 64
_FEWEST_CHARACTERS, _MOST_CHARACTERS = 3_000, 40_000
"""Of a block: the arrays made of one take some ten times its size."""
_REMEMBERED = 0.5
"""Characters that may be remembered as seen, per character of the log: it bounds the memory."""
_PER_REMEMBERED = 260
"""Bytes that two texts and their number take beside their characters."""
_FEWEST_REMEMBERED = 100
_ZERO = ord("0")

_OTHER, _LETTER, _DIGIT = range(3)
_LETTERS = {*b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", *range(0x80, 0x100)}
_DIGITS = b"0123456789"
_KINDS = bytes(
    _DIGIT if byte in _DIGITS else _LETTER if byte in _LETTERS else _OTHER for byte in range(256)
)
_ZEROS = bytes.maketrans(_DIGITS, b"0" * len(_DIGITS))


@dataclass(frozen=True, slots=True)
class Collapsed:
    """Different masked lines.

    Attributes:
        rows: The words of each, in order of first appearance. In a log of very many different ones
            a text that comes again after long may have a second row.
        numbers: Number of the row per line.
    """

    rows: Rows
    numbers: NDArray[np.int32]


def collapse(lines: Sequence[str], plan: HeaderPlan) -> Collapsed:
    """Number the lines by their masked text."""
    size = sum(map(len, lines))
    cost = _PER_REMEMBERED + 2 * size // max(1, len(lines))
    most = max(_FEWEST_REMEMBERED, int(_REMEMBERED * size) // cost)
    masks, codes, rows = WordMasks(most), WordCodes(most), Rows()
    known: dict[bytes, int] = {}
    texts: dict[str, int] = {}
    numbers = np.empty(len(lines), dtype=np.int32)
    for begin, block in _blocks(lines, size):
        if max(len(known), len(texts)) > most:
            known.clear()
            texts.clear()
        for at, key in enumerate(_without_numbers(block), begin):
            number = known.get(key)
            if number is None:
                text = _masked(lines[at], plan, masks)
                number = texts.get(text)
                if number is None:
                    number = texts[text] = rows.add(without_runs(text), codes)
                known[key] = number
            numbers[at] = number
    return Collapsed(rows, numbers)


def _blocks(lines: Sequence[str], size: int) -> Iterator[tuple[int, list[str]]]:
    """Index of its first line and the lines of each block, every one cut and without line ends."""
    most = min(max(size // _BLOCKS, _FEWEST_CHARACTERS), _MOST_CHARACTERS)
    begin, size = 0, 0
    block: list[str] = []
    for at, line in enumerate(lines):
        short = len(line) <= LONGEST and "\n" not in line and "\r" not in line
        text = line if short else entry_text(line).replace("\n", " ")
        block.append(text)
        size += len(text)
        if size > most:
            yield begin, block
            begin, size, block = at + 1, 0, []
    if block:
        yield begin, block


def _without_numbers(block: Sequence[str]) -> list[bytes]:
    """The lines with every word that holds a digit made one zero, except names like `ssh2`."""
    raw = bytearray("\n".join([*block, ""]).encode("utf-8", "surrogatepass"))
    kind = np.frombuffer(raw.translate(_KINDS), dtype=np.uint8)
    edges = np.flatnonzero(np.diff(kind != _OTHER, prepend=False))
    begins, ends = edges[::2], edges[1::2]
    digit = kind == _DIGIT
    digits = _sums(digit, begins)
    number = (digits > 1) | ((digits == 1) & digit[begins])
    begins, ends = begins[number], ends[number]
    depth = np.zeros(len(raw), dtype=np.int8)
    depth[begins + 1] += 1
    depth[ends] -= 1
    shown = np.frombuffer(raw.translate(_ZEROS), dtype=np.uint8)
    shown[begins] = _ZERO
    return shown[np.cumsum(depth, out=depth) == 0].tobytes().split(b"\n")[:-1]


def _sums(digit: NDArray[np.bool_], begins: NDArray[np.int64]) -> NDArray[np.int32]:
    """Digits of each word: none stand between words, so on to the next one's begin."""
    return (
        np.add.reduceat(digit, begins, dtype=np.int32) if len(begins) else begins.astype(np.int32)
    )


def _masked(line: str, plan: HeaderPlan, masks: WordMasks) -> str:
    words = zeroed(plan.message_of(line)).split(None, MOST_WORDS)[:MOST_WORDS]
    return quoted_values_marked(" ".join([masks[word] for word in words]))
