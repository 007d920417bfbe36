"""Changed patterns of a log as rows of a table, with rates weighted by the volume of each slice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.analysis import mine_templates
from opspilot.analysis.report_lines import is_platform_line
from opspilot.domain.evidence import LogDetail
from opspilot.engine.explore_sample import SLICES, Sample
from opspilot.engine.redaction import redact_text

_SHARES = 12
"""Of each window that was read whole; otherwise a trend has a value a slice."""


@dataclass(frozen=True)
class Pattern:
    """A changed pattern, as a row of the table.

    Attributes:
        counts: Lines that were read, before and in the window: what the test rests on.
        per_minute: Lines a minute in both, each line read weighted by those it stands for.
        trend: Lines per even share of the time before and of the window, for a sparkline.
    """

    pattern: str
    change: str
    counts: tuple[int, int]
    per_minute: tuple[float, float]
    p_value: float
    first_seen: datetime | None
    trend: tuple[int, ...]
    examples: tuple[str, ...]


@dataclass
class _Spread:
    """Lines of one pattern: of both windows, and over their shares."""

    sums: tuple[list[float], list[float]]

    @property
    def totals(self) -> tuple[float, float]:
        return sum(self.sums[0]), sum(self.sums[1])

    @property
    def trend(self) -> tuple[int, ...]:
        return tuple(round(value) for part in self.sums for value in part)


def changed_patterns(before: Sample, now: Sample, detail: LogDetail) -> tuple[Pattern, ...]:
    """The patterns that a comparison of two samples found, in its order."""
    wanted = {one.pattern for one in detail.patterns}
    spreads = _spreads((before, now), wanted) if wanted else {}
    minutes = [one.window.length / timedelta(minutes=1) for one in (before, now)]
    rows: list[Pattern] = []
    for one in detail.patterns:
        spread = spreads.get(one.pattern)
        totals = spread.totals if spread else (one.baseline_count, one.incident_count)
        rows.append(
            Pattern(
                pattern=redact_text(one.pattern),
                change=one.change,
                counts=(one.baseline_count, one.incident_count),
                per_minute=(totals[0] / minutes[0], totals[1] / minutes[1]),
                p_value=one.p_value,
                first_seen=one.first_seen,
                trend=spread.trend if spread else (),
                examples=tuple(map(redact_text, one.examples)),
            )
        )
    return tuple(rows)


def _spreads(samples: tuple[Sample, Sample], wanted: set[str]) -> dict[str, _Spread]:
    """For each pattern its weighted lines; mined as the comparison mines them, so texts agree."""
    rows = [
        (side, line, weight)
        for side, one in enumerate(samples)
        for line, weight in zip(one.answer.lines, one.weights, strict=True)
        if not is_platform_line(line.message)
    ]
    mined = mine_templates([line.message for _, line, _ in rows])
    shares = _SHARES if all(one.whole for one in samples) else SLICES
    named = {number: text for number, text in mined.templates.items() if text in wanted}
    found = {text: _Spread(([0.0] * shares, [0.0] * shares)) for text in named.values()}
    for (side, line, weight), number in zip(rows, mined.assignments, strict=True):
        if number in named:
            window = samples[side].window
            place = min(int((line.at - window.start) / window.length * shares), shares - 1)
            found[named[number]].sums[side][place] += weight
    return found


__all__ = ["Pattern", "changed_patterns"]
