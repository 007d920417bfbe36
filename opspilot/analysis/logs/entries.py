"""What one entry of a log says: a JSON record's message, an exception without its stack frames.

An entry may be a line, a JSON record, or several lines in one (a traceback). What is told here is
text for mining only; examples stay as they came.
"""

import json
import re
from collections.abc import Mapping
from typing import cast

from opspilot.analysis.logs.masking import plain

_MESSAGES = ("message", "msg", "@message", "log", "event", "errorMessage", "error", "text", "body")
_TYPES = ("errorType", "error_type", "exception", "exc_type")
_BYTE_ORDER_MARK = "\ufeff"
"""What a file may begin with, and so the first of its lines."""
_LONGEST_RECORD = 100_000
_MOST_LINES = 8
_MOST_KEYS = 40
_FRAME = re.compile(
    r"\s|at \S+\(|File \"|\.\.\. \d+ (?:more|common)|goroutine \d+|created by |\S+\.go:\d+|$"
)
"""How the lines of a stack begin: indented, or as Java, Python and Go write their frames."""


def entry_text(entry: str) -> str:
    """The text to mine of an entry: one line, not too long, without colours and byte order mark."""
    entry = entry.removeprefix(_BYTE_ORDER_MARK)
    if entry[:1] in "{ \t" and entry.lstrip()[:1] == "{":
        said = record_text(entry)
        if said is not None:
            return entry_text(said) if said[:1] != "{" else plain(said)
    if "\n" in entry or "\r" in entry:
        return plain(_without_frames(entry))
    return plain(entry)


def record_text(text: str) -> str | None:
    """What a JSON object says: its message, else its keys in order with their values.

    Returns:
        None when the text is no JSON object.
    """
    if len(text) > _LONGEST_RECORD or not text.rstrip().endswith("}"):
        return None
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _said(cast("Mapping[str, object]", parsed)) if isinstance(parsed, dict) else None


def _said(record: Mapping[str, object]) -> str:
    for key in _MESSAGES:
        value = record.get(key)
        if isinstance(value, str) and value.strip():
            kinds = [record[name] for name in _TYPES if isinstance(record.get(name), str)]
            return " ".join([*(f"{kind}:" for kind in kinds[:1]), value])
    return " ".join(_pairs(record, ""))


def _pairs(record: Mapping[str, object], prefix: str) -> list[str]:
    pairs: list[str] = []
    for key in sorted(record)[:_MOST_KEYS]:
        value = record[key]
        if isinstance(value, dict) and not prefix:
            pairs.extend(_pairs(cast("Mapping[str, object]", value), f"{key}."))
        elif isinstance(value, str | int | float | bool | None):
            pairs.append(f"{prefix}{key}={json.dumps(value, ensure_ascii=False)}")
        else:
            pairs.append(f"{prefix}{key}=[]")
    return pairs


def _without_frames(entry: str) -> str:
    """The lines that say what happened: the first, and those that are no frame of a stack."""
    first, *rest = entry.splitlines() or [""]
    told = [line.strip() for line in rest if not _FRAME.match(line)]
    return " ".join([first, *told[:_MOST_LINES], *told[_MOST_LINES:][-1:]])
