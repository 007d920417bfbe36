"""What a source answered, one setting a line; nested names are joined with a slash."""

from collections.abc import Iterator
from typing import cast

from opspilot.domain.model import Json

_EMPTY = "none"


def fields_of(snapshot: Json) -> list[tuple[str, str]]:
    """Names and values of nested data, in its own order.

    Parts of lists are counted from 1: "alarms 2 / query / metric". A list of plain values is one
    line, and what holds nothing says "none", since a field that is missing means something else.
    """
    return list(_fields("", snapshot))


def _fields(name: str, value: Json) -> Iterator[tuple[str, str]]:
    parts = _parts(value)
    if isinstance(value, dict) and value:
        for key, inner in cast("dict[str, Json]", value).items():
            yield from _fields(f"{name} / {_worded(key)}" if name else _worded(key), inner)
    elif any(isinstance(one, dict | list) for one in parts):
        for number, inner in enumerate(parts, start=1):
            yield from _fields(f"{name} {number}".lstrip(), inner)
    else:
        yield name or "answer", _plain(value)


def _parts(value: Json) -> list[Json]:
    return cast("list[Json]", value) if isinstance(value, list) else []


def _worded(key: str) -> str:
    # Keys of ours are words with underscores; an environment variable's name stays as it is.
    return key.replace("_", " ") if key.islower() else key


def _plain(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in _parts(value)) or _EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _EMPTY if value is None or value == {} or value == "" else str(value)
