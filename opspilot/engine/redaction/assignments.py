r"""Secrets known by the name in front of them: `password=...`, `"api_key": "..."`, `--token ...`.

A name and its sign are found first and the value is read only behind a name that announces a
secret: a harmless value (`url=...`, `body={...}`) may hold a secret further inside.
"""

import re
from collections.abc import Iterator

from opspilot.engine.redaction.marker import MARKER, is_empty_or_reference
from opspilot.engine.redaction.names import STRONG, secret_kind
from opspilot.engine.redaction.shapes import Found

_NAME = r"(?P<name>[A-Za-z_][A-Za-z0-9_-]*+)"

_ASSIGNMENT = re.compile(
    rf"(?<![A-Za-z0-9_-])(?:--?)?{_NAME}"
    r"""\\{0,3}["'`]?[ \t]{0,4}(?P<sign>:=|=>|={1,3}|:|%3[AaDd])[ \t]{0,4}"""
)
_FLAG = re.compile(rf"(?<![\w-])--?{_NAME}(?P<sign>[ \t]{{1,4}})(?!-)")

# Quoted: up to the same quote, which may itself be escaped (JSON inside of JSON), or to the end of
# a line that was cut. Bare: up to a space, or to a separator that the next name follows.
_OPEN = re.compile(r"""\\{0,8}["'`]""")
_VALUE = re.compile(
    r"""
    (?P<open>\\{0,8}["'`])?
    (?P<secret>(?(open)
        (?:(?!(?P=open))(?:\\[^\n]|[^\n\\]))*+
      | (?:[^\s"'`,;&]|[,;&](?!\s|$|[\w.%-]{1,64}+[=:]))*+
    ))
    """,
    re.VERBOSE,
)
_OPENERS = re.compile(r"(?:(?!\[redacted:)[\[{(])*+")
_CLOSERS = ")]}>,;."


def assigned_secrets(text: str) -> Iterator[Found]:
    """Values behind a name that announces a secret."""
    yield from _behind(_ASSIGNMENT, text)


def flagged_secrets(text: str) -> Iterator[Found]:
    """Arguments of command line flags whose name announces a secret."""
    yield from _behind(_FLAG, text)


def _behind(expression: re.Pattern[str], text: str) -> Iterator[Found]:
    done = 0
    for match in expression.finditer(text):
        kind = secret_kind(match["name"])
        if not kind or match.start() < done or _in_arn(match, text):
            continue
        found = _value(text, match, kind)
        if found:
            yield found
            done = found[1]


def _in_arn(match: re.Match[str], text: str) -> bool:
    """Whether this is a part of arn:aws:secretsmanager:...:secret:NAME and the like."""
    return text[match.start() - 1 : match.start()] == ":" and match["sign"] == ":"


def _value(text: str, name: re.Match[str], kind: str) -> Found | None:
    quoted = _OPEN.match(text, name.end())
    if not quoted and _is_prose(kind, name["sign"]):
        return None
    match = _VALUE.match(text, name.end())
    if match is None or is_empty_or_reference(match["secret"]):
        return None
    start, end = match.span("secret")
    if not quoted:
        start, end = _without_brackets(text, start, end)
    if _is_harmless(text[start:end], kind):
        return None
    return start, end, kind


def _is_harmless(value: str, kind: str) -> bool:
    """Whether nothing has to go: no value, a count, or what is left of a connection string."""
    if kind not in STRONG and value.strip("-.,%").isdigit():
        return True
    left = kind == "connection-string" and MARKER.search(value) is not None
    return left or is_empty_or_reference(value)


def _is_prose(kind: str, sign: str) -> bool:
    """Whether a bare word is not taken for a value here.

    Headers are read whole elsewhere, the parts of a connection string have names of their own, and
    "PASS: TestCheckout" is a test's result.
    """
    return kind in ("authorization", "cookie", "connection-string") or (kind, sign) == ("pass", ":")


def _without_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the brackets and the punctuation around it; a marker keeps its own."""
    opened = _OPENERS.match(text, start, end)
    start = opened.end() if opened else start
    marked = MARKER.match(text, start, end)
    first = marked.end() if marked else start
    return start, first + len(text[first:end].rstrip(_CLOSERS))
