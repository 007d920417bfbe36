"""Which stack an error came with, as a short name that stays the same from release to release."""

import hashlib
import re
from collections.abc import Iterable

_MOST_FRAMES = 20
_SHOWN = 8
_PYTHON = re.compile(r'^\s*File "(?P<file>[^"]+)", line \d+, in (?P<name>\S+)', re.MULTILINE)
_AT = re.compile(
    r"^\s*at (?:async )?(?:(?P<name>[^\s(]+) ?\((?P<file>[^)]*)\)|(?P<place>\S+))", re.MULTILINE
)
_POSITION = re.compile(r"(?::\d+)+$")


def stack_fingerprint(text: str) -> str | None:
    """A name for the frames in a text: files and functions, without line numbers and folders.

    Args:
        text: A traceback of Python, or a stack of Java, .NET or Node, one frame a line.

    Returns:
        Eight hexadecimal digits; None when the text holds no frame.
    """
    frames = [_frame(one["file"], one["name"]) for one in _PYTHON.finditer(text)] or [
        _frame(one["file"] or one["place"] or "", one["name"] or "") for one in _AT.finditer(text)
    ]
    return _named(frames) if frames else None


def _frame(file: str, name: str) -> str:
    place = _POSITION.sub("", file.strip())
    return f"{re.split(r'[/]', place)[-1]}:{name}"


def _named(frames: Iterable[str]) -> str:
    kept = list(frames)[-_MOST_FRAMES:]
    return hashlib.sha256("\n".join(kept).encode("utf-8", "surrogatepass")).hexdigest()[:_SHOWN]
