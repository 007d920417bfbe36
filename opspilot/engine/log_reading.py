"""Reads a log so that a cut answer still tells of the whole window.

More lines than one search gives are common, and the first of them are the oldest: what began in
the middle of the window would be lost. Such a window is searched again in equal parts, far ones
first, so that what there was time for tells of the whole window too.
"""

from collections.abc import Callable
from datetime import timedelta

from opspilot.domain.telemetry import LogLine, LogLines, LogQuery
from opspilot.domain.window import Window
from opspilot.errors import AwsError
from opspilot.ports.telemetry import Logs

_PARTS = 8
_FAR_FIRST = (0, 4, 2, 6, 1, 5, 3, 7)


def never() -> bool:
    """There is time for everything."""
    return False


def read_evenly(logs: Logs, query: LogQuery, enough: Callable[[], bool] = never) -> LogLines:
    """Matching lines; when there are too many, as many of each eighth of the window.

    A cut answer keeps `truncated`, says in `messages` how it was read, and in `covered_seconds`
    how much of the window its lines stand for.

    Args:
        logs: Where to search.
        query: What for.
        enough: Looked at before each part: whether the reading should end with what there is.

    Raises:
        AwsError: Not even the first search could be made.
    """
    first = logs.search(query)
    if not first.truncated or first.status != "complete" or len(first.lines) < query.limit:
        return first
    tried = _tried(logs, query, enough)
    read = [part for part in tried if part is not None]
    if not read:
        return first
    return _joined(query, first, read, len(tried))


def _tried(logs: Logs, query: LogQuery, enough: Callable[[], bool]) -> list[LogLines | None]:
    tried: list[LogLines | None] = []
    windows = _windows(query.window)
    for index in _FAR_FIRST:
        if enough():
            break
        tried.append(_part(logs, query, windows[index]))
    return tried


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


def _joined(query: LogQuery, first: LogLines, parts: list[LogLines], tried: int) -> LogLines:
    lines: list[LogLine] = [line for part in parts for line in part.lines]
    cut = sum(part.truncated for part in parts)
    missing, left = tried - len(parts), _PARTS - tried
    notes = [f"{missing} parts could not be read"] if missing else []
    notes += [f"{left} parts were not read, as reading had to end"] if left else []
    broken = any(part.status != "complete" for part in parts)
    said = f"read in {_PARTS} equal parts of at most {query.limit // _PARTS:,} lines, {cut} cut"
    return LogLines(
        query=query,
        lines=tuple(sorted(lines, key=lambda line: line.at)),
        status="partial" if notes or broken else "complete",
        truncated=True,
        searched_until=query.window.start,
        covered_seconds=sum((_covered(part) for part in parts), timedelta()).total_seconds(),
        messages=(said, *notes),
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
