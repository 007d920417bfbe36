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

_BLOCK_CHARACTERS = 40_000
_REMEMBERED = 0.1
"""Share of the lines that may be remembered as seen: it bounds the memory, whatever comes."""
_FEWEST_REMEMBERED = 1_000
_ZERO = ord("0")

_OTHER, _LETTER, _DIGIT = 0, 1, 2
_CLASS = np.zeros(256, dtype=np.uint8)
_CLASS[[*range(ord("a"), ord("z") + 1), *range(ord("A"), ord("Z") + 1), ord("_")]] = _LETTER
_CLASS[0x80:] = _LETTER
_CLASS[ord("0") : ord("9") + 1] = _DIGIT


@dataclass(frozen=True, slots=True)
class Collapsed:
    """Different masked lines.

    Attributes:
        masked: The different texts, in order of first appearance.
        numbers: Index into `masked` per line.
        counts: Number of lines per text.
        first: Per text the index of its first line; `last` of its last one.
    """

    masked: list[str]
    numbers: NDArray[np.int32]
    counts: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]


def collapse(lines: Sequence[str], plan: HeaderPlan) -> Collapsed:
    """Number the lines by their masked text."""
    most = max(_FEWEST_REMEMBERED, int(_REMEMBERED * len(lines)))
    masks = WordMasks(most)
    ids: dict[str, int] = {}
    known: dict[bytes, int] = {}
    texts: dict[str, int] = {}
    numbers = np.empty(len(lines), dtype=np.int32)
    for begin, block in _blocks(lines):
        if max(len(known), len(texts)) > most:
            known.clear()
            texts.clear()
        for at, key in enumerate(_without_numbers(block), begin):
            number = known.get(key)
            if number is None:
                text = _masked(lines[at], plan, masks)
                number = texts.get(text)
                if number is None:
                    number = texts[text] = ids.setdefault(without_runs(text), len(ids))
                known[key] = number
            numbers[at] = number
    return _counted(list(ids), numbers)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Index of its first line and the lines of each block, every one cut and without line ends."""
    begin, size = 0, 0
    block: list[str] = []
    for at, line in enumerate(lines):
        short = len(line) <= LONGEST and "\n" not in line and "\r" not in line
        text = line if short else entry_text(line).replace("\n", " ")
        block.append(text)
        size += len(text)
        if size > _BLOCK_CHARACTERS:
            yield begin, block
            begin, size, block = at + 1, 0, []
    if block:
        yield begin, block


def _without_numbers(block: Sequence[str]) -> list[bytes]:
    """The lines with every word that holds a digit made one zero, except names like `ssh2`."""
    text = np.frombuffer("\n".join(block).encode("utf-8", "surrogatepass") + b"\n", dtype=np.uint8)
    kind = _CLASS[text]
    edges = np.flatnonzero(np.diff((kind != _OTHER).view(np.int8), prepend=0))
    begins, ends = edges[::2], edges[1::2]
    digit = kind == _DIGIT
    so_far = np.cumsum(digit, dtype=np.int32)
    digits = so_far[ends - 1] - so_far[begins] + digit[begins]
    number = (digits > 1) | ((digits == 1) & digit[begins])
    begins, ends = begins[number], ends[number]
    depth = np.zeros(len(text), dtype=np.int8)
    depth[begins + 1] += 1
    depth[ends] -= 1
    shown = text.copy()
    shown[digit] = _ZERO
    shown[begins] = _ZERO
    return shown[np.cumsum(depth, dtype=np.int8) == 0].tobytes().split(b"\n")[:-1]


def _masked(line: str, plan: HeaderPlan, masks: WordMasks) -> str:
    words = zeroed(plan.message_of(line)).split(None, MOST_WORDS)[:MOST_WORDS]
    return " ".join([masks[word] for word in words])


def _counted(masked: list[str], numbers: NDArray[np.int32]) -> Collapsed:
    first = np.zeros(len(masked), dtype=np.int32)
    last = np.zeros(len(masked), dtype=np.int32)
    places = np.arange(len(numbers), dtype=np.int32)
    last[numbers] = places
    first[numbers[::-1]] = places[::-1]
    counts = np.bincount(numbers, minlength=len(masked)).astype(np.int32)
    return Collapsed(masked, numbers, counts, first, last)
