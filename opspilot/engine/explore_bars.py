"""Lines of a log over time as bars, and which of them count as errors and warnings.

A line counts as an error where it has the word error, fatal or critical in it, or Lambda's own
words of a time-out or a killed runtime; as a warning where it has warn or warning and is no error.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from opspilot.domain.window import Window

BAD = "error|fatal|critical|task timed out|signal: killed"
WARNED = "warn|warning"
_BAD_LINE = re.compile(rf"\b(?:{BAD})\b", re.IGNORECASE)
_WARNED_LINE = re.compile(rf"\b(?:{WARNED})\b", re.IGNORECASE)
_BINS = (10, 30, 60, 300, 900, 3_600, 10_800)
_MOST_BINS = 120


@dataclass(frozen=True)
class Bar:
    """Lines counted from `start` to `end`; `errors` and `warnings` are among `lines`."""

    start: datetime
    end: datetime
    lines: int
    errors: int = 0
    warnings: int = 0


def bin_seconds(span: Window) -> int:
    """The width of a bar that gives a chart at most some 120 of them."""
    length = span.length.total_seconds()
    return next((width for width in _BINS if length / width <= _MOST_BINS), _BINS[-1])


def tone_of(message: str) -> tuple[bool, bool]:
    """Whether a line counts as an error, and as a warning: the same rule as the query's."""
    bad = _BAD_LINE.search(message) is not None
    return bad, not bad and _WARNED_LINE.search(message) is not None


def edges(span: Window, width: int) -> list[Window]:
    """The bars of a span: from its start on, the last one as long as the span allows."""
    step = timedelta(seconds=width)
    starts = [span.start + step * index for index in range(ceil(span.length / step))]
    return [Window(start=start, end=min(start + step, span.end)) for start in starts]


def bars_of(rows: Sequence[Bar], span: Window, width: int) -> list[Bar]:
    """Narrower bars added up to those of a span; zero where there is none."""
    windows = edges(span, width)
    sums = [[0, 0, 0] for _ in windows]
    step = timedelta(seconds=width)
    for row in rows:
        place = sums[max(0, min(int((row.start - span.start) / step), len(windows) - 1))]
        for index, count in enumerate((row.lines, row.errors, row.warnings)):
            place[index] += count
    return [Bar(part.start, part.end, *counts) for part, counts in zip(windows, sums, strict=True)]
