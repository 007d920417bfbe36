"""Reads a log so that a cut answer still tells of the whole window.

More lines than one search gives are common, and the first of them are the oldest: what began in
the middle of the window would be lost. Such a window is searched again in equal parts.
"""

from datetime import timedelta

from opspilot.domain.telemetry import LogLine, LogLines, LogQuery
from opspilot.domain.window import Window
from opspilot.errors import AwsError
from opspilot.ports.telemetry import Logs

_PARTS = 8


def read_evenly(logs: Logs, query: LogQuery) -> LogLines:
    """Matching lines; when there are too many, as many of each eighth of the window.

    A cut answer keeps `truncated`, says in `messages` how it was read, and in `covered_seconds`
    how much of the window its lines stand for.

    Raises:
        AwsError: Not even the first search could be made.
    """
    first = logs.search(query)
    if not first.truncated or first.status != "complete" or len(first.lines) < query.limit:
        return first
    parts = [_part(logs, query, window) for window in _windows(query.window)]
    read = [part for part in parts if part is not None]
    if not read:
        return first
    return _joined(query, first, read)


def _windows(window: Window) -> list[Window]:
    length = window.length / _PARTS
    edges = [window.start + length * index for index in range(_PARTS)] + [window.end]
    return [Window(start=edges[index], end=edges[index + 1]) for index in range(_PARTS)]


def _part(logs: Logs, query: LogQuery, window: Window) -> LogLines | None:
    """One part; None where it could not be read, which leaves a hole rather than nothing at all."""
    limit = max(1, query.limit // _PARTS)
    try:
        return logs.search(query.model_copy(update={"window": window, "limit": limit}))
    except AwsError:
        return None


def _joined(query: LogQuery, first: LogLines, parts: list[LogLines]) -> LogLines:
    lines: list[LogLine] = [line for part in parts for line in part.lines]
    cut = sum(part.truncated for part in parts)
    missing = _PARTS - len(parts)
    broken = any(part.status != "complete" for part in parts)
    said = f"read in {_PARTS} equal parts of at most {query.limit // _PARTS:,} lines, {cut} cut"
    return LogLines(
        query=query,
        lines=tuple(sorted(lines, key=lambda line: line.at)),
        status="partial" if missing or broken else "complete",
        truncated=True,
        searched_until=query.window.start,
        covered_seconds=sum((_covered(part) for part in parts), timedelta()).total_seconds(),
        messages=(said, *([f"{missing} parts could not be read"] if missing else [])),
        request_ids=(*first.request_ids, *(one for part in parts for one in part.request_ids)),
        bytes_scanned=round(scanned_bytes(first, *parts)),
    )


def scanned_bytes(*answers: LogLines) -> float:
    """Bytes scanned; where the API does not say, what came over (26 bytes of overhead a line).

    A joined answer has said it for all its searches, those included whose lines it dropped.
    """
    return float(
        sum(
            answer.bytes_scanned or sum(len(line.message) + 26 for line in answer.lines)
            for answer in answers
        )
    )


def _covered(part: LogLines) -> timedelta:
    end = part.searched_until if part.truncated and part.searched_until else part.query.window.end
    return end - part.query.window.start
