"""Templates of log lines: header off, variables masked, equal lines collapsed, then grouped."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opspilot.analysis.logs.collapse import Collapsed, collapse
from opspilot.analysis.logs.grouping import grouped
from opspilot.analysis.logs.headers import learned_headers
from opspilot.analysis.logs.rendering import template_text

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
    templates: dict[int, str]
    counts: dict[int, int]


def mine_templates(lines: Sequence[str]) -> LogTemplates:
    """Templates of these lines, numbered in order of first appearance.

    Which lines share a template does not depend on their order in logs of up to 600 lines. The
    headers of longer ones are learned from a sample spread over the log, and the text of a
    template is told from some of its lines.

    Raises:
        TypeError: `lines` is a text or holds something that is none.
    """
    lines = checked_lines(lines, "lines")
    plan = learned_headers(lines)
    collapsed = collapse(lines, plan)
    groups = grouped(collapsed.masked, collapsed.counts.tolist())
    order: dict[int, int] = {}
    ids = np.array([order.setdefault(group, len(order)) for group in groups], dtype=np.int64)
    assigned = ids[collapsed.numbers] if len(ids) else ids
    templates = {
        number: template_text([plan.message_of(lines[at]) for at in samples])
        for number, samples in enumerate(_samples(collapsed, ids, assigned))
    }
    counts = np.bincount(assigned, minlength=len(order))
    return LogTemplates(
        tuple(assigned.tolist()), templates, {at: int(n) for at, n in enumerate(counts)}
    )


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


def _samples(
    collapsed: Collapsed, ids: NDArray[np.int64], assigned: NDArray[np.int64]
) -> list[list[int]]:
    """Some lines of each group, of as many different masked texts as there are.

    Of few texts more lines, evenly spread: equal masked texts still differ in what was masked.
    """
    samples: dict[int, set[int]] = defaultdict(set)
    for at, number in enumerate(ids.tolist()):
        if len(samples[number]) < _SAMPLED_LINES:
            samples[number] |= {int(collapsed.first[at]), int(collapsed.last[at])}
    places = np.argsort(assigned, kind="stable")
    ends = np.cumsum(np.bincount(assigned, minlength=len(samples))).tolist()
    for number, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
        if len(samples[number]) < _FEWEST_SAMPLED:
            spread = range(begin, end, max(1, (end - begin) // _FEWEST_SAMPLED))
            samples[number] |= {int(places[at]) for at in spread[:_FEWEST_SAMPLED]}
    return [sorted(samples[number]) for number in range(len(samples))]
