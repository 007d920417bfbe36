"""The type of an error that a runtime has written into a function's log as text."""

import re

_ERROR_LINE = re.compile(r"\[ERROR\]\s+(?:\S+Z\s+\S+\s+)?(?P<type>[A-Za-z_][\w.$]*)")
_TYPED_LINES = (
    re.compile(
        r".{0,200}?\tERROR\t(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)\s"
        r".*?\"errorType\":\s*\"(?P<type>[A-Za-z_][\w.$]*)\"",
        re.DOTALL,
    ),
    re.compile(
        r"\[ERROR\]\s+(?P<type>[A-Za-z_][\w.]*): .*?[\r\n]\s*Traceback \(most recent", re.DOTALL
    ),
)
"""Lines in which the runtime itself names the type of an error, whatever that is called."""
_JAVA_ERROR = re.compile(
    r"(?:^|[\r\n])(?:Caused by: )?(?P<type>(?:[a-z_]\w*\.)+[A-Z][\w$]*)(?=:|[\r\n])"
)
"""Alone on its line or before its message, which Java's runtime writes once more before it."""
_JAVA_FRAME = re.compile(r"[\r\n][ \t]*at ")
_EXCEPTION_NAME = re.compile(r"(?:Error|Exception|Fault|Exit|Interrupt|ExitError|[a-z]\.[A-Z]\w+)$")


def error_type(message: str) -> str | None:
    """The type of the error that a runtime has written down, if it has."""
    if (found := _JAVA_ERROR.search(message)) and _JAVA_FRAME.search(message, found.end()):
        return found["type"]
    for typed in _TYPED_LINES:
        if found := typed.match(message):
            return found["type"]
    found = _ERROR_LINE.match(message)
    return found["type"] if found and _EXCEPTION_NAME.search(found["type"]) else None


__all__ = ["error_type"]
