"""Raw lines of a log, page by page: each page says from where the next one goes on.

Secrets are taken out here, before anything reaches a screen.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from opspilot.domain.evidence import GapDetail
from opspilot.domain.telemetry import LogLine, LogLines, LogQuery
from opspilot.domain.window import Window
from opspilot.engine.reading import gap_detail
from opspilot.engine.redaction import redact_text
from opspilot.errors import AwsCredentialsMissing, AwsError
from opspilot.ports.telemetry import Logs

MOST_FOUND = 10_000
"""In one page."""
MOST_COLLECTED = 50_000
"""In one file."""

_SHARES_OF_REST = (8, 64)
_LONGEST = 4_000
_LEVELS = r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL"
_LEVEL = re.compile(rf"(?<![\w-])({_LEVELS})(?![\w-])", re.IGNORECASE)
_LOOK_FOR_LEVEL = 200
_LONGEST_LEVEL = 12
_INSTANT = timedelta(milliseconds=1)


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
    """One page of the answer to a search, oldest line first.

    Attributes:
        window: What the page was asked for: from its first moment to the end of the search.
        truncated: There is more after this page; every line before `searched_until` is in it.
        goes_on: Where the next page begins; None after the last one, or when no page can.
        notes: What the source says of the answer.
        gap: Why there is none; None when it answered.
    """

    window: Window
    lines: tuple[Line, ...] = ()
    truncated: bool = False
    searched_until: datetime | None = None
    goes_on: datetime | None = None
    notes: tuple[str, ...] = ()
    gap: GapDetail | None = None


@dataclass(frozen=True)
class LineFinder:
    """Searches a log."""

    logs: Logs

    def find(self, group: str, window: Window, pattern: str, limit: int) -> FoundLines:
        """The first page of lines that match a filter pattern; every line for an empty one.

        Args:
            group: Full name of the log group.
            window: Where to search; a later page is a window that begins where it goes on.
            pattern: A CloudWatch Logs filter pattern; `filter_of` makes one of plain text.
            limit: At most so many lines.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        most = min(limit, MOST_FOUND)
        # One more than the page holds: the next page begins at its moment.
        asked = LogQuery(log_group=group, window=window, pattern=pattern, limit=most + 1)
        try:
            return self._page(asked, most)
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            return FoundLines(window, gap=gap_detail(error))

    def collect(self, group: str, window: Window, pattern: str, most: int) -> FoundLines:
        """All pages together, up to about `most` lines.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        lines: list[Line] = []
        page = self.find(group, window, pattern, MOST_FOUND)
        while True:
            lines += page.lines
            if page.gap or page.goes_on is None or len(lines) >= min(most, MOST_COLLECTED):
                break
            rest = Window(start=page.goes_on, end=window.end)
            page = self.find(group, rest, pattern, MOST_FOUND)
        return FoundLines(
            window, tuple(lines), page.truncated, page.searched_until, page.goes_on, page.notes,
            page.gap,
        )  # fmt: skip

    def _page(self, asked: LogQuery, most: int) -> FoundLines:
        answer = self.logs.search(asked)
        for share in _SHARES_OF_REST:
            if not answer.truncated or _goes_on(answer, asked.window, most):
                break
            # The time did not even do for the first line: look less far, so that it goes on.
            part = Window(
                start=asked.window.start, end=asked.window.start + asked.window.length / share
            )
            answer = self.logs.search(asked.model_copy(update={"window": part}))
        return _found(answer, asked.window, most)


def filter_of(text: str) -> str:
    """A filter pattern that finds lines with exactly this text in them; empty for none."""
    kept = text.strip()
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"' if kept else ""


def level_of(message: str) -> str:
    """The level that a line names near its start, in capitals; empty when it names none."""
    if message.startswith("{"):
        try:
            fields: object = json.loads(message)
        except (ValueError, RecursionError):
            fields = None
        if isinstance(fields, dict):
            named = cast("dict[str, object]", fields)
            return str(named.get("level") or named.get("severity") or "").upper()[:_LONGEST_LEVEL]
    found = _LEVEL.search(message[:_LOOK_FOR_LEVEL])
    return found[1].upper() if found else ""


def _goes_on(answer: LogLines, window: Window, most: int) -> datetime | None:
    """Where the next page begins: the first moment of which this page lacks lines, if any."""
    ordered = not answer.truncated or _ordered(answer)
    if len(answer.lines) > most and ordered:
        beyond = answer.lines[most].at
        return beyond if beyond > answer.lines[0].at else beyond + _INSTANT
    until = answer.searched_until if answer.truncated else answer.query.window.end
    if until is None or not ordered or until >= window.end:
        return None
    return until


def _ordered(answer: LogLines) -> bool:
    """Whether a cut answer is whole up to some moment: oldest lines came first."""
    until, start = answer.searched_until, answer.query.window.start
    return until is not None and (until > start or _at_its_start(answer, start))


def _at_its_start(answer: LogLines, start: datetime) -> bool:
    """Whether an answer is full of lines of its very first moment."""
    full = len(answer.lines) >= answer.query.limit
    return full and all(line.at == start for line in answer.lines)


def _found(answer: LogLines, window: Window, most: int) -> FoundLines:
    onward = _goes_on(answer, window, most)
    # A moment that the page cannot hold whole belongs to the next one.
    kept = [line for line in answer.lines if onward is None or line.at < onward][:most]
    return FoundLines(
        window=window,
        lines=tuple(map(_shown, kept)),
        truncated=answer.truncated or onward is not None,
        searched_until=onward or answer.searched_until,
        goes_on=onward,
        notes=answer.messages,
    )


def _shown(line: LogLine) -> Line:
    text = redact_text(line.message.rstrip("\n"))
    return Line(line.at, line.stream, level_of(line.message), text[:_LONGEST])


__all__ = ["MOST_COLLECTED", "MOST_FOUND", "FoundLines", "Line", "LineFinder", "filter_of"]
