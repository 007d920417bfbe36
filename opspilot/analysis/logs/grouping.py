"""Masked lines into groups that one statement of a program wrote.

Masked lines with equal delimiters are a table of words. A column with one word is text of the
statement; a column with a few words tells statements apart and splits the table; a column with many
words is a variable. Splitting goes on until no column tells apart any more (after IPLoM, Makanju et
al., KDD 2009, and the tree of Brain, Yu et al., IEEE TSC 2023). Then groups that differ in one word
only, in many variants, are made one: their splitting column was a variable after all.

The rows of a table stand in one array, sorted in place as they are split: a group is a stretch.
"""

from array import array

import numpy as np

from opspilot.analysis.logs.joining import joined
from opspilot.analysis.logs.rows import CAPITALS, Rows
from opspilot.analysis.logs.tables import (
    ALWAYS,
    Numbers,
    Table,
    changes,
    looked_at,
    table_of,
    varies,
)


def grouped(rows: Rows, lines: Numbers) -> Numbers:
    """A group number per row; `lines` says how many lines each stands for."""
    table = table_of(rows, lines)
    numbers = np.empty(len(rows), dtype=np.int32)
    so_far = 0
    for part in _tables(rows):
        width = rows.width(int(part[0]))
        cuts = _split(table, part, width)
        roots = joined(table, part, cuts, width)
        numbers[part] = so_far + np.repeat(roots, np.diff(cuts, append=len(part)))
        so_far += len(cuts)
    return numbers


def _tables(rows: Rows) -> list[Numbers]:
    """The rows of each shape, as stretches of one array."""
    if not len(rows):
        return []
    shapes = np.frombuffer(rows.shapes, dtype=np.uint32)
    widths = np.diff(np.frombuffer(rows.bounds, dtype=np.uint32))
    order = np.lexsort((widths, shapes)).astype(np.int32)
    return np.split(order, changes(shapes[order], widths[order]))


def _split(table: Table, rows: Numbers, width: int) -> Numbers:
    """Where the groups of one table begin, after its rows were put in order of groups."""
    cuts = array("i")
    pending = array("i", [0, len(rows)])
    while pending:
        end, begin = pending.pop(), pending.pop()
        part = rows[begin:end]
        column = _telling_column(table, part, width) if width and len(part) > 1 else None
        if column is None:
            cuts.append(begin)
            continue
        words = table.column(part, column)
        by = np.argsort(words, kind="stable")
        part[:] = part[by]
        bounds = begin + np.concatenate(([0], changes(words[by]), [len(part)]))
        single = np.diff(bounds) == 1
        cuts.extend(bounds[:-1][single].tolist())
        several = np.column_stack((bounds[:-1], bounds[1:]))[~single]
        pending.extend(several.ravel().tolist())
    return np.sort(np.array(cuts, dtype=np.int32))


def _telling_column(table: Table, rows: Numbers, width: int) -> int | None:
    """The column that tells statements apart best; None when the rows are one group."""
    columns = looked_at(table, rows, width)
    varying = columns.distinct > 1
    telling = np.flatnonzero(varying & ~columns.slot)
    if not len(telling):
        return None
    fewest = int(telling[np.argmin(columns.distinct[telling])])
    if not _is_variable(table, rows, fewest, int(columns.distinct[fewest])):
        return fewest
    return fewest if np.count_nonzero(columns.fixed) <= np.count_nonzero(varying) else None


def _is_variable(table: Table, rows: Numbers, at: int, distinct: int) -> bool:
    if distinct >= ALWAYS:
        return True
    words = table.column(rows, at)
    different, place = np.unique(words, return_inverse=True)
    lines = np.bincount(place, weights=table.lines[rows])
    once = np.array([np.count_nonzero(lines == 1)])
    capitals = np.bitwise_and.reduce(different, keepdims=True) & CAPITALS != 0
    return bool(varies(np.array([distinct]), once, capitals)[0])
