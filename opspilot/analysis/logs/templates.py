"""Templates of log lines: header off, variables masked, equal lines collapsed, then grouped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opspilot.analysis.logs.collapse import collapse
from opspilot.analysis.logs.grouping import grouped
from opspilot.analysis.logs.headers import HeaderPlan, learned_headers
from opspilot.analysis.logs.numbered import Counts, Texts
from opspilot.analysis.logs.rendering import template_text
from opspilot.analysis.logs.tables import Numbers

_SAMPLED_LINES = 12
_FEWEST_SAMPLED = 6


@dataclass(frozen=True, slots=True)
class LogTemplates:
    """Lines in groups.

    Attributes:
        assignments: Template id per line, in the order of the lines.
        templates: Id to text, what varies shown as `<*>`.
        counts: Id to number of lines.
    """

    assignments: tuple[int, ...]
    templates: Mapping[int, str]
    counts: Mapping[int, int]


def mine_templates(lines: Sequence[str]) -> LogTemplates:
    """Templates of these lines, numbered in order of first appearance.

    Which lines share a template does not depend on their order in logs of up to 400 lines. The
    headers of longer ones are learned from a sample spread over the log, and the text of a
    template is told from some of its lines.

    Raises:
        TypeError: `lines` is a text or holds something that is none.
    """
    lines = checked_lines(lines, "lines")
    assigned, texts = _mined(lines, learned_headers(lines))
    return LogTemplates(_as_tuple(assigned), texts, Counts(_sizes(assigned)))


def _mined(lines: Sequence[str], plan: HeaderPlan) -> tuple[Numbers, Texts]:
    """Template per line, and their texts."""
    numbers, ids = _numbered(lines, plan)
    assigned = ids[numbers]
    return assigned, Texts(
        template_text([plan.message_of(lines[at]) for at in samples])
        for samples in _samples(numbers, ids, assigned)
    )


def _as_tuple(assigned: Numbers) -> tuple[int, ...]:
    """Python's integers, one for all lines of a template."""
    shared = list(range(int(assigned.max(initial=-1)) + 1))
    return tuple(map(shared.__getitem__, assigned.data))


def _numbered(lines: Sequence[str], plan: HeaderPlan) -> tuple[Numbers, Numbers]:
    """Row per line, and template per row, numbered in order of first appearance."""
    collapsed = collapse(lines, plan)
    rows = len(collapsed.rows)
    counts = np.bincount(collapsed.numbers, minlength=rows).astype(np.int32)
    groups = grouped(collapsed.rows, counts)
    first = np.full(rows, rows, dtype=np.int32)
    first[groups[::-1]] = np.arange(rows - 1, -1, -1, dtype=np.int32)
    place = np.empty(rows, dtype=np.int32)
    place[np.argsort(first, kind="stable")] = np.arange(rows, dtype=np.int32)
    return collapsed.numbers, place[groups]


def checked_lines(lines: Sequence[str], name: str) -> Sequence[str]:
    """The lines, if they are texts.

    Raises:
        TypeError: Names the argument and the first line that is no text.
    """
    if isinstance(lines, str | bytes):
        raise TypeError(f"{name} must be a sequence of texts, not one {type(lines).__name__}")
    lines = lines if isinstance(lines, list | tuple) else list(lines)
    if set(map(type, lines)) <= {str}:
        return lines
    for at, line in enumerate(lines):
        if not isinstance(line, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{name}[{at}] must be a text, not {type(line).__name__}")
    return lines


def _samples(numbers: Numbers, ids: Numbers, assigned: Numbers) -> Iterator[list[int]]:
    """Some lines of each group, of as many different masked texts as there are.

    Of few texts more lines, evenly spread: equal masked texts still differ in what was masked.
    """
    first, last = _ends(numbers, len(ids))
    rows = np.argsort(ids, kind="stable").astype(np.int32)
    places = np.argsort(assigned, kind="stable").astype(np.int32)
    row_begin = begin = 0
    for several, size in zip(
        np.bincount(ids).tolist(), np.bincount(assigned).tolist(), strict=True
    ):
        chosen = set[int]()
        for row in rows[row_begin : row_begin + min(several, _SAMPLED_LINES)].tolist():
            if len(chosen) < _SAMPLED_LINES:
                chosen |= {int(first[row]), int(last[row])}
        if len(chosen) < _FEWEST_SAMPLED:
            spread = places[begin : begin + size : max(1, size // _FEWEST_SAMPLED)]
            chosen.update(spread[:_FEWEST_SAMPLED].tolist())
        yield sorted(chosen)
        row_begin, begin = row_begin + several, begin + size


def _sizes(numbers: Numbers) -> Numbers:
    return np.bincount(numbers).astype(np.int32)


def _ends(numbers: Numbers, rows: int) -> tuple[Numbers, Numbers]:
    """The first and the last line of each row."""
    first, last = np.zeros(rows, dtype=np.int32), np.zeros(rows, dtype=np.int32)
    places = np.arange(len(numbers), dtype=np.int32)
    last[numbers] = places
    first[numbers[::-1]] = places[::-1]
    return first, last
