"""Groups lines into templates: what varies is masked, equal masked lines are one template."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

WILDCARD = "<*>"

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_VARIABLE = re.compile(
    r"""
    \d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?   # a date with a time
    | \b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b           # a UUID
    | \barn:aws[\w-]*:[^\s"',)\]]+                                       # an ARN
    | \bhttps?://[^\s"',)\]]+                                            # an address
    | \b0x[0-9a-fA-F]+\b
    | \b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b                              # a hash, an id
    | \b\w*[A-Za-z]+[-_]?\d[\w-]*\b(?<![:.])                             # order-1234, i-0abc, req42
    | (?<![\w.])[-+]?\d+(?:[.,:]\d+)*                               # a number, a version, an IP
    """,
    re.VERBOSE,
)
_LONGEST = 400


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
    """Templates of these lines, numbered in order of first appearance."""
    ids: dict[str, int] = {}
    assignments = tuple(ids.setdefault(masked(line), len(ids)) for line in lines)
    return LogTemplates(
        assignments=assignments,
        templates={number: text for text, number in ids.items()},
        counts=dict(Counter(assignments)),
    )


def masked(line: str) -> str:
    """The line with its variables masked; only the beginning of a very long one counts."""
    text = _ANSI.sub("", line[: 4 * _LONGEST])
    return " ".join(_VARIABLE.sub(WILDCARD, text).split())[:_LONGEST]
