"""Groups that differ in one word only, in many variants, made one."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opspilot.analysis.logs.rows import CAPITALS, NUMBERED, OF_PLACE, VARIABLE_BELOW, Codes
from opspilot.analysis.logs.tables import Flags, Numbers, Table, is_value, varies

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the patterns of all groups.

    Attributes:
        words: Per group its word there, or a mark; `before` the one before it.
        fixed: Per group the number of columns that hold a word and no mark.
        lines: Per group its number of lines.
    """

    words: Codes
    before: Codes
    fixed: NDArray[np.int16]
    lines: Numbers


def joined(table: Table, rows: Numbers, cuts: Numbers, width: int) -> Numbers:
    """Per group the number of the group that it is made one with.

    A group's pattern is its words, with a mark where they differ. Groups whose patterns are equal
    but for one column are found by a sum of hashes, one per column: less the column's own it is the
    same for all of them.

    Args:
        table: The words.
        rows: Rows of one shape, group after group.
        cuts: Where each group begins.
        width: Number of words in a row.
    """
    parent = array("i", range(len(cuts)))
    if len(cuts) > 1:
        sums = np.zeros(len(cuts), dtype=np.uint64)
        fixed = np.zeros(len(cuts), dtype=np.int16)
        for at in range(width):
            words = _pattern(table, rows, cuts, at)
            sums += _mixed(words, at)
            fixed += words >= VARIABLE_BELOW
        lines = np.add.reduceat(table.lines[rows], cuts)
        before = np.zeros(len(cuts), dtype=np.uint32)
        for at in range(width):
            words = _pattern(table, rows, cuts, at)
            _join(_Column(words, before, fixed, lines), sums - _mixed(words, at), parent)
            before = words
    return np.array([_root(parent, number) for number in range(len(cuts))], dtype=np.int32)


def _pattern(table: Table, rows: Numbers, cuts: Numbers, at: int) -> Codes:
    words = table.column(rows, at)
    least = np.minimum.reduceat(words, cuts)
    least[least != np.maximum.reduceat(words, cuts)] &= OF_PLACE
    return least


def _mixed(words: Codes, at: int) -> Hashes:
    """Hashes of these words in this column (constants of SplitMix, Steele et al., OOPSLA 2014)."""
    mixed = words.astype(np.uint64)
    mixed += np.uint64((at + 1) * 0x9E3779B97F4A7C15 % 2**64)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(32)
    return mixed


def _join(column: _Column, rest: Hashes, parent: array[int]) -> None:
    """Join the groups with one rest of a pattern whose words in this column are a variable."""
    by, begins = _alike(rest, column.words)
    if not len(by):
        return
    words = column.words[by]
    differs = begins.copy()
    differs[1:] |= words[1:] != words[:-1]
    starts, firsts = np.flatnonzero(begins), by[begins]
    lines = np.add.reduceat(column.lines[by], np.flatnonzero(differs))
    run = (np.cumsum(begins) - 1)[differs]
    distinct = np.bincount(run)
    once = np.bincount(run[lines == 1], minlength=len(starts))
    slot = np.minimum.reduceat(words, starts) < VARIABLE_BELOW
    slot |= is_value(column.words[firsts], column.before[firsts])
    every = np.bitwise_and.reduceat(words, starts)
    merges = slot | ((every & NUMBERED) != 0) | varies(distinct, once, (every & CAPITALS) != 0)
    others = column.fixed[firsts] - (column.words[firsts] >= VARIABLE_BELOW)
    ends = np.append(starts[1:], len(by))
    for at in np.flatnonzero(merges & (distinct > 1) & (others > 0)).tolist():
        _unite(parent, by[starts[at] : ends[at]].tolist())


def _alike(rest: Hashes, words: Codes) -> tuple[NDArray[np.int64], Flags]:
    """Groups that share their rest with another, by rest and word, and where each rest begins."""
    by = np.argsort(rest)
    same = np.diff(rest[by]) == 0
    by = by[np.append(same, False) | np.concatenate(([False], same))]
    by = by[np.lexsort((words[by], rest[by]))]
    return by, np.concatenate(([True], np.diff(rest[by]) != 0)) if len(by) else same[:0]


def _unite(parent: array[int], numbers: list[int]) -> None:
    for number in numbers[1:]:
        parent[_root(parent, number)] = _root(parent, numbers[0])


def _root(parent: array[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number
