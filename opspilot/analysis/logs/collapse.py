"""Equal masked lines collapsed: what comes after costs by different lines, not by lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opspilot.analysis.logs.headers import HeaderPlan
from opspilot.analysis.logs.masking import MOST_WORDS, WordMasks, plain, without_runs, zeroed


@dataclass(frozen=True, slots=True)
class Collapsed:
    """Different masked lines.

    Attributes:
        masked: The different texts, in order of first appearance.
        numbers: Index into `masked` per line.
        counts: Number of lines per text.
        places: Per text the index of its first and of its last line.
    """

    masked: list[str]
    numbers: NDArray[np.int32]
    counts: list[int]
    places: list[tuple[int, int]]


def collapse(lines: Sequence[str], plan: HeaderPlan) -> Collapsed:
    """Number the lines by their masked text."""
    masks = WordMasks()
    ids: dict[str, int] = {}
    numbers = np.empty(len(lines), dtype=np.int32)
    for at, line in enumerate(lines):
        words = plan.message_of(zeroed(plain(line))).split(maxsplit=MOST_WORDS)[:MOST_WORDS]
        numbers[at] = ids.setdefault(" ".join([masks[word] for word in words]), len(ids))
    return _merged(ids, numbers)


def _merged(ids: dict[str, int], numbers: NDArray[np.int32]) -> Collapsed:
    merged: dict[str, int] = {}
    renumber = np.array(
        [merged.setdefault(without_runs(text), len(merged)) for text in ids], dtype=np.int32
    )
    numbers = renumber[numbers] if len(renumber) else numbers
    first = np.zeros(len(merged), dtype=np.int64)
    last = np.zeros(len(merged), dtype=np.int64)
    places = np.arange(len(numbers))
    last[numbers] = places
    first[numbers[::-1]] = places[::-1]
    counts = np.bincount(numbers, minlength=len(merged)).tolist()
    return Collapsed(
        list(merged), numbers, counts, list(zip(first.tolist(), last.tolist(), strict=True))
    )
