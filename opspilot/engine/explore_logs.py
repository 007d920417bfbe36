"""Looks at one log over any window: volume, findings, changed patterns, raw lines and its tail.

Secrets are taken out here, before anything reaches a screen.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import cast

from opspilot.analysis import log_detail, log_sentence, mine_templates
from opspilot.analysis.report_lines import is_platform_line
from opspilot.domain.evidence import GapDetail, LogDetail
from opspilot.domain.telemetry import LogLine, LogLines, LogQuery
from opspilot.domain.window import Window
from opspilot.engine.reading import gap_detail
from opspilot.engine.redaction import redact_model, redact_text
from opspilot.errors import AwsCredentialsMissing, AwsError
from opspilot.ports.clock import Clock
from opspilot.ports.telemetry import Logs

MOST_LINES = 20_000
"""Read of each window to count and to compare."""

MOST_FOUND = 5_000
MOST_TAILED = 2_000
"""In one look at the tail."""

_BINS = (10, 30, 60, 300, 900, 3_600)
_MOST_BINS = 120
_SPARKS = 24
_LONGEST = 4_000
_LEVELS = r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL"
_LEVEL = re.compile(rf"(?<![\w-])({_LEVELS})(?![\w-])", re.IGNORECASE)
_LOOK_FOR_LEVEL = 200
_LONGEST_LEVEL = 12


@dataclass(frozen=True)
class Line:
    """One line as it may be shown.

    Attributes:
        level: As the line says it, in capitals; empty when it says none.
        text: Redacted, long lines cut.
    """

    at: datetime
    stream: str
    level: str
    text: str


@dataclass(frozen=True)
class FoundLines:
    """The answer to a search, oldest line first.

    Attributes:
        truncated: There is more than this; whole until `searched_until`.
        notes: What the source says of the answer.
        gap: Why there is none; None when it answered.
    """

    window: Window
    lines: tuple[Line, ...] = ()
    truncated: bool = False
    searched_until: datetime | None = None
    notes: tuple[str, ...] = ()
    gap: GapDetail | None = None


@dataclass(frozen=True)
class Pattern:
    """A changed pattern, as a row of the table.

    Attributes:
        per_minute: Lines a minute, before and in the window.
        trend: Lines per even share of the two windows together, for a sparkline.
    """

    pattern: str
    change: str
    counts: tuple[int, int]
    per_minute: tuple[float, float]
    p_value: float
    first_seen: datetime | None
    trend: tuple[int, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class LogView:
    """One log in the window and in as long a time before it.

    Attributes:
        span: What was read: the compared time and the window.
        bin_seconds: Width of a bar; `bars` are (start, lines), none beyond what is whole.
        truncated: Not every line could be read; then `notes` say how far it goes.
    """

    group: str
    span: Window
    sentence: str = ""
    detail: LogDetail | None = None
    patterns: tuple[Pattern, ...] = ()
    bin_seconds: int = 60
    bars: tuple[tuple[datetime, int], ...] = ()
    truncated: bool = False
    notes: tuple[str, ...] = ()
    gap: GapDetail | None = None


@dataclass(frozen=True)
class LogExplorer:
    """Reads logs."""

    logs: Logs
    clock: Clock

    def view(self, group: str, window: Window, baseline: Window) -> LogView:
        """The log of the window against as long a time at the end of the baseline.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        before = baseline if baseline.length <= window.length else _last(baseline, window.length)
        span = before.joined(window)
        try:
            now, then = (
                self.logs.search(LogQuery(log_group=group, window=part, limit=MOST_LINES))
                for part in (window, before)
            )
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            return LogView(group, span, gap=gap_detail(error))
        detail, _ = log_detail(then, now)
        seconds = bin_seconds(span)
        return LogView(
            group=group,
            span=span,
            sentence=redact_text(log_sentence(group.rsplit("/", 1)[-1], detail)),
            detail=redact_model(detail),
            patterns=_patterns(then, now, detail),
            bin_seconds=seconds,
            bars=_bars([*then.lines, *now.lines], (then, now), span, seconds),
            truncated=now.truncated or then.truncated,
            notes=tuple(_cut(one) for one in (then, now) if one.truncated),
        )

    def find(self, group: str, window: Window, pattern: str, limit: int) -> FoundLines:
        """Lines that match a filter pattern; every line for an empty one.

        Args:
            group: Full name of the log group.
            window: Where to search.
            pattern: A CloudWatch Logs filter pattern; `filter_of` makes one of plain text.
            limit: At most so many lines.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        asked = LogQuery(
            log_group=group, window=window, pattern=pattern, limit=min(limit, MOST_FOUND)
        )
        try:
            answer = self.logs.search(asked)
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            return FoundLines(window, gap=gap_detail(error))
        return FoundLines(
            window=window,
            lines=tuple(map(_shown, answer.lines)),
            truncated=answer.truncated,
            searched_until=answer.searched_until,
            notes=answer.messages,
        )

    def tail(self, group: str, since: datetime, pattern: str = "") -> FoundLines:
        """Everything logged since then, as far as it has arrived."""
        until = max(self.clock.account_now(), since) + timedelta(seconds=1)
        return self.find(group, Window(start=since, end=until), pattern, MOST_TAILED)


def filter_of(text: str) -> str:
    """A filter pattern that finds lines with exactly this text in them; empty for none."""
    kept = text.strip()
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"' if kept else ""


def level_of(message: str) -> str:
    """The level that a line names near its start, in capitals; empty when it names none."""
    if message.startswith("{"):
        try:
            fields: object = json.loads(message)
        except ValueError:
            fields = None
        if isinstance(fields, dict):
            named = cast("dict[str, object]", fields)
            return str(named.get("level") or named.get("severity") or "").upper()[:_LONGEST_LEVEL]
    found = _LEVEL.search(message[:_LOOK_FOR_LEVEL])
    return found[1].upper() if found else ""


def bin_seconds(span: Window) -> int:
    """The width of a bar that gives a chart at most some 120 of them."""
    length = span.length.total_seconds()
    return next((width for width in _BINS if length / width <= _MOST_BINS), _BINS[-1])


def _shown(line: LogLine) -> Line:
    text = redact_text(line.message.rstrip("\n"))
    return Line(line.at, line.stream, level_of(line.message), text[:_LONGEST])


def _last(window: Window, length: timedelta) -> Window:
    return Window(start=window.end - length, end=window.end)


def _cut(answer: LogLines) -> str:
    """How far an answer goes that is not whole."""
    until = f"{answer.searched_until:%H:%M:%S} UTC" if answer.searched_until else "an unknown time"
    part = answer.query.window
    return (
        f"Of {part.start:%H:%M} to {part.end:%H:%M} UTC only the first {len(answer.lines):,} lines "
        f"were read, up to {until}."
    )


def _bars(
    lines: Sequence[LogLine], answers: Sequence[LogLines], span: Window, width: int
) -> tuple[tuple[datetime, int], ...]:
    """Lines per bin, zero where nothing was logged; no bin where the answer is not whole."""
    step = timedelta(seconds=width)
    counts = [0] * ceil(span.length / step)
    for line in lines:
        if span.contains(line.at):
            counts[int((line.at - span.start) / step)] += 1
    starts = [span.start + step * index for index in range(len(counts))]
    missing = [
        Window(start=one.searched_until, end=one.query.window.end)
        for one in answers
        if one.truncated and one.searched_until and one.searched_until < one.query.window.end
    ]
    return tuple(
        (start, count)
        for start, count in zip(starts, counts, strict=True)
        if not any(gap.contains(start + step / 2) for gap in missing)
    )


def _patterns(then: LogLines, now: LogLines, detail: LogDetail) -> tuple[Pattern, ...]:
    trends = _trends(then, now, {one.pattern for one in detail.patterns})
    minutes = [_minutes(one) for one in (then, now)]
    return tuple(
        Pattern(
            pattern=redact_text(one.pattern),
            change=one.change,
            counts=(one.baseline_count, one.incident_count),
            per_minute=(one.baseline_count / minutes[0], one.incident_count / minutes[1]),
            p_value=one.p_value,
            first_seen=one.first_seen,
            trend=trends.get(one.pattern, ()),
            examples=tuple(map(redact_text, one.examples)),
        )
        for one in detail.patterns
    )


def _minutes(answer: LogLines) -> float:
    end = answer.searched_until or answer.query.window.end
    return max((end - answer.query.window.start).total_seconds() / 60, 1 / 60)


def _trends(then: LogLines, now: LogLines, wanted: set[str]) -> dict[str, tuple[int, ...]]:
    """For each pattern its lines over the two windows, in even shares of the time."""
    if not wanted:
        return {}
    lines = [
        line for one in (then, now) for line in one.lines if not is_platform_line(line.message)
    ]
    mined = mine_templates([line.message for line in lines])
    start, end = then.query.window.start, now.query.window.end
    share = (end - start) / _SPARKS
    named = {number: text for number, text in mined.templates.items() if text in wanted}
    trends = {text: [0] * _SPARKS for text in named.values()}
    for line, number in zip(lines, mined.assignments, strict=True):
        if number in named:
            place = min(int((line.at - start) / share), _SPARKS - 1)
            trends[named[number]][place] += 1
    return {text: tuple(counts) for text, counts in trends.items()}
