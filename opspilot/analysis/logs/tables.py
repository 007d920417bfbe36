"""Rows of one shape as a table of words, which is looked at column by column."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opspilot.analysis.logs.rows import AFTER_EQUALS, BESIDE, NAMING, VARIABLE_BELOW, Codes, Rows

Numbers = NDArray[np.int32]
Flags = NDArray[np.bool_]

_MANY = 9
"""Different words in a column, those seen once counted three times, that make it a variable."""
ALWAYS = 2 * _MANY
"""So many different words make a variable of any column."""
_AT_ONCE = 4_096
"""Words that are looked at in one go: it bounds the memory of looking."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a log; those of one shape have as many words as each other.

    Attributes:
        codes: Of all words, row after row.
        starts: Per row where its codes begin.
        lines: Per row the number of lines it stands for.
    """

    codes: Codes
    starts: NDArray[np.uint32]
    lines: Numbers

    def column(self, rows: Numbers, at: int) -> Codes:
        """The words of these rows at one place."""
        words = np.empty(len(rows), dtype=np.uint32)
        for begin in range(0, len(rows), _AT_ONCE):
            some = slice(begin, begin + _AT_ONCE)
            words[some] = self.codes[self.starts[rows[some]] + np.uint32(at)]
        return words

    def columns(self, rows: Numbers, width: int) -> Iterator[Codes]:
        """The words of these rows, some columns after the other, one column per column."""
        several = _AT_ONCE // len(rows)
        if several < 2:
            yield from (self.column(rows, at)[:, None] for at in range(width))
            return
        starts = self.starts[rows][:, None]
        for at in range(0, width, several):
            yield self.codes[starts + np.arange(at, min(at + several, width), dtype=np.uint32)]


@dataclass(frozen=True, slots=True)
class Columns:
    """What is told of each column of some rows.

    Attributes:
        distinct: Number of different words.
        slot: Whether what stands before makes the column a value, `user root` and `tag=x`, or one
            of its words is a variable already.
        fixed: Whether it has one word, which is no variable.
    """

    distinct: NDArray[np.int64]
    slot: Flags
    fixed: Flags


def looked_at(table: Table, rows: Numbers, width: int) -> Columns:
    """Tell it of each column."""
    distinct, least, every = list[NDArray[np.int64]](), list[Codes](), list[Codes]()
    for block in table.columns(rows, width):
        every.append(np.bitwise_and.reduce(block, axis=0))
        block.sort(axis=0)
        least.append(block[0].copy())
        distinct.append(1 + np.count_nonzero(block[1:] != block[:-1], axis=0).astype(np.int64))
    numbers, common = np.concatenate(distinct), np.concatenate(every)
    marked = np.concatenate(least) < VARIABLE_BELOW
    return Columns(numbers, marked | valued(common), (numbers == 1) & ~marked)


def valued(words: Codes) -> Flags:
    """Whether each of the words of one row is a value by what stands before it."""
    behind = np.concatenate(([np.uint32(0)], words[:-1]))
    return is_value(words, behind)


def is_value(words: Codes, before: Codes) -> Flags:
    """Whether these words are values by the words before them."""
    named = ((words & BESIDE) != 0) & ((before & NAMING) != 0)
    return ((words & AFTER_EQUALS) != 0) | named


def varies(distinct: NDArray[np.int64], once: NDArray[np.int64], capitals: Flags) -> Flags:
    """Whether columns with so many words, so many of them in one line only, are variables.

    Words seen once speak for it: by Good and Turing (Biometrika 40, 1953) their share is the chance
    that the next line brings a word not seen before. Names in capitals are states more often than
    values.
    """
    return distinct + 2 * once >= np.where(capitals, ALWAYS, _MANY)


def table_of(rows: Rows, lines: Numbers) -> Table:
    """The table of these rows."""
    starts = np.frombuffer(rows.bounds, dtype=np.uint32)[:-1]
    return Table(np.frombuffer(rows.codes, dtype=np.uint32), starts, lines)


def changes(*sorted_by: Codes) -> NDArray[np.int64]:
    """Places at which one of these differs from the place before."""
    other = np.zeros(max(0, len(sorted_by[0]) - 1), dtype=np.bool_)
    for values in sorted_by:
        other |= values[1:] != values[:-1]
    return np.flatnonzero(other) + 1
