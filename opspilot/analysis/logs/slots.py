"""Which values the variables of a template took, and how often."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from opspilot.analysis.logs.masking import WILDCARD, plain

_MOST_LINES = 1_000
_MOST_VALUES = 5
_MOST_SLOTS = 12


@dataclass(frozen=True, slots=True)
class SlotValues:
    """One variable of a template.

    Attributes:
        position: Number of the `<*>` in the template, from 0.
        top: Its most frequent values with their numbers of lines.
        distinct: Number of different values among the lines looked at.
    """

    position: int
    top: tuple[tuple[str, int], ...]
    distinct: int


def slot_values(template: str, lines: Sequence[str]) -> tuple[SlotValues, ...]:
    """The values of each variable, from at most 1,000 lines spread evenly over these.

    Lines that the template's text does not fit as it stands (a variable number of words) are
    passed over.
    """
    if WILDCARD not in template or template.count(WILDCARD) > _MOST_SLOTS:
        return ()
    step = max(1, len(lines) // _MOST_LINES)
    pattern = _expression(template)
    seen: list[tuple[str, ...]] = [
        found.groups() for line in lines[::step] if (found := pattern.search(plain(line)))
    ]
    columns = [Counter(values[at] for values in seen) for at in range(len(seen[0]) if seen else 0)]
    return tuple(
        SlotValues(at, tuple(counts.most_common(_MOST_VALUES)), len(counts))
        for at, counts in enumerate(columns)
    )


def _expression(template: str) -> re.Pattern[str]:
    """A template as an expression: blanks stand for any blanks, variables for what is shortest."""
    parts = [
        r"\s+".join(re.escape(word) for word in re.split(r"\s+", text))
        for text in template.split(WILDCARD)
    ]
    return re.compile(r"(\S{1,200}?)".join(parts) + r"(?:\s|$)")
